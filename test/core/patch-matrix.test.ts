import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PatchCounts, patchMatrix } from '../../controller/core/patch-matrix.ts'
import { nextBelow, seededRandom } from '../../protocol/random.ts'
import { standardFleet } from '../support/fleet-fixtures.ts'

const RESULTS = ['applicable', 'installed', 'notApplicable'] as const

function sum(counts: readonly PatchCounts[]): PatchCounts {
  const all = { patched: 0, unpatched: 0, notApplicable: 0, unknown: 0 }
  for (const one of counts) for (const kind of Object.keys(all) as (keyof PatchCounts)[]) all[kind] += one[kind]
  return all
}
const only = ({ patched, unpatched, notApplicable, unknown }: PatchCounts) => ({
  patched,
  unpatched,
  notApplicable,
  unknown,
})

test('rows, columns and the four counts close, whatever the appliances say', async () => {
  const fleet = await standardFleet()
  try {
    const { state } = fleet.serviceCenter
    const random = seededRandom(7)
    const names = [...state.appliances.values()].map(({ name }) => name)
    const patch = await fleet.publish({ name: 'counted', version: '1' })
    for (let round = 0; round < 40; round++) {
      const name = names[nextBelow(random, names.length)] ?? ''
      await fleet.detect(name, patch, RESULTS[nextBelow(random, RESULTS.length)] ?? 'applicable', '1')
      const { all, organizations, dataCenters } = patchMatrix(state, patch)
      const { patched, unpatched, notApplicable, unknown } = all
      assert.equal(patched + unpatched + notApplicable + unknown, names.length)
      assert.deepEqual(sum(organizations), all)
      assert.deepEqual(sum(dataCenters), all)
      for (const row of organizations) assert.deepEqual(sum(row.dataCenters), only(row))
      for (const { dataCenter, ...column } of dataCenters) {
        const cells = organizations.flatMap((row) => row.dataCenters.filter((cell) => cell.dataCenter === dataCenter))
        assert.deepEqual(sum(cells), column)
      }
    }
  } finally {
    await fleet.close()
  }
})
