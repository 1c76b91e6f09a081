/**
 * Who trades with whom is found once and kept: it changes with the fleet, and with what people forbid.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplianceRecord } from '../../controller/core/records.ts'
import { membersOfSite, tradingDataCenters, tradingPartners } from '../../controller/core/sites.ts'
import { apply, emptyState, limitsOf } from '../../controller/core/state.ts'
import { sha256 } from '../../protocol/hashing.ts'
import { DataCenterName } from '../../protocol/identifiers.ts'
import { seededRandom } from '../../protocol/random.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { everyRecord, mesh, signing } from '../contracts/sample-records.ts'
import { slotOf } from '../support/fleet-slots.ts'

const sites = ['lima', 'oslo', 'paris'].map((name) => DataCenterName.parse(name))
const [lima = '' as DataCenterName, , paris = '' as DataCenterName] = sites

function record(name: string, dataCenter: DataCenterName, kind = 'service-provider'): ApplianceRecord {
  const sample = everyRecord().flatMap((change) => (change.table === 'appliances' ? [change.row] : []))[0]
  assert.ok(sample !== undefined)
  const { peer } = signingKeyFromSeed(sha256(Buffer.from(name)))
  return {
    ...sample,
    ...slotOf({ name, organization: kind, dataCenter, kind, role: 'primary' }),
    peer,
    retiredAt: null,
  }
}

test('rosters follow who comes, moves and goes, and which Data Centers may trade', () => {
  const state = emptyState({ mesh, signing }, seededRandom(1))
  const put = (row: ApplianceRecord): void => apply(state, { table: 'appliances', row })
  const names = (records: readonly ApplianceRecord[]): string[] => records.map(({ name }) => name)
  for (const site of sites) put(record(`${site} depot`, site))
  assert.deepEqual(names(tradingPartners(state, lima)), ['oslo depot', 'paris depot'])

  const tenant = record('tenant', lima, 'tenant')
  put(tenant)
  assert.deepEqual(names(membersOfSite(state, lima)), ['lima depot', 'tenant'])
  put({ ...tenant, dataCenter: paris })
  assert.deepEqual(names(membersOfSite(state, lima)), ['lima depot'])
  assert.deepEqual(names(membersOfSite(state, paris)), ['paris depot', 'tenant'])
  put({ ...tenant, dataCenter: paris, retiredAt: 1 })
  assert.deepEqual(names(membersOfSite(state, paris)), ['paris depot'])

  apply(state, { table: 'limits', row: { ...limitsOf(state, paris), trades: false } })
  assert.deepEqual(names(tradingPartners(state, lima)), ['oslo depot'])
  assert.deepEqual(tradingPartners(state, paris), [])
  apply(state, { table: 'limits', row: { ...limitsOf(state, paris), trades: true } })
  assert.equal(tradingDataCenters(state).size, 3)
})
