/**
 * What the database keeps of waves that stand, and of when each target was ordered and interrupted. Of what was there before
 * nothing had to stand, and nobody knows those times.
 */
import type { Kysely } from 'kysely'

export async function waveSoaks(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable('installs')
    .addColumn('waveSoakSeconds', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await database.schema.alterTable('targets').addColumn('stoodAt', 'bigint').execute()
}

export async function targetTimes(database: Kysely<unknown>): Promise<void> {
  for (const column of ['orderedAt', 'beganAt'])
    await database.schema.alterTable('targets').addColumn(column, 'bigint').execute()
}
