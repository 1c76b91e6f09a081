/**
 * Processes that get the processor now and then only: what they could not notice counts against nobody, so nothing is
 * asked for twice because of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { estate } from '../../../simulator/world/estate.ts'
import { starve as starveIn } from '../../../simulator/world/starve.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

/** From now on `name` stands still for `standsMs`, runs for a moment, and so on. */
function starve(world: World, name: string, standsMs: number): void {
  const appliance = world.appliances.get(name)
  assert.ok(appliance !== undefined)
  starveIn(world, appliance, standsMs)
}

function copiesInto(world: World, dataCenter: string, pieces: number): number {
  const inside = `${dataCenter}/`
  return world.taken.filter(({ from, to }) => to.startsWith(inside) && !from.startsWith(inside)).length / pieces
}

function replicated(world: World, pieces: number, total: number): void {
  const patch = symbolicPatch({ pieces })
  world.upload(patch)
  assert.ok(world.runUntil(() => world.replications(patch) === `${total}/${total}`, world.nowMs + 3_600_000))
}

/** What `name` asks for and gives up from now on. */
function overhear(world: World, name: string): { asked: Map<number, Set<PeerId>>; hungUp: PeerId[] } {
  const asked = new Map<number, Set<PeerId>>()
  const hungUp: PeerId[] = []
  const appliance = world.appliances.get(name)
  assert.ok(appliance !== undefined)
  appliance.crashPoint = {
    moment: 'before',
    when: (effect) => {
      if (effect.kind === 'send-pieces' && effect.message.kind === 'request')
        asked.set(effect.message.index, (asked.get(effect.message.index) ?? new Set()).add(effect.peer))
      if (effect.kind === 'hang-up' || (effect.kind === 'close' && effect.channel === 'source'))
        hungUp.push(effect.peer)
      return false
    },
  }
  return { asked, hungUp }
}

test('an appliance that stood still for half a minute hangs up on nobody', () => {
  const world = estate('paris')
  const { hungUp } = overhear(world, 'paris/secondary')
  starve(world, 'paris/secondary', 30_000)
  replicated(world, 60, 2)
  assert.deepEqual(hungUp, [])
})

test('a secondary that stands still longer than it is patient pulls nothing over the WAN', () => {
  const world = estate('paris')
  starve(world, 'paris/secondary', 8_000)
  replicated(world, 60, 2)
  assert.equal(copiesInto(world, 'paris', 60), 1)
})

test('a primary that runs for a tenth of the time asks nobody else for what its sources have sent meanwhile', () => {
  const world = estate('paris', 'oslo', 'rome')
  const { asked } = overhear(world, 'paris/primary')
  starve(world, 'paris/primary', 2_700)
  replicated(world, 60, 6)
  const twice = [...asked].filter(([, sources]) => sources.size > 1)
  assert.deepEqual(
    twice.map(([index]) => index),
    [],
  )
  assert.equal(copiesInto(world, 'paris', 60), 1)
})

test('where everybody is starved nothing is lost, and the WAN carries little twice', () => {
  const world = estate('paris', 'oslo', 'rome')
  for (const name of world.appliances.keys()) starve(world, name, 1_000 + 170 * name.length)
  replicated(world, 60, 6)
  for (const name of ['paris', 'oslo', 'rome']) {
    const copies = copiesInto(world, name, 60)
    assert.ok(copies <= 1.15, `${copies} copies into ${name}`)
  }
})
