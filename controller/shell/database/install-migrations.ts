/** What later releases added to installs; migrations.ts says in which order. */
import type { Kysely } from 'kysely'

/** How long a wave stands before the next begins; of those that were there before none had to. */
export async function waveSoaks(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable('installs')
    .addColumn('waveSoakSeconds', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await database.schema.alterTable('targets').addColumn('stoodAt', 'bigint').execute()
}

/** Installs that go on from one another; none of those that were there before does. */
export async function together(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('installs').addColumn('continues', 'text').execute()
}
