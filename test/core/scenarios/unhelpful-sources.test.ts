/**
 * Sources that offer everything and bring no piece to its end: only whole proven pieces are progress, so after a bound
 * what they were asked for comes from elsewhere, and nobody is kept busy by them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const MINUTE_MS = 60_000
const WAYS = ['drips', 'gone'] as const

/** Its copy is gone, and it has to pull it again. */
function loses(world: World, name: string, { publication }: SymbolicPatch): void {
  const appliance = world.appliance(name)
  appliance.stop()
  appliance.store.lose(publication.sha256)
  appliance.start()
}

const holds = (world: World, name: string, { publication }: SymbolicPatch) =>
  world.appliance(name).store.held().has(publication.sha256)

for (const way of WAYS) {
  test(`R8: a primary that ${way === 'drips' ? 'gives one byte a second' : 'says "gone" each time'} does not keep its secondary waiting`, () => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/primary').gives = way
    loses(world, 'paris/secondary', patch)
    world.run(5 * MINUTE_MS)
    assert.ok(holds(world, 'paris/secondary', patch))
    assert.equal(world.replications(patch), '2/2')
  })

  test(`R8: a neighbour that ${way === 'drips' ? 'gives one byte a second' : 'says "gone" each time'} does not keep another Data Center waiting`, () => {
    const world = estate('paris', 'oslo')
    world.appliance('oslo/primary').gives = way
    world.appliance('oslo/secondary').gives = way
    const patch = symbolicPatch({ name: 'kernel', version: '6.1', bytes: 40 * 1024 * 1024 })
    world.upload(patch)
    world.run(10 * MINUTE_MS)
    assert.equal(world.replications(patch), '4/4')
  })
}

test('R8: both members of a depot drip, and a tenant that stages says so and ends', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  for (const role of ['primary', 'secondary']) world.appliance(`paris/${role}`).gives = 'drips'
  const install = world.install(patch, ['acme'])
  world.run(10 * MINUTE_MS)
  for (const role of ['primary', 'secondary']) world.appliance(`paris/${role}`).gives = 'pieces'
  world.run(10 * MINUTE_MS)
  const targets = [...(world.center.state.targets.get(install)?.values() ?? [])]
  assert.deepEqual(
    targets.map(({ state }) => state),
    ['installed', 'installed'],
  )
})

test('R7: "gone" again and again is asked less and less often', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/primary').gives = 'gone'
  world.network.cut('paris/secondary', 'service-center')
  loses(world, 'paris/secondary', patch)
  const before = wants(world)
  world.run(10 * MINUTE_MS)
  const asked = wants(world) - before
  assert.ok(asked > 1 && asked < 40, `asked ${asked} times in ten minutes`)

  function wants(of: World): number {
    return of
      .appliance('paris/secondary')
      .performed.filter((effect) => effect.kind === 'send-pieces' && effect.message.kind === 'want').length
  }
})
