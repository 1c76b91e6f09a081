/**
 * The order in which the members of groups and the Data Centers of organizations are installed, and what is never so.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome } from '../../../agent/core/events.ts'
import { groupKey } from '../../../controller/core/census.ts'
import { isUnderWay } from '../../../controller/core/rollout/install-states.ts'
import { isInFlight } from '../../../controller/core/rollout/ongoing.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

/** H1 on the appliances; one install for each pair and one Data Center at a time, as the Service Center orders. */
function watch(world: World): void {
  world.invariants.push(() => {
    const { state } = world.center
    const inFlight = [...state.targets.values()].flatMap((targets) =>
      [...targets.values()]
        .filter(isInFlight)
        .map(({ install, appliance }) => ({ install, appliance: state.appliances.get(appliance) })),
    )
    const groups = new Map<string, string>()
    for (const { install, appliance } of inFlight) {
      assert.ok(appliance)
      const other = groups.get(groupKey(appliance)) ?? install
      assert.equal(other, install, `the pair of ${appliance.name} is ordered by two installs at once`)
      groups.set(groupKey(appliance), install)
    }
    const sites = new Map<string, string>()
    for (const { appliance } of inFlight) {
      assert.ok(appliance)
      const { organization, dataCenter } = appliance
      assert.equal(sites.get(organization) ?? dataCenter, dataCenter, `${organization} has orders in two Data Centers`)
      sites.set(organization, dataCenter)
    }
    const disrupted = new Map<string, string>()
    for (const { name, state: agent } of world.appliances.values()) {
      if (!['installing', 'verifying', 'reverting'].includes(agent.orders.attempt?.phase ?? '')) continue
      const group = name.slice(0, name.lastIndexOf('/'))
      assert.equal(disrupted.get(group), undefined, `${name} and ${disrupted.get(group)} are disrupted at once`)
      disrupted.set(group, name)
    }
  })
}

function ended(world: World): boolean {
  return [...world.center.state.installs.values()].every(({ state }) => !isUnderWay(state))
}

function installs(world: World): string[] {
  return world.transcript.lines.flatMap((line) => /(\S+) +starts install of/.exec(line)?.[1] ?? [])
}

test('secondaries come first, one member of a group at a time, one Data Center of an organization at a time', () => {
  const world = estateWithTenants('oslo', 'paris')
  watch(world)
  const patch = replicate(world)
  world.install(patch, ['provider', 'acme'])
  world.await('it has ended', () => ended(world))
  const order = installs(world)
  assert.equal(order.length, 8)
  for (const pair of ['oslo', 'paris', 'oslo/acme', 'paris/acme']) {
    assert.ok(order.indexOf(`${pair}/secondary`) < order.indexOf(`${pair}/primary`), pair)
  }
  for (const organization of ['', 'acme/']) {
    const mine = order.filter((name) => name.split('/').length === (organization === '' ? 2 : 3))
    assert.equal(
      new Set(mine.slice(0, 2).map((name) => name.split('/')[0])).size,
      1,
      'a pair ends before the next begins',
    )
  }
})

test('an organization with many Data Centers is installed in one after the other, also when one of them is not ready', () => {
  const world = estate('oslo', 'paris', 'rome')
  watch(world)
  const patch = replicate(world)
  world.appliance('oslo/primary').stop()
  world.appliance('oslo/secondary').stop()
  world.run(1_000)
  world.install(patch, ['provider'])
  world.run(60_000)
  assert.equal(installs(world).filter((name) => name.startsWith('oslo')).length, 0)
  assert.equal(installs(world).length, 4, 'the others do not wait for a Data Center that is away')
  world.restart('oslo/primary')
  world.restart('oslo/secondary')
  world.await('it has ended', () => ended(world))
  assert.equal(installs(world).length, 6)
})

test('an appliance of which nothing is heard any more holds its own Data Center only, and its pair finishes alone', () => {
  const world = estate('oslo', 'paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  const install = world.install(patch, ['provider'])
  world.run(1_000)
  world.network.cut('oslo/secondary', 'service-center')
  world.run(30 * 60_000)
  const target = (name: string) => world.center.state.targets.get(install)?.get(world.appliance(name).peer)
  assert.equal(target('oslo/secondary')?.state, 'unknown')
  assert.equal(target('oslo/primary')?.state, 'installed', 'its pair has finished alone')
  assert.deepEqual(installs(world).toSorted(), ['oslo/primary', 'oslo/secondary', 'paris/primary', 'paris/secondary'])
  world.network.mend('oslo/secondary', 'service-center')
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
})

test('a pair that has begun is finished before another Data Center that becomes ready meanwhile', () => {
  const world = estate('oslo', 'paris')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.network.cut(name, 'service-center')
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('paris is complete', () => world.replications(patch) === '2/4')
  world.install(patch, ['provider'])
  world.run(500)
  for (const name of ['oslo/primary', 'oslo/secondary']) world.network.mend(name, 'service-center')
  for (const name of ['paris/primary', 'paris/secondary']) {
    const { outcomes } = world.appliance(name).installer
    outcomes.install.push({ ok: false, reason: 'locked', output: '', temporary: true })
  }
  world.await('it has ended', () => ended(world))
  const sites = installs(world).map((name) => name.split('/')[0])
  assert.deepEqual(sites, sites.toSorted().reverse(), 'all of paris, then all of oslo')
})

test('a patch that interrupts its appliance waits while the peer cannot be reached, and says for whom', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'service' }))
  world.appliance('paris/primary').stop()
  world.run(1_000)
  const install = world.install(patch, ['provider'])
  world.run(60_000)
  assert.deepEqual(installs(world), [])
  const target = world.center.state.targets.get(install)?.get(world.appliance('paris/secondary').peer)
  assert.match(target?.reason ?? '', /waits until its peer paris\/primary can be reached/)
  world.restart('paris/primary')
  world.await('it has ended', () => ended(world))
  world.transcript.check('unreachable peer holds a disrupting patch back')
})

test('a patch that interrupts nothing does not wait for a peer that cannot be reached', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  world.appliance('paris/primary').stop()
  world.run(1_000)
  world.install(patch, ['provider'])
  world.run(30_000)
  assert.deepEqual(installs(world), ['paris/secondary'])
})

test('a patch that interrupts is installed without its peer only when an outage is allowed', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'reboot' }))
  world.appliance('paris/primary').stop()
  world.run(1_000)
  world.install(patch, ['provider'], { allowOutage: true })
  world.run(30_000)
  assert.deepEqual(installs(world), ['paris/secondary'])
})

test('an only member is interrupted only when an outage is allowed', () => {
  const world = new World()
  world.add('paris/primary')
  world.run(1_000)
  const patch = replicate(world, symbolicPatch({ restart: 'service' }))
  const install = world.install(patch, ['provider'])
  world.run(30_000)
  assert.deepEqual(installs(world), [])
  world.ask({ kind: 'cancel-install', actor: 'admin', install })
  world.install(patch, ['provider'], { allowOutage: true })
  world.await('it has ended', () => ended(world))
  assert.deepEqual(installs(world), ['paris/primary'])
})

test('two installs of different patches never have orders for one group in flight', () => {
  const world = estate('paris')
  watch(world)
  const one = replicate(world, symbolicPatch({ name: 'patch-1' }))
  const other = replicate(world, symbolicPatch({ name: 'patch-2' }))
  world.install(one, ['provider'])
  world.run(3_000)
  world.install(other, ['provider'])
  world.await('both have ended', () => ended(world))
  for (const { installer } of world.appliances.values()) {
    assert.deepEqual(installer.started.filter((run) => run.startsWith('install')).sort(), [
      'install patch-1',
      'install patch-2',
    ])
  }
})

const NAMES = ['oslo', 'paris'].flatMap((site) =>
  [site, `${site}/acme`].flatMap((group) => [`${group}/primary`, `${group}/secondary`]),
)
const FAILED: Outcome = { ok: false, reason: 'it failed', output: '', temporary: false }
type Act = (world: World) => void
const name = fc.constantFrom(...NAMES)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: 50, max: 6_000 }).map(
      (ms): Act =>
        (world) =>
          world.run(ms),
    ),
  },
  {
    weight: 2,
    arbitrary: name.map(
      (who): Act =>
        (world) =>
          world.restart(who),
    ),
  },
  {
    weight: 1,
    arbitrary: name.map(
      (who): Act =>
        (world) => {
          if (world.appliance(who).isRunning) world.appliance(who).stop()
          else world.restart(who)
        },
    ),
  },
  {
    weight: 1,
    arbitrary: name.map(
      (who): Act =>
        (world) => {
          const above = who.split('/').length === 2 ? 'service-center' : `${who.split('/')[0]}/primary`
          world.network.cut(who, above)
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Act>((world) => {
      world.center.stop()
      world.run(700)
      world.center.start()
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(name, fc.constantFrom('install', 'verify', 'revert') as fc.Arbitrary<'install' | 'verify' | 'revert'>)
      .map(
        ([who, step]): Act =>
          (world) => {
            world.appliance(who).installer.outcomes[step].push(FAILED)
          },
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('patch-1', 'patch-2').map(
      (patch): Act =>
        (world) => {
          const record = [...world.center.state.patches.values()].find(({ publication }) => publication.name === patch)
          if (record === undefined) return
          const organizations = [
            ...new Set([...world.center.state.appliances.values()].map(({ organization }) => organization)),
          ]
          world.ask({
            kind: 'start-install',
            actor: 'admin',
            patch: record.sha256,
            organizations,
            dataCenter: 'All',
            allowOutage: false,
          })
        },
    ),
  },
)

test('whatever is restarted, cut off or fails: never two installs for one group in flight, and every order ends', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 25 }), (acts) => {
      const world = estateWithTenants('oslo', 'paris')
      const patch = replicate(world, symbolicPatch({ name: 'patch-1' }))
      replicate(world, symbolicPatch({ name: 'patch-2' }))
      watch(world)
      world.install(patch, ['provider', 'acme'])
      for (const each of acts) each(world)

      for (const who of NAMES) {
        world.network.mend(who, 'service-center')
        world.network.mend(who, `${who.split('/')[0]}/primary`)
        if (!world.appliance(who).isRunning) world.restart(who)
      }
      world.await('every install has ended', () => ended(world))
      world.await('no appliance has an order', () =>
        [...world.appliances.values()].every(({ state }) => state.orders.attempt === null),
      )
      for (const { name, installer } of world.appliances.values()) {
        for (const patchName of ['patch-1', 'patch-2']) {
          const orders = [...world.center.state.installs.values()].filter(
            ({ patch: id }) => world.center.state.patches.get(id)?.publication.name === patchName,
          ).length
          const runs = installer.started.filter((run) => run === `install ${patchName}`).length
          assert.ok(runs <= orders, `${name} ran the installer of ${patchName} ${runs} times under ${orders} orders`)
        }
      }
    }),
    { numRuns: 40, seed: 20_260_101 },
  )
})
