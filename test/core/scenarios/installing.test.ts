/**
 * What an install does on an appliance, how it ends when something fails, and what a crash in the middle of it costs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEffect, Outcome } from '../../../agent/core/events.ts'
import type { InstallState, TargetState } from '../../../controller/core/rollout/install-states.ts'
import { type InstallId, OrganizationName } from '../../../protocol/identifiers.ts'
import {
  deliver,
  estate,
  estateWithTenants,
  orderFor,
  replicate,
  sealedOrder,
} from '../../../simulator/world/estate.ts'
import type { World } from '../../../simulator/world/world.ts'

const FAILED: Outcome = { ok: false, reason: 'the program ended with status 3', output: 'no', temporary: false }

function stateOf(world: World, install: InstallId): InstallState | undefined {
  return world.center.state.installs.get(install)?.state
}

function targetState(world: World, install: InstallId, name: string): TargetState | undefined {
  return world.center.state.targets.get(install)?.get(world.appliance(name).peer)?.state
}

test('an installer that fails leaves the primary untouched and halts the install', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').installer.outcomes.install.push(FAILED)
  const install = world.install(patch, ['provider'])
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  world.run(30_000)
  assert.equal(targetState(world, install, 'paris/secondary'), 'failed')
  assert.equal(targetState(world, install, 'paris/primary'), 'refused')
  assert.deepEqual(world.appliance('paris/secondary').installer.started, ['install patch-1', 'revert patch-1'])
  assert.deepEqual(world.appliance('paris/primary').installer.started, [])
  world.transcript.check('installer fails')
})

test('X2: what an installer finds before it has changed anything is refused, the peer is left as it is, and nothing is put back', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/secondary')
  installer.outcomes.install.push({ ...FAILED, reason: '/srv/data is a folder here', untouched: true })
  const install = world.install(patch, ['provider'])
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  world.run(30_000)
  const target = world.center.state.targets.get(install)?.get(world.appliance('paris/secondary').peer)
  assert.equal(target?.state, 'refused')
  assert.equal(target?.refusal, 'not_installable')
  assert.equal(target?.reason, '/srv/data is a folder here; nothing was changed on this appliance')
  assert.deepEqual(installer.started, ['install patch-1'])
  assert.deepEqual(world.appliance('paris/primary').installer.started, [])
})

test('a version that is not healthy is taken back, and the report says reverted', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').installer.outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
  const install = world.install(patch, ['provider'])
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  world.run(30_000)
  assert.equal(targetState(world, install, 'paris/secondary'), 'reverted')
  assert.equal(world.appliance('paris/secondary').installer.installedVersion('patch-1'), null)
  assert.equal(world.appliance('paris/primary').installer.installedVersion('patch-1'), null)
  world.transcript.check('health fails')
})

test('a revert that fails is reported as failed, with both reasons', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { outcomes } = world.appliance('paris/secondary').installer
  outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
  outcomes.revert.push({ ...FAILED, reason: 'the snapshot is gone' })
  const install = world.install(patch, ['provider'])
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  const target = world.center.state.targets.get(install)?.get(world.appliance('paris/secondary').peer)
  assert.equal(target?.state, 'failed')
  assert.equal(target?.reason, 'it is not healthy; what was there could not be put back: the snapshot is gone')
})

const LOCKED: Outcome = { ...FAILED, temporary: true, reason: 'another program holds the lock of dpkg' }

test('X9: a revert that fails for now is tried again with growing waits until what was there is back', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, peer } = world.appliance('paris/secondary')
  installer.outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
  installer.outcomes.revert.push(LOCKED, LOCKED, LOCKED)
  const install = world.install(patch, ['provider'])
  world.await('it waits', () => /tries again/.test(world.center.state.targets.get(install)?.get(peer)?.reason ?? ''))
  const waiting = world.center.state.targets.get(install)?.get(peer)
  assert.equal(waiting?.state, 'verifying')
  assert.equal(
    waiting?.reason,
    'cannot put back yet what was there: another program holds the lock of dpkg; tries again in 10 seconds, after 1 of 28 times; the install failed: it is not healthy',
  )
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  world.run(1_000)
  assert.equal(targetState(world, install, 'paris/secondary'), 'reverted')
  assert.equal(installer.installedVersion('patch-1'), null)
  assert.deepEqual(world.appliance('paris/primary').installer.started, [])
  world.transcript.check('revert fails for now')
})

test('X9: an installer that failed and is put back at the second try ends as failed, with both reasons', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, peer } = world.appliance('paris/secondary')
  installer.outcomes.install.push(FAILED)
  installer.outcomes.revert.push(LOCKED)
  const install = world.install(patch, ['provider'])
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  const target = world.center.state.targets.get(install)?.get(peer)
  assert.equal(target?.state, 'failed')
  assert.equal(target?.reason, 'the program ended with status 3; the version before is back')
  assert.deepEqual(installer.started, ['install patch-1', 'revert patch-1', 'revert patch-1'])
})

test('X9: a revert goes on being tried when the agent was restarted in between, and the tries are counted on', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, peer } = world.appliance('paris/secondary')
  installer.outcomes.install.push(FAILED)
  installer.outcomes.revert.push(LOCKED, LOCKED, LOCKED)
  const install = world.install(patch, ['provider'])
  const reason = () => world.center.state.targets.get(install)?.get(peer)?.reason ?? ''
  world.await('it waits', () => /after 1 of/.test(reason()))
  world.restart('paris/secondary')
  world.await('it waits again', () => /after 2 of/.test(reason()))
  world.restart('paris/secondary')
  world.await('it waits once more', () => /after 3 of/.test(reason()))
  world.await('the install has ended', () => stateOf(world, install) === 'halted')
  assert.equal(installer.started.filter((run) => run === 'revert patch-1').length, 4)
  assert.equal(installer.started.filter((run) => run === 'install patch-1').length, 1)
})

test('X9: after the last try the attempt has failed, and says what is in the way and what to do', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, peer } = world.appliance('paris/secondary')
  installer.outcomes.install.push({ ...FAILED, reason: `it failed ${'for a long reason '.repeat(60)}` })
  installer.outcomes.revert.push(...Array.from({ length: 40 }, () => LOCKED))
  const install = world.install(patch, ['provider'])
  for (let tries = 0; tries < 200 && stateOf(world, install) !== 'halted'; tries++) world.run(60_000)
  const target = world.center.state.targets.get(install)?.get(peer)
  assert.equal(target?.state, 'failed')
  assert.match(
    target?.reason ?? '',
    /^it failed .* …; what was there could not be put back: another program holds the lock of dpkg; this was tried 28 times; order the patch again to have it tried once more$/,
  )
  assert.equal(installer.started.filter((run) => run === 'revert patch-1').length, 28)
  assert.equal(world.appliance('paris/secondary').state.orders.attempt, null)
})

test('X9: an order that comes while a revert waits is carried out after it', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/secondary')
  installer.outcomes.install.push(FAILED)
  installer.outcomes.revert.push(LOCKED)
  deliver(world, 'paris/secondary', sealedOrder(world, orderFor(world, 'paris/secondary', patch)))
  world.await('the revert waits', () => world.appliance('paris/secondary').state.orders.attempt?.failedReverts === 1)
  const later = orderFor(world, 'paris/secondary', patch, { sequence: 101 })
  deliver(world, 'paris/secondary', sealedOrder(world, later))
  world.await('it is installed', () => installer.installedVersion('patch-1') === '1')
  assert.deepEqual(installer.started.slice(0, 4), [
    'install patch-1',
    'revert patch-1',
    'revert patch-1',
    'install patch-1',
  ])
})

test('an error that the installer calls temporary is tried once more, and no third time', () => {
  const temporary = { ...FAILED, temporary: true, reason: 'the package database is locked' }
  const world = estate('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/secondary')
  installer.outcomes.install.push(temporary)
  const install = world.install(patch, ['provider'])
  world.await('the install is done', () => stateOf(world, install) === 'done')
  assert.deepEqual(installer.started, ['install patch-1', 'install patch-1', 'verify patch-1'])

  const other = estate('paris')
  other.appliance('paris/secondary').installer.outcomes.install.push(temporary, temporary)
  const second = other.install(replicate(other), ['provider'])
  other.await('the install is halted', () => stateOf(other, second) === 'halted')
  const { started } = other.appliance('paris/secondary').installer
  assert.deepEqual(started, ['install patch-1', 'install patch-1', 'revert patch-1'])
})

test('what a first try began is put back when the order expires before the second', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/secondary')
  installer.outcomes.install.push(LOCKED)
  const expiresAt = world.appliance('paris/secondary').state.clock.wallMs + 5_000
  deliver(world, 'paris/secondary', sealedOrder(world, orderFor(world, 'paris/secondary', patch, { expiresAt })))
  world.await('the order has ended', () => world.appliance('paris/secondary').state.orders.attempt === null)
  assert.deepEqual(installer.started, ['install patch-1', 'revert patch-1'])
})

test('a version that is there after a first try that failed is verified, and not only believed', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, state } = world.appliance('paris/secondary')
  installer.outcomes.install.push(LOCKED)
  const install = world.install(patch, ['provider'])
  world.await('it waits', () => typeof state.orders.attempt?.retryAtMs === 'number')
  installer.changeByHand('patch-1', '1')
  world.await('the install is done', () => stateOf(world, install) === 'done')
  assert.deepEqual(installer.started, ['install patch-1', 'verify patch-1'])
})

test('an appliance that has the version already reports it and runs nothing', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const first = world.install(patch, ['provider'])
  world.await('the install is done', () => stateOf(world, first) === 'done')
  const again = world.install(patch, ['provider'])
  world.await('the second one is done', () => stateOf(world, again) === 'done')
  for (const { installer } of world.appliances.values()) {
    assert.deepEqual(installer.started, ['install patch-1', 'verify patch-1'])
  }
})

test('an appliance that has told that the patch is not meant for it is left out, and the others go on', () => {
  const world = estate('paris')
  world.appliance('paris/secondary').installer.notApplicable = 'has another architecture'
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  world.await('the install is done', () => stateOf(world, install) === 'done')
  assert.equal(targetState(world, install, 'paris/secondary'), undefined)
  assert.equal(targetState(world, install, 'paris/primary'), 'installed')
})

test('where a patch is meant for none of the chosen appliances no install starts, and the reason is theirs', () => {
  const world = estate('paris')
  for (const { installer } of world.appliances.values()) installer.notApplicable = 'has another architecture'
  const patch = replicate(world).publication.sha256
  const organizations = [OrganizationName.parse('provider')]
  const command = {
    kind: 'start-install',
    actor: 'admin',
    organizations,
    dataCenter: 'All',
    allowOutage: false,
  } as const
  assert.deepEqual(world.ask({ ...command, patch }), {
    refused: 'not_applicable',
    message: 'patch-1@1 is meant for none of the chosen appliances: paris/primary: has another architecture',
  })
})

test('a tenant appliance takes the patch from its depot when an order needs it, and never over the WAN', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.run(5_000)
  assert.deepEqual(
    world.taken.filter(({ to }) => to.includes('acme')),
    [],
    'nothing is staged without an order',
  )
  const install = world.install(patch, ['acme'])
  world.await('the install is done', () => stateOf(world, install) === 'done')
  const sources = new Set(world.taken.filter(({ to }) => to.includes('acme')).map(({ from }) => from))
  assert.ok([...sources].every((name) => name === 'paris/primary' || name === 'paris/secondary'))
  assert.equal(world.replications(patch), '2/2', 'the column counts the depot only')
  world.transcript.check('tenant appliance stages from its depot')
})

test('cancelling begins no new pair, finishes the one that has begun, and may be done twice', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  world.run(1_000)
  for (const _ of [1, 2]) {
    assert.deepEqual(world.ask({ kind: 'cancel-install', actor: 'admin', install }), {
      kind: 'install-cancelled',
      install,
    })
  }
  world.run(30_000)
  assert.equal(stateOf(world, install), 'cancelled')
  assert.equal(targetState(world, install, 'paris/secondary'), 'installed')
  assert.equal(targetState(world, install, 'paris/primary'), 'installed')
})

test('an order is carried out to its end while the Service Center is away, and is reported when it is back', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  world.run(1_000)
  world.center.stop()
  world.run(60_000)
  assert.equal(world.appliance('paris/secondary').installer.installedVersion('patch-1'), '1')
  world.center.start()
  world.await('the install is done', () => stateOf(world, install) === 'done')
})

type Crash = { phase: string; when: (effect: AgentEffect) => boolean; outcomes?: 'unhealthy'; ends: TargetState }

const runsStep = (step: string) => (effect: AgentEffect) => effect.kind === 'run-step' && effect.step === step
const crashes: Crash[] = [
  { phase: 'preflight', when: ({ kind }) => kind === 'detect', ends: 'installed' },
  { phase: 'installing', when: runsStep('install'), ends: 'installed' },
  { phase: 'verifying', when: runsStep('verify'), ends: 'installed' },
  { phase: 'reverting', when: runsStep('revert'), outcomes: 'unhealthy', ends: 'reverted' },
]

for (const { phase, when, outcomes, ends } of crashes) {
  for (const moment of ['before', 'after'] as const) {
    test(`a crash while ${phase}, ${moment} its step begins, never starts the installer twice, and the order ends`, () => {
      const world = estate('paris')
      const patch = replicate(world)
      const appliance = world.appliance('paris/secondary')
      if (outcomes === 'unhealthy') appliance.installer.outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
      const install = world.install(patch, ['provider'])
      appliance.crashPoint = { when, moment }
      world.await('it has crashed', () => !appliance.isRunning)
      world.run(1_000)
      world.restart('paris/secondary')
      const target = () => targetState(world, install, 'paris/secondary') as TargetState
      world.await('the order has ended', () => ['installed', 'failed', 'reverted', 'refused'].includes(target()))
      const installs = appliance.installer.started.filter((run) => run === 'install patch-1').length
      assert.ok(installs <= 1, 'the installer is never started twice')
      // An installer that never began leaves nothing to verify: the attempt is judged by what is found.
      const neverBegan = phase === 'installing' && moment === 'before'
      assert.equal(target(), neverBegan ? 'reverted' : ends)
      if (moment === 'after') world.transcript.check(`crash while ${phase}`)
    })
  }
}

test('a crash while a tenant appliance is staging goes on with the pieces that are missing, and the order ends', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const name = 'paris/acme/secondary'
  const install = world.install(patch, ['acme'])
  world.await('two pieces are staged', () => world.taken.filter(({ to }) => to === name).length === 2)
  world.run(10)
  world.restart(name)
  world.await('the install is done', () => stateOf(world, install) === 'done')
  const taken = world.taken.filter(({ to }) => to === name).map(({ index }) => index)
  assert.deepEqual(taken.sort(), [0, 1, 2, 3], 'no piece was staged twice')
  assert.deepEqual(world.appliance(name).installer.started, ['install patch-1', 'verify patch-1'])
  world.transcript.check('crash while staging')
})

test('an agent that crashes again and again while it installs still starts the installer once', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const appliance = world.appliance('paris/secondary')
  deliver(world, 'paris/secondary', sealedOrder(world, orderFor(world, 'paris/secondary', patch)))
  for (let crash = 0; crash < 20; crash++) {
    world.run(130)
    world.restart('paris/secondary')
  }
  world.run(60_000)
  assert.equal(appliance.installer.started.filter((run) => run === 'install patch-1').length, 1)
  assert.equal(appliance.state.orders.attempt, null)
  assert.equal(appliance.installer.installedVersion('patch-1'), '1')
})
