/**
 * The ledger of an appliance: a table of records by key in one SQLite file. A batch is one transaction with
 * `synchronous=FULL`, so it is on stable storage, all of it, when `record` returns; nobody else opens the file.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { LedgerEntry } from '../core/events.ts'

export type LedgerFile = {
  read(): Map<string, Uint8Array>
  record(entries: readonly LedgerEntry[]): void
  close(): void
}

/** Throws an `Error` with what to do when the file is not a ledger of this version. */
export function openLedger(folder: string): LedgerFile {
  const path = join(folder, 'ledger.sqlite')
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000')
    database.exec('CREATE TABLE IF NOT EXISTS ledger (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID')
  } catch (error) {
    throw new Error(`${path} cannot be read; restore it, or remove the data folder and enroll the appliance anew`, {
      cause: error,
    })
  }
  const put = database.prepare(
    'INSERT INTO ledger (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const remove = database.prepare('DELETE FROM ledger WHERE key = ?')
  const all = database.prepare('SELECT key, value FROM ledger')
  return {
    read: () => new Map(all.all().map((row) => [String(row['key']), row['value'] as Uint8Array])),
    record(entries) {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const { key, value } of entries) {
          if (value === null) remove.run(key)
          else put.run(key, value)
        }
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}
