/**
 * How installs end: done means installed, a pair that has begun is finished, and what is not as it was meant to be is
 * named for whoever looks after it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { type InstallState, isUnderWay, type TargetState } from '../../../controller/core/rollout/install-states.ts'
import { troublesOf } from '../../../controller/core/troubles.ts'
import { installDetail } from '../../../controller/core/views.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estate, estateWithTenants, estateWithTwoTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const FAILED: Outcome = { ok: false, reason: 'the program ended with status 3', output: '', temporary: false }

const record = (world: World, install: InstallId) => {
  const found = world.center.state.installs.get(install)
  assert.ok(found)
  return found
}
const stateOf = (world: World, install: InstallId): InstallState => record(world, install).state
const targetOf = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const statesOf = (world: World, install: InstallId, ...names: string[]): (TargetState | undefined)[] =>
  names.map((name) => targetOf(world, install, name)?.state)
const mixedIn = (world: World, install: InstallId) => installDetail(world.center.state, record(world, install)).mixed
const troubles = (world: World, patch: SymbolicPatch) => troublesOf(world.center.state, patch.publication.sha256)
const cancel = (world: World, install: InstallId) => world.ask({ kind: 'cancel-install', actor: 'ann', install })
/** A patch that whoever has not got another one first refuses. */
const demanding = (world: World) => replicate(world, symbolicPatch({ manifest: { requires: [{ name: 'patch-0' }] } }))
function demandingAcme(world: World): SymbolicPatch {
  const before = world.install(replicate(world, symbolicPatch({ name: 'patch-0' })), ['provider'])
  world.await('the provider has what is needed', () => stateOf(world, before) === 'done')
  return demanding(world)
}
const isOver = (world: World, install: InstallId) => () => !isUnderWay(stateOf(world, install))

describe('F10: done means installed', () => {
  test('an install of which all refuse is halted, and says who refused and why', () => {
    const world = estate('paris')
    const patch = demanding(world)
    const install = world.install(patch, ['provider'])
    world.await('it is over', isOver(world, install))
    assert.equal(stateOf(world, install), 'halted')
    assert.match(record(world, install).reason, /^paris\/secondary refused: .+; it is not installed on 1 more either$/)
    assert.match(troubles(world, patch)[0] ?? '', /^paris\/secondary refused: /)
  })

  test('a secondary that refuses holds its primary, and no other pair', () => {
    const world = estateWithTenants('paris')
    const patch = demandingAcme(world)
    const install = world.install(patch, ['provider', 'acme'])
    world.await('it is over', isOver(world, install))
    assert.deepEqual(statesOf(world, install, 'paris/acme/secondary', 'paris/acme/primary'), ['refused', 'refused'])
    assert.equal(
      targetOf(world, install, 'paris/acme/primary')?.reason,
      'the other member did not end at this patch: paris/acme/secondary refused; nothing was changed here, so that both stay equal',
    )
    assert.deepEqual(statesOf(world, install, 'paris/secondary', 'paris/primary'), ['installed', 'installed'])
    assert.equal(stateOf(world, install), 'halted')
    assert.deepEqual(mixedIn(world, install), [])
  })

  test('where a patch is not meant for an appliance nothing is missing, and the reason names it', () => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/secondary').installer.notApplicable = 'has another architecture'
    const install = world.install(patch, ['provider'])
    world.await('it is over', isOver(world, install))
    assert.deepEqual(
      [stateOf(world, install), record(world, install).reason],
      ['done', 'not meant for paris/secondary'],
    )
    assert.deepEqual([mixedIn(world, install), troubles(world, patch)], [[], []])
  })

  test('an install that is meant for none of its appliances is not done', () => {
    const world = estate('paris')
    const patch = replicate(world)
    for (const { installer } of world.appliances.values()) installer.notApplicable = 'has another architecture'
    const install = world.install(patch, ['provider'])
    world.await('it is over', isOver(world, install))
    assert.deepEqual(
      [stateOf(world, install), record(world, install).reason],
      ['halted', 'it is meant for none of its appliances'],
    )
  })

  test('whoever has left the fleet is not missed', () => {
    const world = estateWithTenants('paris')
    const patch = demandingAcme(world)
    const install = world.install(patch, ['acme', 'provider'])
    world.run(500)
    for (const role of ['primary', 'secondary']) {
      const appliance = world.appliance(`paris/acme/${role}`).peer
      world.ask({ kind: 'retire-appliance', actor: 'ann', appliance, lastMember: true })
    }
    world.await('it is over', isOver(world, install))
    assert.equal(stateOf(world, install), 'done')
    assert.deepEqual(troubles(world, patch), [])
  })

  test('what was not started by the deadline is not done', () => {
    const world = estate('paris')
    const patch = replicate(world, symbolicPatch({ restart: 'service' }))
    world.appliance('paris/primary').stop()
    world.run(1_000)
    const install = world.install(patch, ['provider'])
    for (let hours = 0; hours < 25; hours++) world.run(3600_000)
    assert.equal(stateOf(world, install), 'halted')
    assert.match(
      record(world, install).reason,
      /cancelled: the deadline of the install has passed; it is not installed on 1 more either/,
    )
    assert.match(troubles(world, patch)[0] ?? '', /^its install halted before paris\/\w+: the deadline/)
  })

  test('an appliance of which nothing is heard any more is named, and is done when it is heard of', () => {
    const world = estate('paris')
    const patch = replicate(world, symbolicPatch({ restart: 'none' }))
    const install = world.install(patch, ['provider'])
    world.await('the primary has begun', () => targetOf(world, install, 'paris/primary')?.state === 'installing')
    world.network.cut('paris/primary', 'service-center')
    world.run(60 * 60_000)
    assert.equal(stateOf(world, install), 'halted')
    assert.match(record(world, install).reason, /^paris\/primary is not heard of any more$/)
    assert.match(troubles(world, patch)[0] ?? '', /mixed.*paris\/secondary has it and paris\/primary/)
    world.network.mend('paris/primary', 'service-center')
    world.await('it is done', () => stateOf(world, install) === 'done')
    assert.deepEqual([record(world, install).reason, troubles(world, patch)], ['', []])
  })

  test('who was ordered and is away for minutes needs somebody', () => {
    const world = estate('paris')
    const patch = replicate(world, symbolicPatch({ restart: 'none' }))
    world.install(patch, ['provider'])
    world.run(1_000)
    world.appliance('paris/secondary').stop()
    world.run(5 * 60_000)
    assert.deepEqual(troubles(world, patch), ['paris/secondary was ordered to install it and cannot be reached'])
  })

  test('what a later install has put right needs nobody', () => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/secondary').installer.outcomes.install.push(FAILED)
    const first = world.install(patch, ['provider'])
    world.await('it is over', isOver(world, first))
    assert.match(troubles(world, patch)[0] ?? '', /^paris\/secondary failed: the program ended with status 3/)
    const second = world.install(patch, ['provider'])
    world.await('it is done', () => stateOf(world, second) === 'done')
    assert.deepEqual(troubles(world, patch), [])
    assert.equal(stateOf(world, first), 'halted')
  })
})

describe('F11: no pair is left mixed without a word', () => {
  const MOMENTS_MS = [50, 300, 1_000, 2_500, 4_000, 5_500, 8_000]
  for (const ms of MOMENTS_MS) {
    test(`cancelled ${ms} ms after its start, every pair is equal when it has ended`, () => {
      const world = estateWithTenants('oslo', 'paris')
      const patch = replicate(world)
      const install = world.install(patch, ['provider', 'acme'])
      world.run(ms)
      cancel(world, install)
      world.run(120_000)
      for (const pair of ['oslo', 'paris', 'oslo/acme', 'paris/acme']) {
        const [one, other] = statesOf(world, install, `${pair}/secondary`, `${pair}/primary`)
        assert.equal(one, other, pair)
        assert.ok(one === 'installed' || one === 'cancelled', `${pair} is ${one}`)
      }
      assert.deepEqual([mixedIn(world, install), troubles(world, patch)], [[], []])
    })
  }

  test('a pair that has begun is finished when another one fails', () => {
    const world = estateWithTwoTenants('paris')
    const patch = replicate(world)
    world.appliance('paris/globex/secondary').installer.durationsMs.install = 500
    world.appliance('paris/globex/secondary').installer.outcomes.install.push(FAILED)
    const install = world.install(patch, ['provider', 'acme', 'globex'])
    world.await('it is halted', () => stateOf(world, install) === 'halted')
    world.run(60_000)
    assert.deepEqual(statesOf(world, install, 'paris/globex/secondary', 'paris/globex/primary'), ['failed', 'refused'])
    assert.deepEqual(statesOf(world, install, 'paris/acme/secondary', 'paris/acme/primary'), ['installed', 'installed'])
    assert.match(record(world, install).reason, /^paris\/globex\/secondary failed: /)
    assert.deepEqual(mixedIn(world, install), [])
  })

  test('a primary that fails after its secondary leaves the pair mixed, and that is told first', () => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/primary').installer.outcomes.install.push(FAILED)
    const install = world.install(patch, ['provider'])
    world.await('it is halted', () => stateOf(world, install) === 'halted')
    const sentence = /^paris\/secondary has it and paris\/primary of the same pair has not: the program ended/
    assert.match(mixedIn(world, install)[0] ?? '', sentence)
    assert.match(troubles(world, patch)[0] ?? '', /^a pair is mixed: paris\/secondary has it/)
    const again = world.install(patch, ['provider'])
    world.await('it is done', () => stateOf(world, again) === 'done')
    assert.deepEqual([mixedIn(world, install), troubles(world, patch)], [[], []])
  })

  test('a cancelled install whose primary cannot be reached says so, and then that the pair is mixed', () => {
    const world = estate('paris')
    const patch = replicate(world, symbolicPatch({ restart: 'none' }))
    const install = world.install(patch, ['provider'])
    world.run(1_000)
    cancel(world, install)
    world.appliance('paris/primary').stop()
    world.run(180_000)
    assert.match(targetOf(world, install, 'paris/primary')?.reason ?? '', /is not reachable/)
    for (let hours = 0; hours < 25; hours++) world.run(3600_000)
    assert.deepEqual(statesOf(world, install, 'paris/secondary', 'paris/primary'), ['installed', 'unknown'])
    assert.match(mixedIn(world, install)[0] ?? '', /^paris\/secondary has it and paris\/primary/)
    assert.match(troubles(world, patch)[0] ?? '', /^a pair is mixed/)
  })

  test('a cancelled install ends its pair where the secondary fails', () => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/secondary').installer.outcomes.install.push(FAILED)
    const install = world.install(patch, ['provider'])
    world.run(1_000)
    cancel(world, install)
    world.run(60_000)
    assert.deepEqual(statesOf(world, install, 'paris/secondary', 'paris/primary'), ['failed', 'refused'])
    assert.equal(stateOf(world, install), 'cancelled')
    assert.deepEqual(mixedIn(world, install), [])
  })

  test('a restart of the Service Center in between changes nothing of it', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const install = world.install(patch, ['provider'])
    world.run(1_000)
    cancel(world, install)
    world.center.stop()
    world.run(700)
    world.center.start()
    world.run(120_000)
    assert.deepEqual(statesOf(world, install, 'paris/secondary', 'paris/primary'), ['installed', 'installed'])
    assert.equal(stateOf(world, install), 'cancelled')
  })
})

describe('an install that waits for one appliance alone', () => {
  /** The pair of oslo has the patch, and the only member of paris waits for somebody to allow its outage. */
  function waiting(): { world: World; patch: SymbolicPatch; install: InstallId } {
    const world = estate('oslo')
    world.add('paris/primary')
    world.run(2_000)
    const patch = replicate(world)
    const install = world.install(patch, ['provider'])
    world.await('oslo has it', () => targetOf(world, install, 'oslo/primary')?.state === 'installed')
    return { world, patch, install }
  }

  test('holds nobody back whose own part in it has ended', () => {
    const { world, patch, install } = waiting()
    const { installer } = world.appliance('oslo/secondary')
    installer.changeByHand(patch.publication.name, null)
    const again = world.install(patch, ['provider'], { dataCenter: 'oslo' })
    world.await('it is done', () => stateOf(world, again) === 'done')
    assert.equal(installer.installedVersion(patch.publication.name), patch.publication.version)
    assert.equal(stateOf(world, install), 'running')
  })

  test('is named, with that appliance, to whoever starts another one there', () => {
    const { world, patch, install } = waiting()
    const reply = world.ask({
      ...{ kind: 'start-install', actor: 'ann', patch: patch.publication.sha256, dataCenter: 'All' },
      ...{ organizations: record(world, install).organizations, allowOutage: true },
    })
    assert.ok(isRefusal(reply))
    assert.equal(reply.refused, 'install_running')
    assert.equal(reply.message, `install ${install} of patch-1@1 is running on paris/primary`)
  })
})
