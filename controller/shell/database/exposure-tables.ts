/**
 * What patches are for, how many days each severity leaves, and since when each appliance has a patch: of what was there
 * before, since it was last told.
 */
import { type Kysely, sql } from 'kysely'

export async function exposure(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('advisories')
    .addColumn('patch', 'text', (column) => column.primaryKey())
    .addColumn('severity', 'text')
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('publishedAt', 'bigint')
    .addColumn('dueAt', 'bigint')
    .execute()
  await database.schema
    .createTable('dueDays')
    .addColumn('severity', 'text', (column) => column.primaryKey())
    .addColumn('days', 'bigint')
    .execute()
  await database.schema.alterTable('detections').addColumn('satisfiedSince', 'bigint').execute()
  await sql`update detections set "satisfiedSince" = "detectedAt" where result = 'installed'`.execute(database)
}
