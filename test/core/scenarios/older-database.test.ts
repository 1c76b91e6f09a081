/**
 * A Service Center whose database has become an older one: what it says from then on is newer than all that it said
 * before, so that it is obeyed and its rosters are taken.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApplianceName } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

/** Forgets all that was committed after `entries`, as a backup that is put back does. */
function putBack({ center }: World, entries: number): void {
  center.stop()
  center.database.length = entries
  center.start()
}

function states(world: World, install: ReturnType<World['install']>) {
  return [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ state }) => state)
}

test('an order of a database that has forgotten others is carried out', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { length } = world.center.database
  for (const version of ['2', '3', '4']) {
    const other = replicate(world, symbolicPatch({ name: 'other', version }))
    const install = world.install(other, ['provider'])
    world.await('it is installed', () => states(world, install).every((state) => state === 'installed'))
  }
  putBack(world, length)
  world.await('all are there', () => world.replications(patch) === '2/2')
  const install = world.install(patch, ['provider'])
  world.await('it is installed', () => states(world, install).every((state) => state === 'installed'))
})

test('rosters that a database has forgotten are followed by what it knows, at once', () => {
  const world = estate('paris')
  const { length } = world.center.database
  const held = () => world.appliance('paris/primary').state.roster?.version ?? 0
  const before = held()
  const { peer } = world.appliance('paris/secondary')
  const command = {
    kind: 'rename-appliance',
    actor: 'admin',
    appliance: peer,
    name: ApplianceName.parse('renamed'),
  } as const
  assert.ok(!isRefusal(world.ask(command)))
  world.await('the new name is told', () => held() > before)
  const forgotten = held()
  putBack(world, length)
  world.await('a newer roster is there', () => held() > forgotten)
  const { dataCenter } = world.center.state.appliances.get(world.appliance('paris/primary').peer) ?? assert.fail()
  assert.equal(held(), world.center.state.rosterVersions.get(dataCenter))
})
