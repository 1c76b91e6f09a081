/**
 * The simulated network against what TCP over shaped links does, and the machines at its ends when they lose power.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '../../protocol/refusals.ts'
import { WIRE_BYTES_PER_BYTE } from '../../protocol/wan-limits.ts'
import { atEffect } from '../../simulator/world/crash-point.ts'
import { estate, replicate } from '../../simulator/world/estate.ts'
import type { SiteOptions } from '../../simulator/world/routes.ts'
import { symbolicPatch } from '../../simulator/world/symbolic-patch.ts'
import { World } from '../../simulator/world/world.ts'

const MIB = 1024 * 1024

function shaped(dataCenters: Record<string, Partial<SiteOptions>>): World {
  const plain = { downBitsPerSecond: 100e6, upBitsPerSecond: 100e6, latencyMs: 10, lossRatio: 0, lanBitsPerSecond: 1e9 }
  const world = new World({
    prepare: (network) => {
      network.addSite('headquarters', { ...plain, downBitsPerSecond: 1e9, upBitsPerSecond: 1e9 })
      for (const [name, options] of Object.entries(dataCenters)) network.addSite(name, { ...plain, ...options })
      return { serviceCenterSite: 'headquarters' }
    },
  })
  for (const name of Object.keys(dataCenters)) {
    world.add(`${name}/primary`, { site: name })
    world.add(`${name}/secondary`, { site: name })
  }
  world.run(5_000)
  return world
}

test('a patch takes as long as the narrowest link says, and each Data Center has its own', () => {
  const world = shaped({ paris: {}, oslo: { downBitsPerSecond: 50e6 } })
  const patch = symbolicPatch({ bytes: 64 * MIB })
  const beganMs = world.nowMs
  world.upload(patch)
  world.await('paris has it', () => world.replications(patch) === '2/4')
  const expectedMs = (64 * MIB * 8 * WIRE_BYTES_PER_BYTE) / 100e3
  assert.ok(Math.abs(world.nowMs - beganMs - expectedMs) < 500, `${world.nowMs - beganMs} and not ${expectedMs}`)
  world.await('oslo has it', () => world.replications(patch) === '4/4')
  assert.ok(Math.abs(world.nowMs - beganMs - 2 * expectedMs) < 500)
})

test('a link that is silent for a while holds everything up and loses nothing', () => {
  const world = shaped({ paris: {} })
  const patch = symbolicPatch({ bytes: 32 * MIB })
  world.upload(patch)
  world.run(1_000)
  const before = world.taken.length
  world.network.isolate('paris')
  world.run(8_000)
  assert.ok(world.taken.length - before <= 2, 'only what was on its way inside')
  world.network.rejoin('paris')
  world.await('both have it', () => world.replications(patch) === '2/2')
  const down = world.network.sites.get('paris')?.down.pieceBytes ?? 0
  assert.ok(down < 32 * MIB * 1.01, 'and nothing crossed twice')
})

test('packets that get through one way only end in a new connection, and the patch arrives', () => {
  const world = shaped({ paris: {} })
  const patch = symbolicPatch({ bytes: 8 * MIB })
  world.network.silence('paris/primary', 'service-center')
  world.upload(patch)
  world.run(120_000)
  world.network.mend('paris/primary', 'service-center')
  world.await('both have it', () => world.replications(patch) === '2/2')
})

test('lost packets cost throughput and time, and no bytes of ours', () => {
  const took = (lossRatio: number): number => {
    const world = shaped({ paris: { lossRatio } })
    const patch = symbolicPatch({ bytes: 8 * MIB })
    const beganMs = world.nowMs
    world.upload(patch)
    world.await('both have it', () => world.replications(patch) === '2/2')
    return world.nowMs - beganMs
  }
  assert.ok(took(0.01) > 2 * took(0))
})

test('a letter that comes twice, and one that comes late, lead to the same end', () => {
  for (const tampering of [
    { copies: 2, lateMs: 0 },
    { copies: 1, lateMs: 3_000 },
  ]) {
    const world = estate('paris')
    world.network.tamper = (_from, _to, message) => (message.kind === 'letter' ? tampering : null)
    const patch = replicate(world)
    const install = world.install(patch, ['provider'])
    world.await('it is installed', () => world.center.state.installs.get(install)?.state === 'done')
    assert.ok(world.disruptions.executions().every(({ times }) => times === 1))
  }
})

test('an appliance that loses power at any effect comes back with what it had told, and reaches the end', () => {
  for (let effect = 1; effect <= 60; effect += 3) {
    const world = estate('paris')
    const patch = symbolicPatch({ pieces: 4 })
    const primary = world.appliance('paris/primary')
    primary.crashPoint = atEffect(effect, effect % 2 === 0 ? 'before' : 'after', { losesPower: true })
    world.upload(patch)
    world.run(4_000)
    assert.ok([...primary.store.audit().values()].every(Boolean))
    primary.crashPoint = null
    if (!primary.isRunning) primary.start()
    world.await('both have it', () => world.replications(patch) === '2/2')
  }
})

test('an upload that was answered is never lost, wherever the Service Center loses power', () => {
  const told = { answered: 0, not: 0 }
  for (let operation = 1; operation <= 18; operation++) {
    for (const effect of [1, 2, 4, 30]) {
      const world = estate('paris')
      const { center } = world
      const patch = symbolicPatch({ pieces: 3 })
      center.store.disk.operationsToPowerLoss = operation
      center.crashPoint = atEffect(effect, 'after', { losesPower: true })
      const reply = world.tryUpload(patch)
      told[reply === null ? 'not' : 'answered'] += 1
      if (center.isRunning) center.losePower()
      center.crashPoint = null
      center.start()
      if (reply !== null && !isRefusal(reply)) {
        assert.ok(center.state.patches.has(patch.publication.sha256))
        assert.ok(center.store.held().has(patch.publication.sha256))
      } else world.upload(patch)
      world.await('both have it', () => world.replications(patch) === '2/2')
    }
  }
  assert.ok(told.answered > 3 && told.not > 3, JSON.stringify(told))
})

test('a patch that reboots its appliance is verified by the process after it, and runs once', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'reboot' }))
  for (const { installer } of world.appliances.values()) installer.rebootMs = 60_000
  world.invariants.push(() => assert.ok(world.disruptions.disrupted().size <= 1, 'never both members'))
  const install = world.install(patch, ['provider'])
  world.await('it is installed', () => world.center.state.installs.get(install)?.state === 'done')
  assert.deepEqual(
    world.disruptions.executions().map(({ times }) => times),
    [1, 1],
  )
  assert.equal(world.disruptions.all.filter(({ step }) => step === 'reboot').length, 2)
})
