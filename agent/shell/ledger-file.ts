/**
 * The ledger of an appliance: a table of records by key in one SQLite file. A batch is one transaction with
 * `synchronous=FULL`, so it is on stable storage, all of it, when `record` returns; nobody else opens the file. Beside each
 * record is the digest of its key and its value: SQLite notices a damaged page by its form only, and an appliance must not
 * act on what a disk has made of an order.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { isBug } from '../../protocol/assert.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import type { LedgerEntry } from '../core/events.ts'
import { inWords, openSqliteFile, type SqliteFile } from './sqlite-file.ts'

export type LedgerFile = {
  read(): Map<string, Uint8Array>
  record(entries: readonly LedgerEntry[]): void
  close(): void
}

/** What to do about a ledger that cannot be used: an appliance without one goes on, see docs/data-folders.md. */
const IF_DAMAGED =
  'Stop the agent, move the file away for examination with what has its name and -wal or -shm behind it, and start again: ' +
  'the appliance asks for everything anew and looks again at what is installed.'

export function ledgerFile(folder: string): SqliteFile {
  return { path: join(folder, 'ledger.sqlite'), name: 'The ledger', daemon: 'agent', ifDamaged: IF_DAMAGED }
}

/** Throws an `Error` with what to do when the file is not a ledger of this version, or is damaged. */
export function openLedger(folder: string): LedgerFile {
  const file = ledgerFile(folder)
  const database = openSqliteFile(file, { table: 'ledger', check: 'integrity_check' })
  try {
    return inWords(file, () => openTable(file, database))
  } catch (error) {
    database.close()
    throw error
  }
}

/** Whatever the records themselves say is wrong, said of the file. */
export function readingLedger<Result>(folder: string, read: () => Result): Result {
  const { name, path } = ledgerFile(folder)
  try {
    return read()
  } catch (error) {
    if (isBug(error) || (error as Error).message.startsWith(name)) throw error
    throw new Error(`${name} ${path} fails: ${(error as Error).message}.`, { cause: error })
  }
}

function openTable(file: SqliteFile, database: DatabaseSync): LedgerFile {
  database.exec('CREATE TABLE IF NOT EXISTS ledger (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID')
  const columns = database.prepare("SELECT name FROM pragma_table_info('ledger')").all()
  // What an earlier release has written has no digest until it is written again.
  if (!columns.some(({ name }) => name === 'digest')) database.exec('ALTER TABLE ledger ADD COLUMN digest BLOB')
  const put = database.prepare(
    'INSERT INTO ledger (key, value, digest) VALUES (?, ?, ?) ' +
      'ON CONFLICT (key) DO UPDATE SET value = excluded.value, digest = excluded.digest',
  )
  const remove = database.prepare('DELETE FROM ledger WHERE key = ?')
  const all = database.prepare('SELECT key, value, digest FROM ledger')
  return {
    read: () =>
      inWords(file, () => {
        const records = new Map<string, Uint8Array>()
        for (const row of all.all()) {
          const key = String(row['key'])
          const [value, digest] = [row['value'] as Uint8Array, row['digest'] as Uint8Array | null]
          if (digest !== null && !equalBytes(digest, digestOf(key, value)))
            throw new Error(`${file.name} ${file.path} fails: its record ${key} is damaged. ${file.ifDamaged}`)
          records.set(key, value)
        }
        return records
      }),
    record: (entries) =>
      inWords(file, () => {
        database.exec('BEGIN IMMEDIATE')
        try {
          for (const { key, value } of entries) {
            if (value === null) remove.run(key)
            else put.run(key, value, digestOf(key, value))
          }
          database.exec('COMMIT')
        } catch (error) {
          // After a full disk SQLite has rolled back by itself.
          if (database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      }),
    close: () => database.close(),
  }
}

function digestOf(key: string, value: Uint8Array): Uint8Array {
  return createHash('sha256').update(key).update('\0').update(value).digest()
}
