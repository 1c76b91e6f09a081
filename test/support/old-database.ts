/**
 * A database as an older release left it, for tests of upgrades.
 */
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { MIGRATIONS } from '../../controller/shell/database/migrations.ts'
import type { Schema } from '../../controller/shell/database/schema.ts'
import { sqliteDialect } from '../../controller/shell/database/sqlite-database.ts'

/** The release before people, places and resumable uploads. */
const BEFORE_PEOPLE = '0002-limits'

/** `last` is the last migration that the release knew. */
export async function openOldDatabase(folder: string, last = BEFORE_PEOPLE): Promise<DatabaseSync> {
  const file = databaseFile(folder)
  const database = new Kysely<Schema>({ dialect: sqliteDialect(file) })
  const old = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= last))
  const { error } = await new Migrator({
    db: database,
    provider: { getMigrations: async () => old },
  }).migrateToLatest()
  await database.destroy()
  if (error !== undefined) throw error
  return new DatabaseSync(file)
}
