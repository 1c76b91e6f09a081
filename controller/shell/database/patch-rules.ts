/** What people have said of patches: what they mend, how long each severity leaves, and which of them are kept. */
import type { Transaction } from 'kysely'
import type { Change } from '../../core/records.ts'
import { advisoryRecord, dueDaysRecord, pinRecord, retentionRecord } from './rows.ts'
import type { Schema } from './schema.ts'

export async function loadPatchRules(transaction: Transaction<Schema>): Promise<Change[]> {
  const advisories = await transaction.selectFrom('advisories').selectAll().execute()
  const dueDays = await transaction.selectFrom('dueDays').selectAll().execute()
  const retention = await transaction.selectFrom('retention').selectAll().execute()
  const pins = await transaction.selectFrom('pins').selectAll().execute()
  return [
    ...advisories.map((row): Change => ({ table: 'advisories', row: advisoryRecord(row) })),
    ...dueDays.map((row): Change => ({ table: 'dueDays', row: dueDaysRecord(row) })),
    ...retention.map((row): Change => ({ table: 'retention', row: retentionRecord(row) })),
    ...pins.map((row): Change => ({ table: 'pins', row: { patch: row.patch, pin: pinRecord(row) } })),
  ]
}
