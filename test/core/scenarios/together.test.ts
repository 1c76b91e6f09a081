/**
 * Several patches in one interruption of each pair: all are copied before the first begins, nobody of the pair begins
 * between two of them, each has its own end and its own way back, and a pair ends equal for each of them.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const FAILED: Outcome = { ok: false, reason: 'status 3', output: '', temporary: false }
const TENANTS = ['paris/acme/secondary', 'paris/acme/primary'] as const
const [FIRST, SECOND] = TENANTS

const has = (world: World, name: string, patch: SymbolicPatch): boolean =>
  world.appliance(name).installer.installedVersion(patch.publication.name) === patch.publication.version
const target = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const isIdle = (world: World, name: string): boolean => {
  const { attempt, queue } = world.appliance(name).state.orders
  return attempt === null && queue.length === 0
}
const stateOf = (world: World, install: InstallId) => world.center.state.installs.get(install)?.state

/** `b` needs `a`, and both are everywhere. */
function both(world: World): { a: SymbolicPatch; b: SymbolicPatch } {
  const a = replicate(world, symbolicPatch({ name: 'a' }))
  const b = replicate(world, symbolicPatch({ name: 'b', manifest: { requires: [{ name: 'a' }] } }))
  return { a, b }
}

/** The install of `b`, and that of `a` which goes before it. */
function started(world: World, { a, b }: { a: SymbolicPatch; b: SymbolicPatch }) {
  const later = world.install(b, ['acme'], { first: [a] })
  const earlier = world.center.state.installs.get(later)?.continues
  assert.ok(earlier != null, 'it goes on from another one')
  return { earlier, later }
}

/** The steps that were started, over all of the pair, in the order in which they began. */
function watchStarts(world: World): string[] {
  const begun: string[] = []
  for (const name of TENANTS) {
    const { started: own } = world.appliance(name).installer
    const push = own.push.bind(own)
    own.push = (...steps) => {
      begun.push(...steps.map((step) => `${step} on ${name}`))
      return push(...steps)
    }
  }
  return begun
}

describe('two patches of which the second needs the first', () => {
  test('are installed one after the other on each member, and nobody begins in between', () => {
    const world = estateWithTenants('paris')
    const patches = both(world)
    const begun = watchStarts(world)
    const { earlier, later } = started(world, patches)
    world.await('both installs are done', () => [earlier, later].every((id) => stateOf(world, id) === 'done'))
    const each = (name: string) =>
      ['install a', 'verify a', 'install b', 'verify b'].map((step) => `${step} on ${name}`)
    assert.deepEqual(begun, [...each(FIRST), ...each(SECOND)])
  })

  test('are both copied before the first of them begins', () => {
    const world = estateWithTenants('paris')
    const patches = both(world)
    const held: boolean[] = []
    const { installer, state } = world.appliance(FIRST)
    const push = installer.started.push.bind(installer.started)
    installer.started.push = (...started_) => {
      held.push(state.replicas.get(patches.b.publication.sha256)?.phase.name === 'held')
      return push(...started_)
    }
    const { later } = started(world, patches)
    world.await('it is done', () => stateOf(world, later) === 'done')
    assert.deepEqual(held, [true, true, true, true])
  })

  test('end installed on both members with the Service Center gone for good after the orders', () => {
    const world = estateWithTenants('paris')
    const patches = both(world)
    const { later } = started(world, patches)
    world.await('all have come', () => TENANTS.every((name) => (target(world, later, name)?.counter ?? 0) > 0))
    world.center.stop()
    world.await('both have both', () =>
      TENANTS.every((name) => has(world, name, patches.a) && has(world, name, patches.b) && isIdle(world, name)),
    )
  })

  for (const step of ['install', 'verify'] as const) {
    test(`end equal where the first member fails to ${step} the second patch: both have the first one`, () => {
      const world = estateWithTenants('paris')
      const patches = both(world)
      const { earlier, later } = started(world, patches)
      const { outcomes, started: steps } = world.appliance(FIRST).installer
      const before = step === 'install' ? 'verify a' : 'install b'
      world.await('the step before has begun', () => steps.includes(before))
      outcomes[step].push(FAILED)
      world.await('both have ended', () => TENANTS.every((name) => isIdle(world, name)))
      world.await('both installs have ended', () =>
        [earlier, later].every((id) => stateOf(world, id) === 'halted' || stateOf(world, id) === 'done'),
      )
      for (const name of TENANTS)
        assert.deepEqual([has(world, name, patches.a), has(world, name, patches.b)], [true, false])
      assert.equal(stateOf(world, later), 'halted')
    })
  }

  test('end at what was there before where the first member fails with the first patch', () => {
    const world = estateWithTenants('paris')
    const patches = both(world)
    const { earlier, later } = started(world, patches)
    world.appliance(FIRST).installer.outcomes.install.push(FAILED)
    world.await('both installs halt', () => [earlier, later].every((id) => stateOf(world, id) === 'halted'))
    world.await('both have ended', () => TENANTS.every((name) => isIdle(world, name)))
    for (const name of TENANTS) {
      assert.deepEqual([has(world, name, patches.a), has(world, name, patches.b)], [false, false])
    }
    assert.equal(
      target(world, later, FIRST)?.reason,
      'the patch that goes first on this appliance ended as failed; nothing was changed for this one',
    )
  })

  for (const who of TENANTS) {
    test(`end equal when ${who} crashes at any moment`, () => {
      for (const ms of [0, 700, 1_900, 3_000, 4_100, 5_200, 6_500, 8_000, 9_500, 11_000]) {
        const world = estateWithTenants('paris')
        const patches = both(world)
        const { later } = started(world, patches)
        world.await('all have come', () => TENANTS.every((name) => (target(world, later, name)?.counter ?? 0) > 0))
        world.run(ms)
        world.appliance(who).stop()
        world.run(45_000)
        world.restart(who)
        world.await('both have ended', () => TENANTS.every((name) => isIdle(world, name)))
        for (const patch of [patches.a, patches.b]) {
          assert.equal(has(world, FIRST, patch), has(world, SECOND, patch), `equal after a crash ${ms} ms later`)
        }
      }
    })
  }

  test('are cancelled together, paused together and resumed together', () => {
    const world = estateWithTenants('paris')
    const { earlier, later } = started(world, both(world))
    const states = () => [earlier, later].map((id) => stateOf(world, id))
    world.ask({ kind: 'pause-install', actor: 'ann', install: later })
    assert.deepEqual(states(), ['paused', 'paused'])
    world.ask({ kind: 'resume-install', actor: 'ann', install: earlier, retryFailed: false })
    assert.deepEqual(states(), ['running', 'running'])
    world.ask({ kind: 'cancel-install', actor: 'ann', install: earlier })
    assert.deepEqual(states(), ['cancelled', 'cancelled'])
  })

  test('halt together where the canary fails with the second, and nobody else begins with the first', () => {
    const world = estateWithTenants('paris', 'rome')
    const patches = both(world)
    const { earlier, later } = started(world, patches)
    world.await('somebody has begun', () =>
      [...world.appliances.values()].some(({ installer }) => installer.started.length > 0),
    )
    const canary = [...world.appliances.values()].find(({ installer }) => installer.started.length > 0)
    assert.ok(canary !== undefined)
    world.await('the first patch is there', () => canary.installer.installedVersion('a') === '1')
    canary.installer.outcomes.install.push(FAILED)
    world.await('both halt', () => [earlier, later].every((id) => stateOf(world, id) === 'halted'))
    world.run(120_000)
    const elsewhere = [...world.appliances.values()].filter(
      ({ name }) => name.split('/')[0] !== canary.name.split('/')[0],
    )
    for (const { name, installer } of elsewhere) assert.deepEqual(installer.started, [], name)
  })

  test('a patch that is everywhere already is not installed before another one', () => {
    const world = estateWithTenants('paris')
    const { a, b } = both(world)
    const alone = world.install(a, ['acme'])
    world.await('it is done', () => stateOf(world, alone) === 'done')
    const later = world.install(b, ['acme'], { first: [a] })
    assert.equal(world.center.state.installs.get(later)?.continues, null)
  })

  test('a patch that is named twice is refused', () => {
    const world = estateWithTenants('paris')
    const { a } = both(world)
    const { sha256: patch } = a.publication
    const organizations = [world.appliance(FIRST).state.membership?.organization ?? assert.fail('a member')]
    const reply = world.ask({
      ...{ kind: 'start-install', actor: 'ann', patch, organizations, dataCenter: 'All', allowOutage: false },
      first: [patch],
    })
    assert.equal(isRefusal(reply) && reply.refused, 'bad_request')
  })
})

describe('a copy that is lost between the staging and the first installer', () => {
  /** Copies are read again within seconds. */
  const settings = { ...DEFAULT_SETTINGS, proveEveryMs: 5_000, proveBytesPerSecond: 20_000_000 }
  const DEPOT = ['paris/primary', 'paris/secondary'] as const

  function fleet(hookSeconds = DEFAULT_SETTINGS.hookSeconds): World {
    const world = new World({ settings: { ...settings, hookSeconds } })
    for (const names of [DEPOT, TENANTS]) {
      for (const name of names) world.add(name)
      world.run(2_000)
    }
    return world
  }

  /** It is found at once, and nobody can give it again. */
  function lose(world: World, { publication: { sha256 } }: SymbolicPatch): void {
    for (const name of DEPOT) world.appliance(name).store.disk.failing.add('read')
    const { store, state } = world.appliance(FIRST)
    store.lose(sha256)
    world.await('it is found', () => state.replicas.get(sha256)?.phase.name !== 'held')
  }

  function giveAgain(world: World): void {
    for (const name of DEPOT) world.appliance(name).store.disk.failing.clear()
  }

  test('holds back the patch that goes first, until the later one is there again', () => {
    const world = fleet()
    const patches = both(world)
    world.appliance(SECOND).stop()
    const { later } = started(world, patches)
    const { state, installer } = world.appliance(FIRST)
    world.await('it asks its peer', () => state.orders.attempt?.phase === 'leasing')
    lose(world, patches.b)
    world.restart(SECOND)
    world.await('it waits for the copy', () => state.orders.attempt?.phase === 'staging')
    world.run(120_000)
    assert.deepEqual(installer.started, [])
    giveAgain(world)
    world.await('both have both', () => stateOf(world, later) === 'done')
  })

  test('has service taken back, where that was handed over already, and nothing begins', () => {
    const world = fleet({ release: 60, takeBack: 60 })
    const patches = both(world)
    const { state, installer, operator } = world.appliance(FIRST)
    operator.durationsMs.release = 30_000
    const { later } = started(world, patches)
    world.await('service is handed over', () => state.orders.attempt?.phase === 'handing-over')
    lose(world, patches.b)
    world.await('its order has ended', () => isIdle(world, FIRST))
    assert.deepEqual(installer.started, [])
    world.await('it is told', () => target(world, later, FIRST)?.state === 'refused')
  })
})
