/**
 * An appliance that lists publishers itself: its installer starts only after the copy was judged, whatever comes in
 * between.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEffect, Found } from '../../../agent/core/events.ts'
import { orderArrived } from '../../../agent/core/install/installing.ts'
import { detected, judged } from '../../../agent/core/install/preflighting.ts'
import type { AgentState } from '../../../agent/core/state.ts'
import { refuse } from '../../../protocol/refusals.ts'
import { estate, orderFor, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'

const NEEDED: Found = { result: 'applicable', installedVersion: null, reason: '' }
const kinds = (effects: AgentEffect[]) => effects.map(({ kind }) => kind).filter((kind) => kind !== 'record')

/** An appliance that was just ordered to install a patch, and looks what is there. */
function ordered() {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  const { state } = world.appliance('paris/secondary')
  const listing: AgentState = { ...state, settings: { ...state.settings, judgesSignatures: true } }
  const effects = orderArrived(listing, orderFor(world, 'paris/secondary', patch))
  assert.ok(kinds(effects).includes('detect'))
  return { state: listing, id: patch.publication.sha256 }
}

test('what is looked for twice is judged, and nothing is installed before that', () => {
  const { state, id } = ordered()
  for (let times = 0; times < 2; times++) {
    const effects = kinds(detected(state, id, NEEDED))
    assert.ok(effects.includes('judge') && !effects.includes('run-step'), effects.join())
  }
  assert.ok(kinds(judged(state, id, null)).includes('run-step'))
  assert.equal(state.orders.attempt?.phase, 'installing')
  assert.deepEqual(judged(state, id, null), [], 'the second answer starts nothing')
})

test('what is refused is reported with the refusal, and ends there', () => {
  const { state, id } = ordered()
  detected(state, id, NEEDED)
  const effects = judged(state, id, refuse('unsigned', 'it is not signed'))
  assert.ok(!kinds(effects).includes('run-step'))
  assert.equal(state.orders.attempt, null)
  assert.ok(effects.some((effect) => effect.kind === 'log' && effect.line === 'order refused: it is not signed'))
  assert.deepEqual(judged(state, id, null), [])
})

test('what expires while the copy is judged is not installed', () => {
  const { state, id } = ordered()
  detected(state, id, NEEDED)
  const wallMs = (state.orders.attempt?.order.expiresAt ?? 0) + 1
  const late: AgentState = { ...state, clock: { ...state.clock, wallMs } }
  const effects = judged(late, id, null)
  assert.ok(!kinds(effects).includes('run-step'))
  assert.ok(
    effects.some((effect) => effect.kind === 'log' && effect.line.startsWith('order refused: the order expired')),
  )
  assert.equal(late.orders.attempt, null)
})

test('where no publisher is listed, nothing is judged', () => {
  const { state, id } = ordered()
  const trusting: AgentState = { ...state, settings: { ...state.settings, judgesSignatures: false } }
  assert.ok(kinds(detected(trusting, id, NEEDED)).includes('run-step'))
})
