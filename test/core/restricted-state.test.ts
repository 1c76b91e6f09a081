/**
 * What somebody sees who is limited to organizations, as maps: nothing of others can be found or counted in them, and
 * nothing can be changed through them. What it means for answers and pages is in test/api/organizations.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnEntries } from '../../controller/core/own-entries.ts'
import { restrictedState } from '../../controller/core/restricted-state.ts'
import { DataCenterName, OrganizationName } from '../../protocol/identifiers.ts'
import { standardFleet } from '../support/fleet-fixtures.ts'

const all = new Map([
  ['a', 1],
  ['b', 2],
  ['c', 3],
])

test('a map of own entries is the map without the others, however it is asked', () => {
  for (const own of [new Map([['b', null]]), new Map(['b', 'x', 'y', 'z'].map((key) => [key, null] as const))]) {
    const seen = new OwnEntries(all, own)
    assert.equal(seen.size, 1)
    assert.deepEqual([seen.get('b'), seen.get('a')], [2, undefined])
    assert.deepEqual([seen.has('b'), seen.has('a'), seen.has('x')], [true, false, false])
    assert.deepEqual([...seen], [['b', 2]])
    assert.deepEqual([[...seen.keys()], [...seen.values()], [...seen.entries()]], [['b'], [2], [['b', 2]]])
    const visited: unknown[] = []
    seen.forEach((value, key) => visited.push([key, value]))
    assert.deepEqual(visited, [['b', 2]])
  }
})

test('it follows the map that it was made of, and is not where that is changed', () => {
  const growing = new Map(all)
  const seen = new OwnEntries(growing, new Map([['d', null]]), (value) => value * 10)
  assert.equal(seen.size, 0)
  growing.set('d', 4)
  assert.deepEqual([...seen], [['d', 40]])
  for (const change of [() => seen.set(), () => seen.delete(), () => seen.clear()]) {
    assert.throws(change, /broken invariant: what one may see of a map is not where it is changed/)
  }
  assert.equal(growing.size, 4)
})

test('nothing in a restricted state names an organization or an appliance of others, but the whole that is kept for counting', async () => {
  const fleet = await standardFleet()
  try {
    const { state } = fleet.serviceCenter
    const slot = { organization: 'Org 1000', dataCenter: 'lima', kind: 'service-provider', role: 'primary' } as const
    await fleet.enroll({ ...slot, name: 'lima/primary' })
    const patch = await fleet.publish({ name: 'kernel', version: '1' })
    await fleet.sendReceipt('lima/primary', patch)
    await fleet.detect('globex-paris-primary', patch, 'applicable', '0')
    const [place, globex] = [DataCenterName.parse('lima'), OrganizationName.parse('globex')]
    const limits = { place, upBitsPerSecond: 64_000, downBitsPerSecond: null, quietHours: [], trades: true }
    await fleet.serviceCenter.carryOut({ kind: 'set-limits', actor: 'test', limits })
    const install = { patch, dataCenter: 'All', allowOutage: false } as const
    await fleet.serviceCenter.carryOut({ kind: 'start-install', actor: 'test', ...install, organizations: [globex] })
    const {
      whole,
      signing: _signing,
      random: _random,
      ...seen
    } = restrictedState(state, [OrganizationName.parse('acme')])
    assert.equal(whole, state)
    const own = new Set([...state.appliances.values()].filter(({ organization }) => organization === 'acme'))
    assert.deepEqual(new Set(seen.appliances.values()), own)
    const told = JSON.stringify(seen, (_key, value) => (value instanceof Map ? [...value] : value))
    assert.match(told, /"acme-paris-primary"/)
    for (const { organization, name } of state.appliances.values()) {
      if (organization === 'acme') continue
      for (const word of [organization, name, 'lima']) assert.ok(!told.includes(`"${word}"`), word)
    }
  } finally {
    await fleet.close()
  }
})
