/**
 * Primaries of different Data Centers pass pieces on to each other, as far as people permit and links allow.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LimitsRecord } from '../../../controller/core/records.ts'
import { parseTopology } from '../../../controller/topology/topology-file.ts'
import type { DataCenterName } from '../../../protocol/identifiers.ts'
import { MIN_PIECE_BYTES } from '../../../protocol/limits.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { NO_LIMITS, WIRE_BYTES_PER_BYTE } from '../../../protocol/wan-limits.ts'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { worldOf } from '../../../simulator/world/topology-world.ts'
import type { World } from '../../../simulator/world/world.ts'

const SITES = ['paris', 'oslo', 'lima', 'rome']

function limit(world: World, place: string, limits: Partial<LimitsRecord>): void {
  const all = { ...NO_LIMITS, trades: true, ...limits, place: place as DataCenterName }
  assert.ok(!isRefusal(world.ask({ kind: 'set-limits', actor: 'admin', limits: all })))
  world.run(1_000)
}

function crossings(world: World, from: (name: string) => boolean): number {
  return world.taken.filter((one) => from(one.from) && one.from.split('/')[0] !== one.to.split('/')[0]).length
}

test('each piece leaves the Service Center about once, and primaries give it to each other', () => {
  const world = estate(...SITES)
  replicate(world, symbolicPatch({ pieces: 40 }))
  const sent = crossings(world, (name) => name === 'service-center')
  const traded = crossings(world, (name) => name !== 'service-center')
  assert.equal(sent + traded, 4 * 40, 'each piece enters each Data Center once')
  assert.ok(sent < 2.5 * 40, `the Service Center sent ${sent} pieces`)
})

test('a Data Center that may not trade takes everything from the Service Center, and gives nothing', () => {
  const world = estate(...SITES)
  limit(world, 'lima', { trades: false })
  replicate(world, symbolicPatch({ pieces: 12 }))
  assert.equal(
    crossings(world, (name) => name.startsWith('lima')),
    0,
  )
  const into = world.taken.filter(({ to, from }) => to === 'lima/primary' && !from.startsWith('lima'))
  assert.deepEqual(new Set(into.map(({ from }) => from)), new Set(['service-center']))
})

test('where primaries cannot reach each other, everybody is served by the Service Center alone', () => {
  const world = estate(...SITES)
  for (const one of SITES)
    for (const other of SITES.filter((name) => name !== one))
      for (const role of ['primary', 'secondary']) world.network.cut(`${one}/primary`, `${other}/${role}`)
  replicate(world, symbolicPatch({ pieces: 12 }))
  assert.equal(
    crossings(world, (name) => name !== 'service-center'),
    0,
  )
})

test('the Service Center may be gone when each piece has left once: the others complete from each other', () => {
  const world = estate(...SITES)
  const patch = symbolicPatch({ pieces: 40 })
  world.upload(patch)
  const out = () => new Set(world.taken.filter(({ from }) => from === 'service-center').map(({ index }) => index)).size
  world.await('one full copy is out', () => out() === 40)
  world.center.stop()
  world.say('service-center', 'IS GONE')
  const { sha256 } = patch.publication
  world.await('everybody has it', () =>
    [...world.appliances.values()].every(({ state }) => state.replicas.get(sha256)?.phase.name === 'held'),
  )
})

const MANY = `
organizations: { provider: Provider }
serviceCenter: { down: 100 Mbit/s, up: 100 Mbit/s }
dataCenters:
  - name: dc{n}
    count: 40
    wan: { down: 100 Mbit/s, up: 100 Mbit/s }
`

test('however many ask at once, the Service Center lets each piece out before it repeats many', () => {
  const world = worldOf(parseTopology(MANY, 'many.yaml'), { seed: 1, keepsEverything: true })
  const patch = symbolicPatch({ name: 'many', bytes: 64 * MIN_PIECE_BYTES })
  world.upload(patch)
  const sent = () => world.taken.filter(({ from }) => from === 'service-center')
  world.await('each piece is out', () => new Set(sent().map(({ index }) => index)).size === 64)
  assert.ok(sent().length < 1.3 * 64, `the Service Center sent ${sent().length} pieces`)
})

test('a neighbour that sends wrong pieces is named and left alone, and everybody completes', () => {
  const world = estate(...SITES)
  world.appliance('oslo/primary').corruptsPieces = true
  replicate(world, symbolicPatch({ pieces: 40 }))
  const bad = world.appliance('oslo/primary').peer
  const blamed = SITES.filter((site) => site !== 'oslo').filter((site) =>
    world
      .appliance(`${site}/primary`)
      .performed.some(
        (effect) => effect.kind === 'log' && effect.line.startsWith('bad source') && effect.fields['peer'] === bad,
      ),
  )
  assert.ok(blamed.length > 0, 'somebody noticed')
})

test('a depot whose primary is away trades through its secondary', () => {
  const world = estate(...SITES)
  world.appliance('oslo/primary').stop()
  world.run(1_000)
  const patch = symbolicPatch({ pieces: 40 })
  world.upload(patch)
  world.await('all but one have it', () => world.replications(patch) === '7/8')
  assert.ok(world.taken.some(({ to, from }) => to === 'oslo/secondary' && from === 'paris/primary'))
  const into = world.taken.filter(({ to, from }) => to === 'oslo/secondary' && !from.startsWith('oslo'))
  assert.equal(into.length, 40)
})

test('in quiet hours nothing crosses the WAN, reports do, people are told why, and it goes on when they end', () => {
  const world = estate('paris', 'oslo')
  const patch = symbolicPatch({ pieces: 12 })
  const minute = Math.floor(world.appliance('paris/primary').state.clock.wallMs / 60_000) % 1440
  limit(world, 'paris', { quietHours: [{ from: minute, to: (minute + 3) % 1440 }] })
  world.upload(patch)
  world.await('the other one has it', () => world.replications(patch) === '2/4')
  assert.equal(world.taken.filter(({ to }) => to.startsWith('paris')).length, 0)
  const told = world.center.state.progress.get(patch.publication.sha256)?.get(world.appliance('paris/primary').peer)
  assert.match(told?.reason ?? '', /^quiet hours: nothing is transferred over the WAN until \d\d:\d\d UTC$/)
  world.run(200_000)
  assert.equal(world.replications(patch), '4/4')
})

const LIMITED = `
organizations: { provider: Provider }
serviceCenter: { down: 100 Mbit/s, up: 100 Mbit/s }
dataCenters:
  - name: Paris
    wan: { down: 100 Mbit/s, up: 100 Mbit/s }
`

test('a limit on what enters a Data Center is kept within 5 %', () => {
  const world = worldOf(parseTopology(LIMITED, 'limited.yaml'), { seed: 1 })
  limit(world, 'Paris', { downBitsPerSecond: 20_000_000 })
  const down = world.network.sites.get('Paris')?.down
  const before = { atMs: world.nowMs, bytes: down?.pieceBytes ?? 0 }
  const patch = symbolicPatch({ name: 'limited', bytes: 64 * 1024 * 1024 })
  world.upload(patch)
  world.runUntil(() => world.replications(patch) === '2/2', world.nowMs + 120_000)
  const wireBits = ((down?.pieceBytes ?? 0) - before.bytes) * 8 * WIRE_BYTES_PER_BYTE
  const rate = wireBits / ((world.nowMs - before.atMs) / 1000)
  assert.ok(rate < 20_000_000 * 1.05 && rate > 20_000_000 * 0.85, `${Math.round(rate / 1e4) / 100} Mbit/s`)
})
