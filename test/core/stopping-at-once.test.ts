/**
 * A stop reaches everybody at once: whether a person cancels an install or it halts by itself, the word leaves for the last
 * of ten thousand connected appliances in the same step of the Service Center, before any time has passed, and no order
 * leaves after it. How long it is on its way is measured in a world, where it goes through a depot.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { groupKey } from '../../controller/core/census.ts'
import type { ServiceCenterEffect } from '../../controller/core/effects.ts'
import type { InstallRecord, TargetRecord } from '../../controller/core/records.ts'
import { newTarget } from '../../controller/core/rollout/new-target.ts'
import { targetsOf } from '../../controller/core/rollout/ongoing.ts'
import { forerunnerOf, sealOrders } from '../../controller/core/rollout/ordering.ts'
import { apply, type ServiceCenterState } from '../../controller/core/state.ts'
import { step } from '../../controller/core/step.ts'
import type { InstallId, PeerId } from '../../protocol/identifiers.ts'
import { Cancellation, Order } from '../../protocol/trust/statements.ts'
import { estateWithTenants, replicate } from '../../simulator/world/estate.ts'
import { type LargeFleet, largeFleet } from '../bench/large-fleet.ts'

const APPLIANCES = 10_000
const REACHED_WITHIN_MS = 5_000
const TICK_MS = 500

let large: LargeFleet
let state: ServiceCenterState
before(async () => {
  large = await largeFleet({ appliances: APPLIANCES, organizations: 200, dataCenters: 50, patches: 1, detected: 1 })
  state = large.fleet.serviceCenter.state
})
after(() => large.fleet.close())

/** Everybody was ordered, both members of each pair at once, and has the order; nobody has begun. */
function everybodyOrdered(number: number): InstallRecord {
  const [patch] = large.patches
  assert.ok(patch)
  const { wallMs } = state.clock
  const install: InstallRecord = {
    ...{ id: number.toString(16).padStart(32, '0') as InstallId, patch, organizations: [], dataCenter: 'All' },
    ...{
      allowOutage: false,
      outsideWindows: false,
      waveSoakSeconds: 0,
      state: 'running',
      reason: '',
      startedBy: null,
      continues: null,
      run: 1,
    },
    ...{ startedAt: wallMs, deadlineAt: wallMs + 1e9 },
  }
  apply(state, { table: 'installs', row: install })
  const begin = [...state.appliances.values()].map((appliance) => {
    const target = newTarget(state, install, appliance.peer)
    return { target, appliance }
  })
  for (const change of sealOrders(state, install, { begin, members: [], wave: 5 })) apply(state, change)
  for (const session of state.sessions.values()) {
    session.known.add(patch)
    session.rosterVersion = Number.MAX_SAFE_INTEGER
    session.membershipAt = Number.MAX_SAFE_INTEGER
  }
  for (const { appliance, order } of targetsOf(state, install.id))
    if (order !== null) state.sessions.get(appliance)?.sent.add(order.id)
  return install
}

/** Of each pair the first, where it is connected: the second hears from it. */
function firstOfPairs(targets: readonly TargetRecord[]): PeerId[] {
  return targets
    .filter((target) => forerunnerOf(state, target) === null && state.sessions.has(target.appliance))
    .map(({ appliance }) => appliance)
    .sort()
}

function letters(effects: readonly ServiceCenterEffect[], type: string): PeerId[] {
  return effects.flatMap((effect) =>
    effect.kind === 'send' && effect.message.kind === 'letter' && effect.message.letter.envelope.payloadType === type
      ? [effect.message.letter.to]
      : [],
  )
}

function tick(): ServiceCenterEffect[] {
  const { wallMs, monotonicMs } = state.clock
  return step(state, { kind: 'tick', clock: { wallMs: wallMs + TICK_MS, monotonicMs: monotonicMs + TICK_MS } })
}

function noOrderFollows(): void {
  for (let passedMs = 0; passedMs < REACHED_WITHIN_MS; passedMs += TICK_MS) {
    const effects = tick()
    assert.deepEqual(letters(effects, Order.payloadType), [])
    assert.deepEqual(letters(effects, Cancellation.payloadType), [], 'all were told at once')
  }
}

test('a person cancels: the first of each connected pair is told in the same step, and no order leaves any more', () => {
  const install = everybodyOrdered(1)
  const told = firstOfPairs(targetsOf(state, install.id))
  assert.ok(told.length > 0.45 * APPLIANCES, 'nearly all are connected')
  const command = { kind: 'cancel-install', actor: 'ann', install: install.id } as const
  const effects = step(state, { kind: 'command', id: 1, command })
  assert.deepEqual(letters(effects, Cancellation.payloadType).sort(), told)
  assert.deepEqual(letters(effects, Order.payloadType), [])
  noOrderFollows()
})

test('two pairs fail: it halts, and the first of every other connected pair is told in the same step', () => {
  const install = everybodyOrdered(2)
  const targets = targetsOf(state, install.id)
  const firsts = targets.filter((target) => forerunnerOf(state, target) === null)
  // Somebody has it, so that one pair alone ends nothing elsewhere; then two fail in different Data Centers.
  const [well, one, other] = [firsts[0], firsts[2_000], firsts[3_000]]
  assert.ok(well && one && other)
  const group = new Set(targets.filter((target) => groupOf(target) === groupOf(well)))
  for (const target of group) apply(state, { table: 'targets', row: { ...target, state: 'installed' } })
  for (const target of [one, other])
    apply(state, { table: 'targets', row: { ...target, state: 'failed', reason: 'status 3' } })
  const effects = tick()
  assert.equal(state.installs.get(install.id)?.state, 'halted')
  const left = targetsOf(state, install.id).filter(
    ({ appliance }) => ![one, other, ...group].some((of) => of.appliance === appliance),
  )
  assert.deepEqual(letters(effects, Cancellation.payloadType).sort(), firstOfPairs(left))
  noOrderFollows()
})

test('the word is with an appliance behind a depot within five seconds, and nothing begins there', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const secondary = world.appliance('paris/acme/secondary')
  const install = world.install(patch, ['acme'])
  world.await('the order is there', () => secondary.state.orders.attempt !== null)
  assert.deepEqual(secondary.installer.started, [], 'it has not begun')
  world.ask({ kind: 'cancel-install', actor: 'ann', install })
  assert.ok(world.runUntil(() => secondary.state.orders.attempt === null, world.nowMs + REACHED_WITHIN_MS))
  world.run(120_000)
  const ended = [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ state: reached }) => reached)
  assert.deepEqual(ended, ['cancelled', 'cancelled'])
  for (const role of ['primary', 'secondary'])
    assert.deepEqual(world.appliance(`paris/acme/${role}`).installer.started, [])
})

function groupOf({ appliance }: TargetRecord): string {
  const record = state.appliances.get(appliance)
  return record === undefined ? appliance : groupKey(record)
}
