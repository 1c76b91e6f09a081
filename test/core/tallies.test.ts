/**
 * The counts that are kept: whatever records come, in whatever order, they equal counting.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byPlace, censusOf, placeKey } from '../../controller/core/census.ts'
import type { Change } from '../../controller/core/records.ts'
import { countReplications, isReplicated, serviceProviderAppliances } from '../../controller/core/replications.ts'
import { apply, emptyState, type ServiceCenterState } from '../../controller/core/state.ts'
import { talliesByPlace, tallyOne } from '../../controller/core/tallies.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { seededRandom } from '../../protocol/random.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'

const PATCHES = ['patch-1', 'patch-2'] as Sha256[]
const signing = signingKeyFromSeed(new Uint8Array(32))
const freshState = () => emptyState({ mesh: signing.peer, signing }, seededRandom(1))

const peer = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const change = fc.oneof(
  fc.record({
    table: fc.constant('appliances'),
    row: fc.record({
      peer,
      name: fc.constant('name'),
      organization: fc.constantFrom('acme', 'globex'),
      dataCenter: fc.constantFrom('paris', 'tokyo'),
      kind: fc.constantFrom('service-provider', 'tenant'),
      role: fc.constantFrom('primary', 'secondary'),
      group: fc.constantFrom('1', '2'),
      epoch: fc.constantFrom(1, 2),
    }),
  }),
  fc.record({
    table: fc.constant('receipts'),
    row: fc.record({ peer, sha256: fc.constantFrom(...PATCHES), epoch: fc.constantFrom(0, 1, 2) }),
  }),
  fc.record({
    table: fc.constant('detections'),
    row: fc.record({
      peer,
      sha256: fc.constantFrom(...PATCHES),
      result: fc.constantFrom('installed', 'applicable', 'notApplicable'),
    }),
  }),
)

function stateOf(changes: readonly { table: string; row: { peer: string } }[]): ServiceCenterState {
  const state = freshState()
  for (const { table, row } of changes) {
    const named = table === 'appliances' ? { ...row, name: `appliance ${row.peer}` } : row
    apply(state, { table, row: named } as unknown as Change)
  }
  return state
}

function assertCounted(state: ServiceCenterState): void {
  const appliances = [...state.appliances.values()].sort(byPlace)
  assert.deepEqual(
    censusOf(state).appliances,
    appliances.map((appliance) => appliance.peer),
  )
  const depots = appliances.filter(({ kind }) => kind === 'service-provider')
  assert.deepEqual(serviceProviderAppliances(state), depots)
  for (const patch of PATCHES) {
    const complete = depots.filter((depot) => isReplicated(state, patch, depot)).length
    assert.deepEqual(countReplications(state, patch), { complete, total: depots.length })
    const places = [...Map.groupBy(appliances, placeKey)].map(([key, members]) => {
      const tallies = members.map((appliance) => tallyOne(state, patch, appliance))
      const sum = (count: 'replicated' | 'installed' | 'notApplicable') =>
        tallies.reduce((total, tally) => total + tally[count], 0)
      const counts = { replicated: sum('replicated'), installed: sum('installed'), notApplicable: sum('notApplicable') }
      return [key, { appliances: members.length, ...counts }] as const
    })
    const kept = talliesByPlace(state, patch).map(
      ({ organization, dataCenter, kind, ...counts }) =>
        [placeKey({ organization, dataCenter, kind }), counts] as const,
    )
    assert.deepEqual(new Map(kept), new Map(places))
  }
}

test('counts that are kept equal counting, whatever records came in whatever order', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 60 }), (changes) => assertCounted(stateOf(changes))))
})

test('a state that shows a part of the fleet counts that part', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.constantFrom('acme', 'globex'), (changes, organization) => {
      const state = stateOf(changes)
      const shown = [...state.appliances].filter(([, appliance]) => appliance.organization === organization)
      assertCounted({ ...state, appliances: new Map<PeerId, (typeof shown)[number][1]>(shown) })
      assertCounted(state)
    }),
  )
})
