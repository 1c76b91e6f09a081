/**
 * What an appliance notices of what is done to it without an order, when, and what it tells of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const TARGET = 'paris/secondary'
const HOUR_MS = 3600 * 1000

function detectionOf(world: World, patch: SymbolicPatch) {
  return world.center.state.detections.get(patch.publication.sha256)?.get(world.appliance(TARGET).peer)
}

function lookedAt(world: World): number {
  return world.center.state.appliances.get(world.appliance(TARGET).peer)?.lookedAt ?? 0
}

function installed(version?: string): { world: World; patch: SymbolicPatch } {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch(version === undefined ? {} : { version }))
  const install = world.install(patch, ['provider'])
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  return { world, patch }
}

test('X23: what is removed by hand is noticed within an hour and a bit, and told with what was there before', () => {
  const { world, patch } = installed()
  world.appliance(TARGET).installer.changeByHand('patch-1', null)
  world.run(1.1 * HOUR_MS + 10_000)
  const found = detectionOf(world, patch)
  assert.equal(found?.result, 'applicable')
  assert.equal(found?.installedVersion, null)
  assert.match(found?.reason ?? '', /^version 1 was there at the look before, and no order has changed that/)
})

test("X23: what is installed by hand is noticed some seconds after dpkg's database has changed", () => {
  const world = estate('paris')
  const patch = replicate(world)
  assert.equal(detectionOf(world, patch)?.result, 'applicable')
  const appliance = world.appliance(TARGET)
  appliance.installer.changeByHand('patch-1', '1')
  appliance.hear({ kind: 'packages-changed' })
  world.run(10_000)
  assert.equal(detectionOf(world, patch)?.result, 'installed')
  assert.match(detectionOf(world, patch)?.reason ?? '', /^no version was there at the look before/)
})

test('X23: what changed while the agent was not there is noticed when it starts', () => {
  const { world, patch } = installed()
  world.appliance(TARGET).installer.changeByHand('patch-1', null)
  world.restart(TARGET)
  world.run(10_000)
  assert.equal(detectionOf(world, patch)?.result, 'applicable')
  assert.match(detectionOf(world, patch)?.reason ?? '', /no order has changed that/)
})

test('X23: a look that finds nothing new tells no detection again, and one statement says how fresh all of them are', () => {
  const { world, patch } = installed()
  const before = detectionOf(world, patch)
  const at = lookedAt(world)
  world.run(1.1 * HOUR_MS + 10_000)
  assert.equal(detectionOf(world, patch)?.counter, before?.counter)
  assert.equal(lookedAt(world) - at > HOUR_MS / 2, true)
})

test('F7: an install of another version is told of every patch of that name, as what our order did', () => {
  const { world, patch } = installed('2.0.0')
  const older = replicate(world, symbolicPatch({ version: '1.0.0' }))
  const install = world.install(older, ['provider'])
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  world.run(5_000)
  assert.equal(detectionOf(world, older)?.result, 'installed')
  assert.equal(detectionOf(world, patch)?.result, 'applicable')
  assert.equal(detectionOf(world, patch)?.installedVersion, '1.0.0')
  assert.doesNotMatch(detectionOf(world, patch)?.reason ?? '', /no order/)
})

test('nothing is looked at while an installer is at work', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const appliance = world.appliance(TARGET)
  appliance.installer.durationsMs.install = 60_000
  world.install(patch, ['provider'])
  world.await('the installer runs', () => appliance.installer.started.length > 0)
  const before = detectionOf(world, patch)?.counter
  appliance.installer.changeByHand('patch-1', '0.5.0')
  appliance.hear({ kind: 'packages-changed' })
  world.run(30_000)
  assert.equal(detectionOf(world, patch)?.counter, before)
})

test('X23: a look that began before an order came does not answer for it: the patch is looked at once more', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { sha256 } = patch.publication
  const appliance = world.appliance(TARGET)
  const { state } = appliance
  state.looking.asked = { patch: sha256, sinceMs: state.clock.monotonicMs }
  world.install(patch, ['provider'])
  world.await('the order waits for that look', () => state.orders.attempt?.phase === 'preflight')
  assert.deepEqual(appliance.installer.started, [])
  const wasThere = { result: 'installed', installedVersion: '1', reason: 'it was there a moment ago' } as const
  appliance.hear({ kind: 'detected', patch: sha256, found: wasThere })
  world.await('the installer runs', () => appliance.installer.started.length > 0)
  assert.deepEqual(appliance.installer.started, ['install patch-1'])
})
