/**
 * What a disk, a crash or a hand does to a file: each is one change of what lies there, by which a test or a drawn world
 * damages the data folder of a daemon that does not run.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const PAGE_BYTES = 4096

/** The byte at `offset`, counted from the end where it is negative. */
export function flipByte(file: string, offset: number): void {
  const bytes = readFileSync(file)
  const at = offset < 0 ? bytes.byteLength + offset : offset
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Uint8Array.of((bytes[at] ?? 0) ^ 0x10), 0, 1, at)
  closeSync(descriptor)
}

/** All pages but the first, which says that it is a database, as a disk gives back that has lost them. */
export function fillPages(file: string): void {
  const descriptor = openSync(file, 'r+')
  const garbage = Buffer.alloc(PAGE_BYTES, 'no page of a database ')
  for (let at = PAGE_BYTES; at < statSync(file).size; at += PAGE_BYTES)
    writeSync(descriptor, garbage, 0, PAGE_BYTES, at)
  closeSync(descriptor)
}

/** To `bytes`, or so many less where that is negative. */
export function cut(file: string, bytes: number): void {
  const descriptor = openSync(file, 'r+')
  ftruncateSync(descriptor, bytes < 0 ? Math.max(0, statSync(file).size + bytes) : bytes)
  closeSync(descriptor)
}

export function empty(file: string): void {
  cut(file, 0)
}

export function fillWithText(file: string): void {
  writeFileSync(file, 'something else, and long enough to be looked at. '.repeat(400))
}

/** A whole database that no daemon has made, with nothing beside it. */
export function replaceByOtherDatabase(file: string): void {
  for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true })
  const other = new DatabaseSync(file)
  other.exec('create table shopping (what text); insert into shopping values (1)')
  other.close()
}
