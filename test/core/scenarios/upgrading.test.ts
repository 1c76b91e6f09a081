/**
 * The agents of a fleet are upgraded through the fleet: a new release stays when its peer and the Service Center have seen it,
 * and whatever else happens one whole release runs in the end, and what is told of it is true.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import { installDetail } from '../../../controller/core/views.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { FIRST_RELEASE, FLAWS, type Flaw } from '../../../simulator/world/simulated-updater.ts'
import { agentPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const NEW = '2'
const MINUTE_MS = 60_000

function organizationsOf(world: World): string[] {
  return [...new Set([...world.center.state.appliances.values()].map(({ organization }) => organization))]
}

function upgrade(world: World, options: { flaw?: Flaw; version?: string; allowOutage?: boolean } = {}) {
  const { flaw, version = NEW, allowOutage = false } = options
  if (flaw !== undefined) world.flaws.set(version, flaw)
  const patch = replicate(world, agentPatch(version))
  const id = world.install(patch, organizationsOf(world), { allowOutage })
  const shown = () => {
    const record = world.center.state.installs.get(id)
    assert.ok(record !== undefined)
    return installDetail(world.center.state, record)
  }
  return { shown, isOver: () => ['done', 'halted'].includes(shown().state) }
}

const running = (world: World): string[] => [...world.appliances.values()].map(({ updater }) => updater.release)
const kept = (world: World): string[] => [...world.appliances.values()].map(({ updater }) => updater.kept)
const tried = (world: World, version: string): string[] =>
  [...world.appliances.values()].filter(({ updater }) => updater.everTried.includes(version)).map(({ name }) => name)
const isHeard = (world: World): boolean =>
  [...world.appliances.values()].every(({ peer }) => world.center.state.sessions.has(peer))

describe('a release of the agent', () => {
  test('comes to everybody, one of a pair after the other', () => {
    const world = estateWithTenants('paris')
    const groups = new Set<string>()
    world.invariants.push(() => {
      const trying = [...world.appliances.values()].filter(({ updater }) => updater.isTried)
      groups.clear()
      for (const { name } of trying) groups.add(name.replace(/\/[^/]+$/, ''))
      assert.equal(groups.size, trying.length)
    })
    const { shown, isOver } = upgrade(world)
    world.await('the install is over', isOver)
    assert.equal(shown().state, 'done', JSON.stringify(shown().targets))
    assert.deepEqual([new Set(running(world)), new Set(kept(world))], [new Set([NEW]), new Set([NEW])])
    assert.ok(shown().targets.every(({ state, installedVersion }) => state === 'installed' && installedVersion === NEW))
  })

  for (const flaw of FLAWS) {
    test(`that ${flaw} is tried once, and the release before is back by itself`, () => {
      const world = estateWithTenants('paris')
      const { shown, isOver } = upgrade(world, { flaw })
      world.await('the install is over', isOver)
      world.await('everybody is heard', () => isHeard(world))
      assert.equal(shown().state, 'halted')
      assert.equal(tried(world, NEW).length, 1)
      assert.deepEqual(
        [new Set(running(world)), new Set(kept(world))],
        [new Set([FIRST_RELEASE]), new Set([FIRST_RELEASE])],
      )
      const reverted = shown().targets.filter(({ state }) => state === 'reverted')
      assert.equal(reverted.length, 1, JSON.stringify(shown().targets))
      assert.match(reverted[0]?.reason ?? '', /^release 2 .*; release 1 of the agent runs, as before$/)
    })
  }

  test('that its peer does not answer says so', () => {
    const world = estate('paris')
    const { shown, isOver } = upgrade(world, { flaw: 'is mute to its peers' })
    world.await('the install is over', isOver)
    const [reason = ''] = shown().targets.flatMap(({ state, reason: why }) => (state === 'reverted' ? [why] : []))
    assert.match(reason, /was not seen by its peer paris\/primary within 300 seconds/)
  })

  test('older than the one that runs is installed by no order', () => {
    const world = estate('paris')
    const first = upgrade(world)
    world.await('the install is over', first.isOver)
    const { shown, isOver } = upgrade(world, { version: '1.5' })
    world.await('the install is over', isOver)
    assert.equal(shown().state, 'done')
    assert.deepEqual([tried(world, '1.5'), new Set(running(world))], [[], new Set([NEW])])
  })
})

describe('who has to see it is not there', () => {
  test('a peer that is down makes it wait, and it goes on when that is back', () => {
    const world = estate('paris')
    world.appliance('paris/primary').stop()
    const patch = agentPatch(NEW)
    world.upload(patch)
    world.await('the secondary has it', () => world.replications(patch) === '1/2')
    const id = world.install(patch, organizationsOf(world))
    world.run(20 * MINUTE_MS)
    assert.deepEqual(tried(world, NEW), [])
    world.appliance('paris/primary').start()
    world.await('both have it', () => running(world).every((release) => release === NEW))
    world.await('it is done', () => world.center.state.installs.get(id)?.state === 'done')
  })

  test('where a person has allowed the outage, an absent peer is not waited for', () => {
    const world = estate('paris')
    replicate(world, agentPatch(NEW))
    world.appliance('paris/primary').stop()
    const id = world.install(agentPatch(NEW), organizationsOf(world), { allowOutage: true })
    world.await('the secondary keeps it', () => world.appliance('paris/secondary').updater.kept === NEW)
    world.appliance('paris/primary').start()
    world.await('it is done', () => world.center.state.installs.get(id)?.state === 'done')
  })

  test('a Service Center that is away makes the second member wait, and not fail', () => {
    const world = estate('paris')
    const { shown, isOver } = upgrade(world)
    const [first, second] = [world.appliance('paris/secondary'), world.appliance('paris/primary')]
    world.await('the first has it', () => first.updater.kept === NEW)
    world.center.stop()
    world.run(20 * MINUTE_MS)
    assert.deepEqual(second.updater.everTried, [])
    world.center.start()
    world.await('the install is over', isOver)
    assert.equal(shown().state, 'done', JSON.stringify(shown().targets))
  })

  test('a peer that is lost in the middle of the trial brings the release before back', () => {
    const world = estate('paris')
    const { shown } = upgrade(world)
    const [first, second] = [world.appliance('paris/secondary'), world.appliance('paris/primary')]
    world.await('it is tried', () => first.updater.isTried)
    second.losePower()
    world.await('it has gone back', () => first.isRunning && !first.updater.isTried)
    assert.match(first.updater.trial?.wentBack ?? '', /^release 2 /)
    second.start()
    world.await('it is told', () => shown().targets.some(({ state }) => state === 'reverted'))
    assert.equal(first.updater.kept, FIRST_RELEASE)
  })
})

test('power that goes at any moment leaves one whole release, and what is told of it is true', () => {
  let cuts = 0
  for (let atMs = 0; atMs < 20_000; atMs += 250) {
    const world = estate('paris')
    const { shown, isOver } = upgrade(world)
    const first = world.appliance('paris/secondary')
    world.run(atMs)
    if (first.updater.everTried.length > 0) cuts += 1
    first.losePower()
    world.run(5_000)
    first.start()
    world.await('the install is over', isOver)
    world.await('everybody is heard', () => isHeard(world))
    const target = shown().targets.find(({ appliance }) => appliance === first.state.membership?.name)
    assert.equal(first.updater.release, first.updater.kept)
    assert.equal(target?.state === 'installed', first.updater.kept === NEW, `${atMs}: ${JSON.stringify(target)}`)
    assert.ok(target?.state === 'installed' || target?.state === 'reverted', `${atMs}: ${JSON.stringify(target)}`)
  }
  assert.ok(cuts > 10, `${cuts} cuts in the middle`)
})

test('of a hundred appliances a bad release touches one, and the next good one comes to all', () => {
  const dataCenters = ['paris', 'oslo', 'rome', 'lima', 'cairo', 'quito', 'delhi', 'kyoto', 'perth', 'accra']
  const world = new World({
    ...{ keepsEverything: false, checksMessages: false },
    settings: { ...DEFAULT_SETTINGS, tickMs: 2_000, seenWithinMs: 60_000 },
  })
  for (const places of [[''], ['acme/', 'globex/', 'initech/', 'umbrella/']]) {
    for (const site of dataCenters)
      for (const place of places) for (const role of ['primary', 'secondary']) world.add(`${site}/${place}${role}`)
    world.run(2_000)
  }
  assert.equal(world.appliances.size, 100)
  const bad = upgrade(world, { flaw: 'crashes' })
  world.await('the bad one has ended', bad.isOver)
  assert.equal(bad.shown().state, 'halted')
  assert.equal(tried(world, NEW).length, 1)
  const good = upgrade(world, { version: '3' })
  world.await('the good one has ended', good.isOver)
  world.await('everybody is heard', () => isHeard(world))
  assert.equal(good.shown().state, 'done')
  assert.deepEqual([new Set(running(world)), new Set(kept(world))], [new Set(['3']), new Set(['3'])])
  assert.equal(tried(world, NEW).length, 1)
})
