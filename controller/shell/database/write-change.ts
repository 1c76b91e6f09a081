/**
 * Writes one change into its table: a new row, or the row of the same key anew. Always inside a transaction, which
 * makes the changes of one commit appear together.
 */
import type { Transaction } from 'kysely'
import { unreachable } from '../../../protocol/assert.ts'
import type { Change } from '../../core/records.ts'
import {
  applianceRow,
  auditRow,
  authorizationRow,
  baselineRow,
  installRow,
  limitsRow,
  patchRow,
  policyRow,
  publisherRow,
  receiptRow,
  statementRow,
  targetRow,
  windowRow,
} from './rows.ts'
import type { Schema } from './schema.ts'

export async function writeChange(transaction: Transaction<Schema>, change: Change): Promise<void> {
  switch (change.table) {
    case 'tokens': {
      const position = await nextTokenPosition(transaction)
      await transaction
        .insertInto('tokens')
        .values({ ...change.row, position })
        .onConflict((conflict) => conflict.column('enrollingPeer').doUpdateSet(change.row))
        .execute()
      break
    }
    case 'statements': {
      const insert = transaction.insertInto('statements').values(statementRow(change.row))
      await insert.onConflict((conflict) => conflict.column('digest').doNothing()).execute()
      break
    }
    case 'audit': {
      const newest = transaction.selectFrom('audit').select(['position', 'hash']).orderBy('position', 'desc').limit(1)
      const row = auditRow(change.row, await newest.executeTakeFirst())
      await transaction.insertInto('audit').values(row).execute()
      break
    }
    case 'appliances': {
      const row = applianceRow(change.row)
      const insert = transaction.insertInto('appliances').values(row)
      await insert.onConflict((conflict) => conflict.column('peer').doUpdateSet(row)).execute()
      break
    }
    case 'patches': {
      const row = patchRow(change.row)
      const insert = transaction.insertInto('patches').values(row)
      await insert.onConflict((conflict) => conflict.column('sha256').doUpdateSet(row)).execute()
      break
    }
    case 'receipts': {
      const row = receiptRow(change.row)
      const insert = transaction.insertInto('receipts').values(row)
      await insert.onConflict((conflict) => conflict.columns(['sha256', 'peer']).doUpdateSet(row)).execute()
      break
    }
    case 'ownCopies': {
      const insert = transaction.insertInto('ownCopies').values(change.row)
      await insert.onConflict((conflict) => conflict.column('sha256').doUpdateSet(change.row)).execute()
      break
    }
    case 'detections': {
      const insert = transaction.insertInto('detections').values(change.row)
      await insert.onConflict((conflict) => conflict.columns(['sha256', 'peer']).doUpdateSet(change.row)).execute()
      break
    }
    case 'installs': {
      const row = installRow(change.row)
      const insert = transaction.insertInto('installs').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
      break
    }
    case 'targets': {
      const row = targetRow(change.row)
      const insert = transaction.insertInto('targets').values(row)
      await insert.onConflict((conflict) => conflict.columns(['install', 'appliance']).doUpdateSet(row)).execute()
      break
    }
    case 'rosters': {
      const insert = transaction.insertInto('rosters').values(change.row)
      await insert.onConflict((conflict) => conflict.column('dataCenter').doUpdateSet(change.row)).execute()
      break
    }
    case 'limits': {
      const row = limitsRow(change.row)
      const insert = transaction.insertInto('limits').values(row)
      await insert.onConflict((conflict) => conflict.column('place').doUpdateSet(row)).execute()
      break
    }
    case 'publishers': {
      const { name, publisher } = change.row
      await transaction.deleteFrom('publishers').where('name', '=', name).execute()
      if (publisher !== null) await transaction.insertInto('publishers').values(publisherRow(publisher)).execute()
      break
    }
    case 'policies': {
      const insert = transaction.insertInto('policies').values(policyRow(change.row))
      await insert.onConflict((conflict) => conflict.column('version').doNothing()).execute()
      break
    }
    case 'authorizations': {
      const row = authorizationRow(change.row)
      const insert = transaction.insertInto('authorizations').values(row)
      await insert.onConflict((conflict) => conflict.column('digest').doUpdateSet(row)).execute()
      break
    }
    case 'baselines': {
      const { key, baseline } = change.row
      await transaction.deleteFrom('baselines').where('key', '=', key).execute()
      if (baseline !== null) await transaction.insertInto('baselines').values(baselineRow(key, baseline)).execute()
      break
    }
    case 'advisories': {
      const insert = transaction.insertInto('advisories').values(change.row)
      await insert.onConflict((conflict) => conflict.column('patch').doUpdateSet(change.row)).execute()
      break
    }
    case 'dueDays': {
      const insert = transaction.insertInto('dueDays').values(change.row)
      await insert.onConflict((conflict) => conflict.column('severity').doUpdateSet(change.row)).execute()
      break
    }
    case 'retention':
      await transaction.deleteFrom('retention').execute()
      await transaction.insertInto('retention').values(change.row).execute()
      break
    case 'pins': {
      const { patch, pin } = change.row
      await transaction.deleteFrom('pins').where('patch', '=', patch).execute()
      if (pin !== null) await transaction.insertInto('pins').values(pin).execute()
      break
    }
    case 'windows': {
      const { name, window } = change.row
      await transaction.deleteFrom('windows').where('name', '=', name).execute()
      if (window !== null) await transaction.insertInto('windows').values(windowRow(window)).execute()
      break
    }
    default:
      unreachable(change)
  }
}

/** One more than the highest so far; the transaction holds the write lock, so nobody takes the same. */
export async function nextTokenPosition(transaction: Transaction<Schema>): Promise<number> {
  const newest = await transaction
    .selectFrom('tokens')
    .select('position')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (newest?.position ?? 0) + 1
}
