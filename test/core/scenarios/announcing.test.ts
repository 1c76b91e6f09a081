/**
 * News of pieces: some at a time where a reader loses nothing by it, at once where it has nothing to ask for, and all of it
 * in the end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

type News = {
  readonly atMs: number
  readonly to: PeerId
  readonly index: number
  /** Pieces that had come to the one who tells. */
  readonly come: number
}

function applianceOf(world: World, name: string) {
  const appliance = world.appliances.get(name)
  assert.ok(appliance !== undefined)
  return appliance
}

/** All that `name` tells its readers from now on, and when. */
function overhear(world: World, name: string): News[] {
  const told: News[] = []
  applianceOf(world, name).crashPoint = {
    moment: 'before',
    when: (effect) => {
      if (effect.kind === 'send-pieces' && effect.channel === 'reader' && effect.message.kind === 'have')
        told.push({ atMs: world.nowMs, to: effect.peer, index: effect.message.index, come: comeTo(world, name) })
      return false
    },
  }
  return told
}

function comeTo(world: World, name: string): number {
  return world.taken.filter(({ to }) => to === name).length
}

function together(news: readonly News[]): number[][] {
  return [...Map.groupBy(news, ({ atMs }) => atMs).values()].map((some) => some.map(({ index }) => index))
}

test('a secondary hears of four pieces at a time, of what is left at the tick, and of the last piece at once', () => {
  const world = estate('paris')
  const told = overhear(world, 'paris/primary')
  replicate(world, symbolicPatch({ pieces: 18 }))
  const groups = together(told)
  assert.equal(new Set(told.map(({ index }) => index)).size, 18, 'of each')
  assert.equal(told.length, 18, 'once')
  assert.ok(
    groups.length <= 18 / 4 + 18 / 5 + 1,
    `${groups.length} times, where a piece comes every 100 ms and a tick every 500`,
  )
  assert.ok(groups.some((some) => some.length === 4))
  const lastCame = world.taken.findLast(({ to }) => to === 'paris/primary')
  assert.equal(told.at(-1)?.index, lastCame?.index)
})

test('where no more pieces come, a secondary hears of what is there at the next tick', () => {
  const world = estate('paris')
  const told = overhear(world, 'paris/primary')
  world.upload(symbolicPatch({ pieces: 18 }))
  assert.ok(world.runUntil(() => comeTo(world, 'paris/primary') === 2, world.nowMs + 60_000))
  world.network.cut('paris/primary', 'service-center')
  assert.ok(world.runUntil(() => told.length === 2, world.nowMs + 1_000))
})

test('a neighbour that has nothing to ask for hears of a piece at once', () => {
  const world = estate('paris', 'oslo')
  const told = overhear(world, 'paris/primary')
  const oslo = applianceOf(world, 'oslo/primary').peer
  world.upload(symbolicPatch({ pieces: 18 }))
  assert.ok(world.runUntil(() => told.some(({ to }) => to === oslo), world.nowMs + 60_000))
  assert.equal(told.find(({ to }) => to === oslo)?.come, 1)
})

test('a neighbour is not told of what it has said that it has', () => {
  const world = estate('paris', 'oslo', 'rome')
  const told = overhear(world, 'paris/primary')
  replicate(world, symbolicPatch({ pieces: 40 }))
  for (const name of ['oslo/primary', 'rome/primary']) {
    const { peer } = applianceOf(world, name)
    const indexes = told.filter(({ to }) => to === peer).map(({ index }) => index)
    assert.equal(new Set(indexes).size, indexes.length, 'nothing is said twice')
    assert.ok(indexes.length < 40, `${name} was told of ${indexes.length} pieces of 40`)
  }
})
