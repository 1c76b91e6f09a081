/**
 * The one way to open an SQLite file that a daemon keeps: what has been committed is on the disk (write-ahead log,
 * `synchronous=FULL`), and whatever SQLite says of the file becomes sentences that name it, what is wrong and what to do.
 */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isNoSpace } from './disk-space.ts'

const BUSY_TIMEOUT_MS = 5_000
/** SQLite's primary result codes (sqlite.org, "Result and Error Codes"). */
const INPUT_OR_OUTPUT = 10
const FULL = 13
const DAMAGED = 11
const NOT_A_DATABASE = 26

/** The least that it asks of the disk to open a database: its `-shm`, and one page. */
const SHARED_MEMORY_BYTES = 64 * 1024

/** A number that JavaScript cannot hold; no release has ever written one. */
const UNREADABLE = 'somebody else has changed it'

export type SqliteFile = {
  readonly path: string
  /** How sentences begin: `The database`. */
  readonly name: string
  readonly daemon: 'controller' | 'agent'
  /** What to do when it is damaged, as a sentence. */
  readonly ifDamaged: string
}

/**
 * `table` is one that each such database has; a file that has tables and not this one is refused, untouched. With `check`
 * every page is read first. A `quick_check` does not compare indexes to their tables: it takes under a second for a million
 * rows, an `integrity_check` seven.
 */
export function openSqliteFile(
  file: SqliteFile,
  { table, check }: { table: string; check: 'quick_check' | 'integrity_check' | null },
): DatabaseSync {
  return inWords(file, () => {
    const database = new DatabaseSync(file.path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
    try {
      if (check !== null) proveWhole(file, database, check)
      refuseForeign(file, database, table)
      database.exec('pragma journal_mode = wal')
      database.exec('pragma synchronous = full')
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

function proveWhole(file: SqliteFile, database: DatabaseSync, check: string): void {
  const [found] = database.prepare(`pragma ${check}(1)`).all()
  const word = String(found?.[check] ?? 'no answer')
  // What SQLite says of a page may take several lines.
  if (word !== 'ok') throw new Error(sentence(file, `it is damaged (${word.replaceAll(/\s+/g, ' ')})`))
}

function refuseForeign(file: SqliteFile, database: DatabaseSync, table: string): void {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
  if (tables.length > 0 && !tables.some(({ name }) => name === table))
    throw new Error(sentence(file, 'it is a database of something else'))
}

/** Turns an error of SQLite into a sentence that names the file and says what to do. */
export function inWords<Result>(file: SqliteFile, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    const code = isOutOfRoom(file, error) ? FULL : sqliteCode(error)
    const what = error instanceof RangeError ? UNREADABLE : whatIsWrong(file, code)
    if (what === null) throw error
    const message = needsRepair(error) ? sentence(file, what) : `${file.name} ${file.path} fails: ${what}`
    throw Object.assign(new Error(message, { cause: error }), code === FULL ? { code: 'ENOSPC' } : {})
  }
}

/** Whether SQLite, or the system below it, had no room to write. */
export function isDiskFull(error: unknown): boolean {
  return sqliteCode(error) === FULL || isNoSpace(error)
}

/** For what it keeps in memory beside a database SQLite cannot tell a full disk from a broken one. */
function isOutOfRoom(file: SqliteFile, error: unknown): boolean {
  if (sqliteCode(error) !== INPUT_OR_OUTPUT) return false
  const { bavail, bsize } = statfsSync(dirname(file.path))
  return bavail * bsize < SHARED_MEMORY_BYTES
}

function sentence(file: SqliteFile, what: string): string {
  return `${file.name} ${file.path} fails: ${what}. ${file.ifDamaged}`
}

function needsRepair(error: unknown): boolean {
  const code = sqliteCode(error)
  return error instanceof RangeError || code === DAMAGED || code === NOT_A_DATABASE
}

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null
}

/** What an admin can do something about; null for what would be a bug. */
function whatIsWrong({ daemon }: SqliteFile, code: number | null): string | null {
  switch (code) {
    case 5:
      return 'another process has held it for longer than five seconds. See which process has it open, then try again.'
    case 8:
      return `it cannot be written. Give its folder and files to the user who runs the ${daemon}.`
    case INPUT_OR_OUTPUT:
      return 'the disk cannot be read or written. Check the disk and its log, then start again.'
    case DAMAGED:
      return 'it is damaged'
    case FULL:
      return 'the disk is full. Make room on it: then it goes on by itself.'
    case 14:
      return `it cannot be opened. Give its folder and files to the user who runs the ${daemon}.`
    case NOT_A_DATABASE:
      return 'it is not a database, or is damaged'
    default:
      return null
  }
}
