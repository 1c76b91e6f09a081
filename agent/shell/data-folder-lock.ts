/**
 * One daemon a data folder: two would undo each other's work. The lock is one that SQLite takes on a file which nobody
 * else opens, so the system takes it back when the process ends, however it ends, and nothing is left to clean up.
 */
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DamagedFile } from './damaged-file.ts'

/** SQLite's code for a lock that somebody else holds. */
const BUSY = 5

const IF_DAMAGED = 'Remove it, when no other agent or controller runs on its folder, and start again: it holds nothing.'

/** For as long as the process lives: one that is collected as garbage gives its lock back. */
const held: DatabaseSync[] = []

/** Throws a sentence, at once, when another daemon runs on the folder. */
export function lockDataFolder(folder: string): void {
  const file = path.join(folder, 'lock')
  closeSync(openSync(file, 'a', 0o600))
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    // Nothing is ever written, so there is nothing to take back either, and no second file.
    lock.exec('pragma journal_mode = memory; begin immediate')
  } catch (error) {
    lock.close()
    if (!(error instanceof Error && 'errcode' in error)) throw error
    if (error.errcode !== BUSY) throw new DamagedFile({ file, what: 'is no lock', advice: IF_DAMAGED }, error)
    throw new Error(
      `another agent or controller is running on the data folder ${folder}. Stop it first, or give this one a folder of its own with --data.`,
      { cause: error },
    )
  }
  held.push(lock)
}

/** Where SQLite locks a file that is about to be written (sqlite.org, "File Format", "The Lock-Byte Page"). */
const RESERVED_BYTE = 0x40000000 + 1

/**
 * Whether a daemon runs on the folder, without taking the lock, which would keep one from starting. What cannot be found
 * out, where the system lists no locks, is false.
 */
export function isLocked(folder: string): boolean {
  const stats = statSync(path.join(folder, 'lock'), { throwIfNoEntry: false })
  if (stats === undefined || process.platform !== 'linux') return false
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .some(([, , , kind, , file, from]) => {
      return kind === 'WRITE' && file?.endsWith(`:${stats.ino}`) === true && from === String(RESERVED_BYTE)
    })
}
