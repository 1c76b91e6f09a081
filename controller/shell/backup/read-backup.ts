/**
 * Reads a backup from its beginning to its end and puts what is in it where the caller says. All of it is compared to what
 * its first entry says: whatever is missing, too much, cut or changed ends the reading with a sentence. It proves that the
 * backup is whole, not who made it: what is signed in the database is judged when a controller starts with it.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { type Extract, type ExtractEvents, extract } from 'tar-stream'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { jsonIn } from '../../../protocol/json-in.ts'
import {
  BackupContents,
  BackupError,
  CONTENTS_NAME,
  copyName,
  DATABASE_NAME,
  MAX_CONTENTS_BYTES,
} from './backup-contents.ts'

type Archive = Extract<ExtractEvents>
type Entry = ExtractEvents['entry'][1]

export type Taking = {
  /** Where this entry goes; null for one that is only read. */
  placeOf(name: string, contents: BackupContents): string | null
  progress(bytes: number): void
}

/** The bytes that are read of the file are those that are told; throws a BackupError where it is not a whole backup. */
export async function readBackup(file: string, taking: Taking): Promise<BackupContents> {
  const archive = extract()
  const source = createReadStream(file)
  let told = 0
  source.on('data', (chunk) => taking.progress((told += chunk.length)))
  const taken = takeEntries(archive, file, taking).catch((error: Error) => {
    source.destroy(error)
    throw error
  })
  const [unpacked, contents] = await Promise.allSettled([pipeline(source, createZstdDecompress(), archive), taken])
  // What was found wrong in an entry says more than that nobody reads on because of it.
  if (contents.status === 'rejected') throw inWords(file, contents.reason)
  if (unpacked.status === 'rejected') throw inWords(file, unpacked.reason)
  return contents.value
}

async function takeEntries(archive: Archive, file: string, taking: Taking): Promise<BackupContents> {
  let contents: BackupContents | null = null
  let missing: { name: string; bytes: number; sha256: Sha256 }[] = []
  for await (const entry of archive) {
    const { name, size } = entry.header
    if (contents === null) {
      contents = await readContents(entry, file)
      missing = [
        { name: DATABASE_NAME, ...contents.database },
        ...contents.copies.map(({ sha256, bytes }) => ({ name: copyName(sha256), bytes, sha256 })),
      ]
      continue
    }
    const [expected] = missing.splice(0, 1)
    if (expected === undefined || expected.name !== name || expected.bytes !== size)
      throw new BackupError(damaged(file, `${name} was not expected`))
    const found = await take(entry, taking.placeOf(name, contents))
    if (found !== expected.sha256) throw new BackupError(damaged(file, `${name} has not the digest that it must have`))
  }
  if (contents === null) throw new BackupError(isNone(file))
  const [first] = missing
  if (first !== undefined) throw new BackupError(damaged(file, `${first.name} is missing`))
  return contents
}

async function readContents(entry: Entry, file: string): Promise<BackupContents> {
  const { name, size } = entry.header
  if (name !== CONTENTS_NAME || size > MAX_CONTENTS_BYTES) throw new BackupError(isNone(file))
  const words = await text(entry as unknown as NodeJS.ReadableStream)
  const contents = BackupContents.safeParse(jsonIn(words))
  if (contents.success) return contents.data
  throw new BackupError(
    `${file} is a backup that this release cannot read: take the release that made it, or a later one`,
  )
}

async function take(entry: Entry, place: string | null): Promise<string> {
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, place === null ? undefined : chunk)
    },
  })
  const from = entry as unknown as NodeJS.ReadableStream
  if (place === null) await pipeline(from, hashing.resume())
  else await pipeline(from, hashing, createWriteStream(place, { flags: 'wx', mode: 0o600, flush: true }))
  return hash.digest('hex')
}

function inWords(file: string, error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code.startsWith('ZSTD_') || code === 'Z_BUF_ERROR' || error.message === 'Unexpected end of data')
    return new BackupError(damaged(file, 'it is cut, or is not packed with Zstandard'), { cause: error })
  if (error.message.startsWith('Invalid tar header')) return new BackupError(isNone(file), { cause: error })
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
    return new BackupError(`${file} cannot be read (${code}): check the path`, { cause: error })
  return error
}

function damaged(file: string, why: string): string {
  return `${file} is damaged: ${why}. Take another backup`
}

function isNone(file: string): string {
  return `${file} is no backup of a Service Center: name a file that patchmesh backup wrote with --out`
}
