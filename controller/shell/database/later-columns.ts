/**
 * What the database keeps of waves that stand, of when each target was ordered and interrupted and told what, of installs that
 * go on from one another, and of copies that were mended. Of what was there before nothing had to stand, nobody knows those
 * times, each went alone, and of no copy is it known.
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

export async function together(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('installs').addColumn('continues', 'text').execute()
}

export async function mended(database: Kysely<unknown>): Promise<void> {
  const receipts = () => database.schema.alterTable('receipts')
  await receipts().addColumn('mendedAt', 'bigint').execute()
  await receipts()
    .addColumn('mendedWrong', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
}

export async function phaseTimes(database: Kysely<unknown>): Promise<void> {
  const column = database.schema.alterTable('targets')
  await column.addColumn('phaseTimes', 'text', (text) => text.notNull().defaultTo('{}')).execute()
}
