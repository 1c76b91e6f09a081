/**
 * What people say of patches: what they are for and how many days each severity leaves; since when each appliance has a patch,
 * of what was there before since it was last told; how many versions are kept, in one row at most, and which are pinned.
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

export async function retention(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('retention')
    .addColumn('keepNewest', 'bigint')
    .addColumn('setAt', 'bigint', (column) => column.notNull())
    .addColumn('setBy', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('pins')
    .addColumn('patch', 'text', (column) => column.primaryKey())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('pinnedAt', 'bigint', (column) => column.notNull())
    .addColumn('pinnedBy', 'text', (column) => column.notNull())
    .execute()
}
