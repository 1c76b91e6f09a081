/**
 * The planned switchover: a hook of the operator gives up service to a peer that serves, before anything interrupts this
 * appliance, and another takes it back when the attempt is over, however it ends.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import { applianceStatus } from '../../../agent/core/status.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { deliver, orderFor, replicate, sealedOrder } from '../../../simulator/world/estate.ts'
import { type PatchOptions, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const [FIRST, SECOND] = ['paris/secondary', 'paris/primary'] as const
const FAILED: Outcome = { ok: false, reason: 'it ended with status 1', output: 'no peer', temporary: false }

function pair(
  hookSeconds = { release: 30, takeBack: 30 as number | null },
  names: readonly string[] = [SECOND, FIRST],
) {
  const world = new World({ settings: { ...DEFAULT_SETTINGS, hookSeconds } })
  for (const name of names) world.add(name)
  world.run(2_000)
  return world
}

function begin(world: World, options: PatchOptions = {}): { install: InstallId; ends: () => void } {
  const install = world.install(replicate(world, symbolicPatch(options)), ['provider'])
  const ends = () => {
    world.await('the install has ended', () => world.center.state.installs.get(install)?.state !== 'running')
    world.run(60_000)
  }
  return { install, ends }
}

/** What ran there, in its order. */
const ranOn = (world: World, name: string): string[] =>
  world.disruptions.all.filter(({ appliance }) => appliance.name === name).map(({ step }) => step)
const targetOf = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const orderOf = (world: World, name: string) => applianceStatus(world.appliance(name).state, true).order
const leasesOf = (world: World, name: string) => world.appliance(name).state.leases

test('each member hands over its service before its installer starts, and takes it back when it is verified', () => {
  const world = pair()
  const { install, ends } = begin(world)
  world.await('the hook runs', () => orderOf(world, FIRST)?.phase === 'handing-over')
  const order = orderOf(world, FIRST)
  assert.match(order?.reason ?? '', /^gives up its service to a peer that has promised to serve: the hook/)
  assert.ok(order !== null && !order.stoppable && order.until > (order.since ?? ''))
  world.await('service is taken back', () => orderOf(world, FIRST)?.phase === 'taking-back')
  assert.match(orderOf(world, FIRST)?.reason ?? '', /^takes service back: .*; then it ends installed: /)
  assert.deepEqual(ranOn(world, SECOND), [], 'until then its peer begins nothing')
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
  for (const name of [FIRST, SECOND]) assert.deepEqual(ranOn(world, name), ['release', 'install', 'verify', 'takeBack'])
})

test('a hook that takes service back is not needed', () => {
  const world = pair({ release: 30, takeBack: null })
  const { install, ends } = begin(world)
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
  for (const name of [FIRST, SECOND]) assert.deepEqual(ranOn(world, name), ['release', 'install', 'verify'])
})

test('a patch that interrupts nothing needs no switchover', () => {
  const world = pair()
  begin(world, { restart: 'none' }).ends()
  assert.deepEqual(ranOn(world, FIRST), ['install', 'verify'])
})

test('the only member of its group, which a person lets be interrupted, has nobody to hand over to', () => {
  const world = pair({ release: 30, takeBack: 30 }, [FIRST])
  const patch = replicate(world)
  const install = world.install(patch, ['provider'], { allowOutage: true })
  world.await('it is installed', () => targetOf(world, install, FIRST)?.state === 'installed')
  assert.deepEqual(ranOn(world, FIRST), ['install', 'verify'])
})

test('a hook that fails before anything was interrupted ends the attempt, with nothing changed and service taken back', () => {
  const world = pair()
  world.appliance(FIRST).operator.outcomes.release.push(FAILED)
  const { install, ends } = begin(world)
  ends()
  const first = targetOf(world, install, FIRST)
  assert.deepEqual([first?.state, first?.refusal], ['refused', 'switchover_failed'])
  assert.equal(
    first?.reason,
    'service was not handed over to a peer: it ended with status 1; nothing was changed on this appliance',
  )
  assert.equal(first?.output, 'no peer')
  assert.deepEqual(ranOn(world, FIRST), ['release', 'takeBack'])
  assert.deepEqual(ranOn(world, SECOND), [])
  assert.equal(targetOf(world, install, SECOND)?.state, 'refused')
  assert.deepEqual([leasesOf(world, FIRST).asked, leasesOf(world, SECOND).granted], [null, null])
})

test('a peer that does not serve after the hook is not interrupted beside: service is taken back, and nothing was changed', () => {
  const world = pair()
  const { install } = begin(world)
  world.await('the hook runs', () => orderOf(world, FIRST)?.phase === 'handing-over')
  world.appliance(SECOND).stop()
  world.await('it has ended', () => world.appliance(FIRST).state.orders.attempt === null)
  assert.deepEqual(ranOn(world, FIRST), ['release', 'takeBack'])
  world.appliance(SECOND).start()
  world.await('it is told', () => targetOf(world, install, FIRST)?.state === 'refused')
  const first = targetOf(world, install, FIRST)
  assert.equal(first?.refusal, 'switchover_failed')
  assert.match(
    first?.reason ?? '',
    /^it has given up its service, and 30 seconds later waits for paris\/primary to say that it serves, .*; nothing was changed/,
  )
})

test('what is put back takes its service back after that', () => {
  const world = pair()
  world.appliance(FIRST).installer.outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
  const { install, ends } = begin(world)
  ends()
  assert.equal(targetOf(world, install, FIRST)?.state, 'reverted')
  assert.deepEqual(ranOn(world, FIRST), ['release', 'install', 'verify', 'revert', 'takeBack'])
  assert.deepEqual(ranOn(world, SECOND), [])
})

test('who cannot take its service back is tried three times, and its peer never begins until that is mended', () => {
  const world = pair()
  const { operator } = world.appliance(FIRST)
  operator.outcomes.takeBack.push(FAILED, FAILED, FAILED)
  const { install, ends } = begin(world)
  ends()
  const first = targetOf(world, install, FIRST)
  assert.equal(first?.state, 'failed')
  assert.match(
    first?.reason ?? '',
    /^service could not be taken back: it ended with status 1; .*before that it was installed/,
  )
  assert.deepEqual(ranOn(world, FIRST), ['release', 'install', 'verify', 'takeBack', 'takeBack', 'takeBack'])
  assert.deepEqual(ranOn(world, SECOND), [])
  assert.match(
    leasesOf(world, FIRST).broken?.reason ?? '',
    /^may not serve until an order for patch-1 ends well on it, since it could not take service back after patch-1@1/,
  )
  const again = world.install(symbolicPatch(), ['provider'])
  world.await('it has it again', () => targetOf(world, again, FIRST)?.state === 'installed')
  assert.equal(leasesOf(world, FIRST).broken, null)
  world.await('and its peer too', () => targetOf(world, again, SECOND)?.state === 'installed')
})

test('a hook that fails once when service is taken back is run again, and the install counts', () => {
  const world = pair()
  world.appliance(FIRST).operator.outcomes.takeBack.push(FAILED)
  const { install, ends } = begin(world)
  world.await(
    'it waits for the next try',
    () => orderOf(world, FIRST)?.reason.startsWith('cannot take service back yet') === true,
  )
  ends()
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
  assert.deepEqual(ranOn(world, FIRST), ['release', 'install', 'verify', 'takeBack', 'takeBack'])
})

describe('a crash of the agent', () => {
  test('in the middle of the hook waits for its end, takes service back, and changes nothing', () => {
    const world = pair()
    const { install, ends } = begin(world)
    world.await('the hook runs', () => orderOf(world, FIRST)?.phase === 'handing-over')
    world.restart(FIRST)
    ends()
    const first = targetOf(world, install, FIRST)
    assert.deepEqual([first?.state, first?.refusal], ['refused', 'switchover_failed'])
    assert.match(first?.reason ?? '', /the agent was started anew in the middle of the switchover; nothing was changed/)
    assert.deepEqual(ranOn(world, FIRST), ['release', 'takeBack'])
    const [release, takeBack] = world.disruptions.all
    assert.ok((release?.toMs ?? 0) <= (takeBack?.fromMs ?? 0), 'one after the other')
  })

  test('while it asks its peer after the hook takes service back too', () => {
    const world = pair()
    const { install, ends } = begin(world)
    world.await('it asks again', () => {
      const { attempt } = world.appliance(FIRST).state.orders
      return attempt?.phase === 'leasing' && attempt.gaveUp
    })
    world.restart(FIRST)
    ends()
    assert.equal(targetOf(world, install, FIRST)?.refusal, 'switchover_failed')
    assert.deepEqual(ranOn(world, FIRST), ['release', 'takeBack'])
  })

  for (const losesPower of [false, true]) {
    test(`${losesPower ? 'and of its machine ' : ''}while service is taken back runs that hook again, and the install counts`, () => {
      const world = pair()
      const { install, ends } = begin(world)
      world.await('service is taken back', () => orderOf(world, FIRST)?.phase === 'taking-back')
      if (losesPower) {
        world.appliance(FIRST).losePower()
        world.appliance(FIRST).start()
      } else world.restart(FIRST)
      ends()
      assert.equal(world.center.state.installs.get(install)?.state, 'done')
      assert.deepEqual(ranOn(world, FIRST).slice(-2), ['takeBack', 'takeBack'])
    })
  }

  for (const phase of ['installing', 'verifying', 'reverting'] as const) {
    test(`while ${phase} is followed by taking service back`, () => {
      const world = pair()
      if (phase === 'reverting')
        world.appliance(FIRST).installer.outcomes.verify.push({ ...FAILED, reason: 'it is not healthy' })
      const { ends } = begin(world)
      world.await(phase, () => orderOf(world, FIRST)?.phase === phase)
      world.restart(FIRST)
      ends()
      assert.equal(ranOn(world, FIRST).filter((step) => step === 'release').length, 1)
      assert.equal(ranOn(world, FIRST).at(-1), 'takeBack')
    })
  }
})

test('while a member gives up its service its peer is not granted anything, and a cancellation comes too late', () => {
  const world = pair()
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  world.await('the hook runs', () => orderOf(world, FIRST)?.phase === 'handing-over')
  const other = replicate(world, symbolicPatch({ name: 'patch-2' }))
  deliver(world, SECOND, sealedOrder(world, orderFor(world, SECOND, other)))
  world.ask({ kind: 'cancel-install', actor: 'admin', install })
  world.await('the first has ended', () => world.appliance(FIRST).state.orders.attempt === null)
  assert.deepEqual(ranOn(world, FIRST), ['release', 'install', 'verify', 'takeBack'])
  const [begun] = world.disruptions.all.filter(({ appliance }) => appliance.name === SECOND)
  const last = world.disruptions.all.findLast(({ appliance }) => appliance.name === FIRST)
  assert.ok(begun === undefined || begun.fromMs >= (last?.toMs ?? Number.POSITIVE_INFINITY))
})
