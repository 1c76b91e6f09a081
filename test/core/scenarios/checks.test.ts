/**
 * The checks of an operator around an install: what was good before and is bad after is put back and stops the rollout,
 * what must pass before lets nothing begin, and no crash in between makes a check forgotten.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CheckName } from '../../../agent/core/install/policies/checks.ts'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import { applianceStatus } from '../../../agent/core/status.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { replicate } from '../../../simulator/world/estate.ts'
import { type PatchOptions, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const [FIRST, SECOND] = ['paris/secondary', 'paris/primary'] as const
const VPN = CheckName.parse('vpn')
const SESSIONS = CheckName.parse('sessions')
const checks = [
  { name: VPN, mustPassBefore: true, timeoutSeconds: 30, goodWithinSeconds: 60 },
  { name: SESSIONS, mustPassBefore: false, timeoutSeconds: 30, goodWithinSeconds: 60 },
]

function pair(): World {
  const world = new World({ settings: { ...DEFAULT_SETTINGS, checks } })
  for (const name of [SECOND, FIRST]) world.add(name)
  world.run(2_000)
  return world
}

function begin(world: World, options: PatchOptions = {}): { install: InstallId; ends: () => void } {
  const install = world.install(replicate(world, symbolicPatch(options)), ['provider'])
  const ends = () => {
    world.await('the install has ended', () => world.center.state.installs.get(install)?.state !== 'running')
    world.run(30_000)
  }
  return { install, ends }
}

const targetOf = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const operatorOf = (world: World, name: string) => world.appliance(name).operator
const orderOf = (world: World, name: string) => applianceStatus(world.appliance(name).state, true).order

test('checks that stay good are asked before and after on both members, and the report says so', () => {
  const world = pair()
  const { install, ends } = begin(world)
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
  for (const name of [FIRST, SECOND]) {
    assert.equal(operatorOf(world, name).looks.length, 2, 'before and after')
    assert.equal(targetOf(world, install, name)?.reason, '2 of 2 checks are good')
    assert.equal(
      targetOf(world, install, name)?.output,
      'check vpn: before good; after good\ncheck sessions: before good; after good',
    )
  }
})

test('a check that the patch breaks has it put back, the peer is left as it is, and the rollout halts with the reason', () => {
  const world = pair()
  operatorOf(world, FIRST).breakWithNext.add(SESSIONS)
  const { install, ends } = begin(world)
  world.await(
    'it waits for the check to be good again',
    () => orderOf(world, FIRST)?.reason.includes('looks again') === true,
  )
  assert.match(
    orderOf(world, FIRST)?.reason ?? '',
    /^waits until 20\S+Z at the latest and looks again every 10 seconds: the check sessions was good before and is bad after: patch-1 has broken it$/,
  )
  assert.deepEqual(
    orderOf(world, FIRST)?.checks.map(({ name, before, after }) => [name, before?.good, after?.good]),
    [
      ['vpn', true, true],
      ['sessions', true, false],
    ],
  )
  ends()
  const [first, second] = [targetOf(world, install, FIRST), targetOf(world, install, SECOND)]
  assert.equal(world.center.state.installs.get(install)?.state, 'halted')
  assert.equal(first?.state, 'reverted')
  assert.equal(
    first?.reason,
    'the check sessions was good before and is bad after: patch-1 has broken it; the version before is back',
  )
  assert.match(first?.output ?? '', /^check vpn: before good; after good\ncheck sessions: before good; after bad \(/)
  assert.equal(second?.state, 'refused')
  assert.equal(world.appliance(FIRST).installer.installedVersion('patch-1'), null)
  assert.deepEqual(world.appliance(SECOND).installer.started, [])
})

test('a check that is good again within a minute after the install blames nothing', () => {
  const world = pair()
  const { install, ends } = begin(world)
  world.await('the installer runs', () => world.appliance(FIRST).installer.started.includes('install patch-1'))
  operatorOf(world, FIRST).bad.set(VPN, 'it comes up')
  world.await('it waits', () => orderOf(world, FIRST)?.reason.includes('looks again') === true)
  operatorOf(world, FIRST).bad.delete(VPN)
  ends()
  assert.equal(targetOf(world, install, FIRST)?.state, 'installed')
})

test('a check that goes bad during the soak has the patch put back at its end', () => {
  const world = pair()
  const { install, ends } = begin(world, { soakSeconds: 60 })
  world.await('it soaks', () => orderOf(world, FIRST)?.phase === 'soaking')
  operatorOf(world, FIRST).bad.set(SESSIONS, 'they break down')
  ends()
  assert.equal(targetOf(world, install, FIRST)?.state, 'reverted')
  assert.equal(world.appliance(FIRST).installer.installedVersion('patch-1'), null)
})

test('while a check that must pass is bad nothing begins, and it begins when the check is good', () => {
  const world = pair()
  operatorOf(world, FIRST).bad.set(VPN, 'no route')
  const { install, ends } = begin(world)
  world.await('it waits', () => orderOf(world, FIRST)?.reason.includes('looks again') === true)
  world.run(60_000)
  const order = orderOf(world, FIRST)
  assert.equal(order?.phase, 'preflight')
  assert.match(order?.reason ?? '', /every 30 seconds: the check vpn is bad: no route$/)
  assert.ok(order?.stoppable)
  assert.deepEqual(world.appliance(FIRST).installer.started, [])
  operatorOf(world, FIRST).bad.delete(VPN)
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
})

test('a check that must pass and stays bad for ten minutes refuses the order without any change', () => {
  const world = pair()
  operatorOf(world, FIRST).bad.set(VPN, 'no route')
  const { install, ends } = begin(world)
  ends()
  const [first, second] = [targetOf(world, install, FIRST), targetOf(world, install, SECOND)]
  assert.deepEqual([first?.state, first?.refusal], ['refused', 'check_failed'])
  assert.equal(first?.reason, 'the check vpn is bad: no route; nothing was changed on this appliance')
  assert.match(first?.output ?? '', /^check vpn: before bad \(no route\); after not asked/)
  assert.equal(second?.state, 'refused')
  for (const name of [FIRST, SECOND]) assert.deepEqual(world.appliance(name).installer.started, [])
  assert.equal(world.center.state.installs.get(install)?.state, 'halted')
})

test('what was bad before and still is does not blame the patch, and is told', () => {
  const world = pair()
  for (const name of [FIRST, SECOND]) operatorOf(world, name).bad.set(SESSIONS, 'none')
  const { install, ends } = begin(world)
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
  assert.equal(
    targetOf(world, install, FIRST)?.reason,
    '1 of 2 checks are good; the check sessions was bad before and is bad after: none',
  )
})

for (const phase of ['installing', 'verifying', 'soaking', 'reverting'] as const) {
  test(`a crash while ${phase} forgets nothing of what the checks said before`, () => {
    const world = pair()
    operatorOf(world, FIRST).breakWithNext.add(SESSIONS)
    const { install, ends } = begin(world, { soakSeconds: phase === 'soaking' ? 30 : 0 })
    if (phase === 'soaking') operatorOf(world, FIRST).breakWithNext.clear()
    world.await(phase, () => orderOf(world, FIRST)?.phase === phase)
    if (phase === 'soaking') operatorOf(world, FIRST).bad.set(SESSIONS, 'they break down')
    world.restart(FIRST)
    ends()
    assert.equal(targetOf(world, install, FIRST)?.state, 'reverted')
    assert.match(
      targetOf(world, install, FIRST)?.reason ?? '',
      /^the check sessions was good before and is bad after: /,
    )
    assert.equal(world.appliance(FIRST).installer.installedVersion('patch-1'), null)
    assert.deepEqual(world.appliance(SECOND).installer.started, [])
  })
}

test('an answer to an order that was stopped is not taken for that of the next one', () => {
  const world = pair()
  const { install } = begin(world)
  const first = world.appliance(FIRST)
  world.await(
    'its checks are asked',
    () => first.state.orders.attempt?.checks.asked !== null && first.state.orders.attempt !== null,
  )
  const { asked } = first.state.orders.attempt?.checks ?? {}
  assert.ok(asked)
  world.restart(FIRST)
  const results = checks.map(({ name }) => ({ name, ok: true, reason: 'of before', output: '' }))
  world.await('they are asked anew', () => (first.state.orders.attempt?.checks.asked ?? null) !== null)
  first.hear({ kind: 'checked', round: asked.round + 100, results })
  assert.equal(first.state.orders.attempt?.phase, 'preflight')
  assert.deepEqual(first.installer.started, [])
  world.await('it ends all the same', () => targetOf(world, install, FIRST)?.state === 'installed')
})

test('an appliance whose ledger turned out to be an older one asks its checks again, and does not begin while one is bad', () => {
  const world = pair()
  operatorOf(world, FIRST).bad.set(VPN, 'no route')
  begin(world)
  world.await('it waits for the check', () => orderOf(world, FIRST)?.reason.includes('no route') === true)
  const { attempt } = world.appliance(FIRST).state.orders
  assert.ok(attempt !== null)
  // As lost-ledger.ts takes it: perhaps an installer was started of which it knows nothing.
  attempt.tries = 1
  world.run(90_000)
  assert.deepEqual(world.appliance(FIRST).installer.started, [])
  operatorOf(world, FIRST).bad.delete(VPN)
  world.await('it has begun', () => world.appliance(FIRST).installer.started.length > 0)
})
