/**
 * The embedded database: Node's own SQLite in the shape that Kysely's dialect expects. The only module that knows it is
 * SQLite; another database takes its place by giving a Kysely dialect of its own.
 *
 * What has been committed is on the disk (write-ahead log, `synchronous=FULL`), and several processes may have the file
 * open: every transaction takes the write lock when it begins and waits up to five seconds for it, so none ever fails
 * halfway for having read something older.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'

const BUSY_TIMEOUT_MS = 5_000
/** The repository has about forty different statements; preparing one costs more than running it. */
const MAX_PREPARED_STATEMENTS = 100

/** SQLite's primary result codes (sqlite.org, "Result and Error Codes") that an admin can do something about. */
const ADVICE: Readonly<Record<number, string>> = {
  5: 'another process has held it for longer than five seconds: see which process has it open, then try again',
  8: 'it cannot be written: give its folder and files to the user who runs the controller',
  10: 'the disk cannot be read or written: check the disk and its log, then start again',
  11: 'it is damaged: stop the controller, keep the file for examination and restore the newest backup',
  13: 'the disk is full: make room on it, then start again',
  14: 'it cannot be opened: give its folder and files to the user who runs the controller',
  26: 'it is not a database, or is damaged: keep the file for examination and restore the newest backup',
}

/** A number that JavaScript cannot hold; no release has ever written one. */
const UNREADABLE = 'somebody else has changed it: keep the file for examination and restore the newest backup'

class TransactionalSqliteAdapter extends SqliteAdapter {
  /** SQLite can create tables inside a transaction, which lets a migration be all or nothing. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class EmbeddedDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter()
  }
}

/** Makes the file where there is none, readable by its owner only. */
export function sqliteDialect(file: string): SqliteDialect {
  makePrivateFile(file)
  return new EmbeddedDialect({ database: inWords(file, () => openDatabase(file)) })
}

function makePrivateFile(file: string): void {
  const folder = path.dirname(file)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (existsSync(file)) return
  // SQLite gives the files it makes beside this one the same mode.
  closeSync(openSync(file, 'a', 0o600))
  const descriptor = openSync(folder, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

function openDatabase(file: string): SqliteDatabase {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  try {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
  } catch (error) {
    database.close()
    throw error
  }
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = prepared.get(sql)
      if (known !== undefined) return known
      const statement = inWords(file, () => prepare(database, file, sql))
      if (prepared.size >= MAX_PREPARED_STATEMENTS) prepared.clear()
      prepared.set(sql, statement)
      return statement
    },
  }
}

function prepare(database: DatabaseSync, file: string, sql: string): SqliteStatement {
  if (sql === 'rollback') return rollback(database, file)
  const statement: StatementSync = database.prepare(sql === 'begin' ? 'begin immediate' : sql)
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => inWords(file, () => statement.all(...values(parameters))),
    run: (parameters) => inWords(file, () => statement.run(...values(parameters))),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}

/** After a full disk SQLite has rolled back by itself; the error to report is that one, not that nothing is open. */
function rollback(database: DatabaseSync, file: string): SqliteStatement {
  return {
    reader: false,
    all: () => [],
    run: () => {
      if (database.isTransaction) inWords(file, () => database.exec('rollback'))
      return { changes: 0, lastInsertRowid: 0 }
    },
    iterate: () => [].values(),
  }
}

/** Turns an error of SQLite into a sentence that names the file and says what to do. */
function inWords<Result>(file: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
    const advice = error instanceof RangeError ? UNREADABLE : code === undefined ? undefined : ADVICE[code]
    if (advice === undefined) throw error
    throw new Error(`The database ${file} fails: ${advice}.`, { cause: error })
  }
}
