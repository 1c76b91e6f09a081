/**
 * How many connections a source gets: several on a long lossy path, one on a short one, and never more than people allow.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import { parseTopology } from '../../../controller/topology/topology-file.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { worldOf } from '../../../simulator/world/topology-world.ts'

/** Replicates 32 MiB to one Data Center; gives the virtual seconds and the most connections that its primary had. */
function replicateOver(path: string, connectionsAtMost = DEFAULT_SETTINGS.connectionsAtMost) {
  const link = `{ down: 40 Mbit/s, up: 40 Mbit/s, ${path} }`
  const topology = parseTopology(
    `organizations: { provider: Provider }\nserviceCenter: ${link}\ndataCenters:\n  - { name: Paris, wan: ${link} }\n`,
    'one.yaml',
  )
  const world = worldOf(topology, { seed: 1, settings: { ...DEFAULT_SETTINGS, connectionsAtMost } })
  const patch = symbolicPatch({ name: 'wide', bytes: 32 * 1024 * 1024 })
  const beganMs = world.nowMs
  let most = 0
  world.upload(patch)
  const isOver = world.runUntil(() => {
    for (const { state } of world.appliances.values())
      for (const { width } of state.sources.values()) most = Math.max(most, width.lanes)
    return world.replications(patch) === '2/2'
  }, world.nowMs + 600_000)
  assert.ok(isOver, 'both have it')
  return { seconds: (world.nowMs - beganMs) / 1000, most }
}

test('a long lossy path gets several, and carries what the link allows', () => {
  const { seconds, most } = replicateOver('latency: 20 ms, loss: 0.05 %')
  assert.ok(most >= 6 && most <= 16, `${most} connections`)
  assert.ok(seconds < 11, `${seconds} s, where 7 are the least`)
})

test('a limit that people set is kept, whatever the path would deserve', () => {
  const { seconds, most } = replicateOver('latency: 20 ms, loss: 0.05 %', 1)
  assert.equal(most, 1)
  assert.ok(seconds > 35, 'one connection alone is slow here')
})

test('a short path gets one', () => {
  assert.equal(replicateOver('latency: 2 ms, loss: 0.01 %').most, 1)
})
