/**
 * The embedded database: Node's own SQLite in the shape that Kysely's dialect expects. The only module that knows it is
 * SQLite; another database takes its place by giving a Kysely dialect of its own.
 *
 * Several processes may have the file open: every transaction takes the write lock when it begins and waits up to five
 * seconds for it, so none ever fails halfway for having read something older.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { inWords, openSqliteFile, type SqliteFile } from '../../../agent/shell/sqlite-file.ts'

/** The repository has about forty different statements; preparing one costs more than running it. */
const MAX_PREPARED_STATEMENTS = 100

const IF_DAMAGED = 'Stop the controller, keep the file for examination and restore the newest backup.'

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

export function embeddedDatabase(path: string): SqliteFile {
  return { path, name: 'The database', daemon: 'controller', ifDamaged: IF_DAMAGED }
}

/**
 * Makes the file where there is none, readable by its owner only. With `proven` every page is read first, and a damaged
 * one is told before anything is done with the others.
 */
export function sqliteDialect(path: string, { proven = false } = {}): SqliteDialect {
  makePrivateFile(path)
  return new EmbeddedDialect({ database: openDatabase(embeddedDatabase(path), proven) })
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

function openDatabase(file: SqliteFile, proven: boolean): SqliteDatabase {
  const check = proven ? 'quick_check' : null
  const database = openSqliteFile(file, { table: 'kysely_migration', check })
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

function prepare(database: DatabaseSync, file: SqliteFile, sql: string): SqliteStatement {
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
function rollback(database: DatabaseSync, file: SqliteFile): SqliteStatement {
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
