/**
 * A database as the release before people, places and resumable uploads left it, for tests of upgrades.
 */
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { MIGRATIONS } from '../../controller/shell/database/migrations.ts'
import type { Schema } from '../../controller/shell/database/schema.ts'
import { sqliteDialect } from '../../controller/shell/database/sqlite-database.ts'
import { databaseFile } from '../../controller/shell/repository.ts'

const LAST = '0002-limits'

export async function openOldDatabase(folder: string): Promise<DatabaseSync> {
  const file = databaseFile(folder)
  const database = new Kysely<Schema>({ dialect: sqliteDialect(file) })
  const old = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= LAST))
  const { error } = await new Migrator({
    db: database,
    provider: { getMigrations: async () => old },
  }).migrateToLatest()
  await database.destroy()
  if (error !== undefined) throw error
  return new DatabaseSync(file)
}
