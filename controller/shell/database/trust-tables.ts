/**
 * What the database keeps of who has a say: publishers, policies that owners have signed, and what approvers are asked to sign.
 */
import type { Kysely, Transaction } from 'kysely'
import type { Change } from '../../core/records.ts'
import { authorizationRecord, policyRecord, publisherRecord } from './rows.ts'
import type { Schema } from './schema.ts'

/** Nothing had to be approved before. */
export async function policies(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('policies')
    .addColumn('version', 'bigint', (column) => column.primaryKey())
    .addColumn('document', 'blob', (column) => column.notNull())
    .addColumn('setAt', 'bigint', (column) => column.notNull())
    .addColumn('setBy', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('authorizations')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('install', 'text', (column) => column.notNull())
    .addColumn('document', 'blob', (column) => column.notNull())
    .execute()
}

/** Whose signatures uploads need, and by whose a patch was let in; what was there before was let in by nobody's. */
export async function publishers(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('publishers')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('publisher', 'text', (column) => column.notNull())
    .execute()
  await database.schema.alterTable('patches').addColumn('publishedBy', 'text').execute()
}

export async function loadTrust(transaction: Transaction<Schema>): Promise<Change[]> {
  const publishers = await transaction.selectFrom('publishers').selectAll().execute()
  const policies = await transaction.selectFrom('policies').selectAll().execute()
  const authorizations = await transaction.selectFrom('authorizations').selectAll().execute()
  return [
    ...publishers.map((row): Change => ({ table: 'publishers', row: publisherRecord(row) })),
    ...policies.map((row): Change => ({ table: 'policies', row: policyRecord(row) })),
    ...authorizations.map((row): Change => ({ table: 'authorizations', row: authorizationRecord(row) })),
  ]
}
