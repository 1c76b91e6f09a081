/**
 * A ledger that is lost and begun anew, or put back to an older one: what the appliance tells from then on is heard, what
 * it has proven before does not count until it proves it again, and nobody waits for an order that it knows nothing of.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditRecord } from '../../../controller/core/records.ts'
import { type InstallId, OrderId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import {
  deliver,
  estate,
  estateWithTenants,
  orderFor,
  replicate,
  sealedOrder,
} from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const SECONDARY = 'paris/secondary'
const HOUR_MS = 3_600_000

/** Puts the ledger of a stopped appliance back to what it was; to nothing, where that is not said. */
function putBack(world: World, name: string, before: ReadonlyMap<string, Uint8Array> = new Map()): void {
  const { ledger } = world.appliance(name)
  ledger.record([...ledger.read().keys()].map((key) => ({ key, value: null })))
  ledger.record([...before].map(([key, value]) => ({ key, value })))
}

function noticed(world: World): AuditRecord[] {
  return world.center.database.flatMap((change) =>
    change.table === 'audit' && change.row.action === 'notice-ledger' ? [change.row] : [],
  )
}

function target(world: World, install: InstallId, name: string) {
  return world.center.state.targets.get(install)?.get(world.appliance(name).peer)
}

test('R6: a ledger that was lost is noticed and told, and the appliance goes on above what was heard of it', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const heard = world.appliance(SECONDARY).state.counter
  world.appliance(SECONDARY).stop()
  putBack(world, SECONDARY)
  world.appliance(SECONDARY).start()
  world.await('it is noticed', () => noticed(world).length === 1)
  const [entry] = noticed(world)
  assert.equal(entry?.actor, SECONDARY)
  assert.equal(entry?.outcome, 'its ledger was lost: what it has is told anew, and every copy is proven again')
  assert.equal(world.replications(patch), '1/2', 'what it has proven before does not count')
  world.await('it has proven the copy anew', () => world.replications(patch) === '2/2')
  assert.ok(world.appliance(SECONDARY).state.counter > heard)
  const install = world.install(patch, ['provider'])
  world.await('and is heard of', () => target(world, install, 'paris/primary')?.state === 'installed')
  assert.equal(target(world, install, SECONDARY)?.state, 'installed')
})

test('R6: an older ledger is noticed also where processes ended before anybody heard of them', () => {
  const world = estate('paris')
  const first = replicate(world, symbolicPatch({ name: 'first' }))
  const secondary = world.appliance(SECONDARY)
  const before = secondary.ledger.read()
  const second = replicate(world, symbolicPatch({ name: 'second' }))
  secondary.stop()
  putBack(world, SECONDARY, before)
  for (const other of ['service-center', 'paris/primary']) world.network.cut(SECONDARY, other)
  for (let start = 0; start < 3; start++) {
    secondary.start()
    world.run(2 * HOUR_MS)
    secondary.stop()
  }
  assert.deepEqual(noticed(world), [])
  world.network.mendAll()
  secondary.start()
  world.await('it is noticed', () => noticed(world).length === 1)
  world.await('both copies count', () => [first, second].every((patch) => world.replications(patch) === '2/2'))
  world.await('there is nothing to compare any more', () => secondary.state.gaps.length === 0)
  secondary.stop()
  secondary.start()
  world.run(HOUR_MS)
  assert.equal(noticed(world).length, 1)
})

test('R6: a ledger from before a file was withdrawn and published again learns of that as soon as it is noticed', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const before = world.appliance(SECONDARY).ledger.read()
  const command = { kind: 'withdraw', actor: 'admin', patch: patch.publication.sha256, reason: 'a mistake' } as const
  assert.ok(!isRefusal(world.ask(command)))
  world.await('it has gone', () => !world.appliance(SECONDARY).store.held().has(patch.publication.sha256))
  replicate(world, patch)
  world.appliance(SECONDARY).stop()
  putBack(world, SECONDARY, before)
  world.appliance(SECONDARY).start()
  world.await('it is noticed', () => noticed(world).length === 1)
  world.run(5 * 60_000)
  assert.equal(world.replications(patch), '2/2')
})

test('R6: a ledger that was put back to an older one is noticed, and the copies that it still has count again', () => {
  const world = estate('paris')
  const first = replicate(world, symbolicPatch({ name: 'first' }))
  const before = world.appliance(SECONDARY).ledger.read()
  const second = replicate(world, symbolicPatch({ name: 'second' }))
  world.appliance(SECONDARY).stop()
  putBack(world, SECONDARY, before)
  world.appliance(SECONDARY).start()
  world.await('it is noticed', () => noticed(world).length === 1)
  assert.match(noticed(world)[0]?.outcome ?? '', /^its ledger was put back to an older one: /)
  world.await('both copies count', () => [first, second].every((patch) => world.replications(patch) === '2/2'))
  const receipts = world.appliance(SECONDARY).performed.filter(({ kind }) => kind === 'seal')
  assert.equal(receipts.length > 0, true, 'the copy of which the ledger has no word was proven before it counted')
})

test('R6: an order that is answered already is not carried out once more after the ledger was lost', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const order = orderFor(world, SECONDARY, patch, { sequence: 1 })
  const install = world.install(patch, ['provider'])
  world.await('it is installed', () => target(world, install, 'paris/primary')?.state === 'installed')
  world.appliance(SECONDARY).stop()
  putBack(world, SECONDARY)
  world.appliance(SECONDARY).start()
  world.await('it is noticed', () => noticed(world).length === 1)
  world.await('it has the patch', () => world.replications(patch) === '2/2')
  deliver(world, SECONDARY, sealedOrder(world, order))
  world.run(10_000)
  assert.deepEqual(
    world.appliance(SECONDARY).installer.started.filter((step) => step.startsWith('install')),
    ['install patch-1'],
  )
})

test('R6: an order that was under way when the ledger was lost ends as unknown, blocks nothing, and what is there is told', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const secondary = world.appliance(SECONDARY)
  const install = world.install(patch, ['provider'])
  world.await('the installer runs', () => target(world, install, SECONDARY)?.state === 'installing')
  secondary.stop()
  putBack(world, SECONDARY)
  secondary.start()
  const { since } = secondary.state.gaps[0] ?? assert.fail()
  world.await('it is noticed', () => noticed(world).length === 1)
  assert.equal(target(world, install, SECONDARY)?.state, 'unknown')
  assert.match(
    target(world, install, SECONDARY)?.reason ?? '',
    /^its ledger was lost after it said installing: how that/,
  )
  world.await('the install ends', () => world.center.state.installs.get(install)?.state === 'halted')
  assert.equal(target(world, install, 'paris/primary')?.state, 'cancelled', 'the one that serves is left as it is')
  world.await('it has the patch again', () => world.replications(patch) === '2/2')
  const { sha256 } = patch.publication
  const newest = () => world.center.state.detections.get(sha256)?.get(secondary.peer)?.counter ?? 0
  world.await('and what is there was told anew', () => newest() > since)
  const other = replicate(world, symbolicPatch({ name: 'other' }))
  const again = world.install(other, ['provider'])
  world.await('other installs go on', () => target(world, again, 'paris/primary')?.state === 'installed')
})

test('R6: what was promised to a member of three that has lost its ledger is given back when another needs it', () => {
  const world = estate('paris')
  world.add('paris/third')
  world.run(2_000)
  const patch = replicate(world)
  const [secondary, third] = [world.appliance(SECONDARY), world.appliance('paris/third')]
  const before = secondary.ledger.read()
  const install = world.install(patch, ['provider'])
  world.await('the installer runs', () => target(world, install, SECONDARY)?.state === 'installing')
  secondary.stop()
  putBack(world, SECONDARY, before)
  secondary.start()
  world.await('it is noticed', () => noticed(world).length === 1)
  assert.equal(third.state.leases.granted?.to, secondary.peer)
  const ids = { orderId: OrderId.parse('a1'.repeat(16)), sequence: 1e15 }
  deliver(world, 'paris/primary', sealedOrder(world, orderFor(world, 'paris/primary', patch, ids)))
  world.await('the primary has it', () =>
    world.appliance('paris/primary').installer.started.includes('install patch-1'),
  )
  world.await('and nobody is bound any more', () => third.state.leases.granted === null)
})

test('R6: what a forgotten part of an order may have installed is verified before it is said to be installed', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const name = 'paris/acme/secondary'
  const tenant = world.appliance(name)
  const install = world.install(patch, ['acme'])
  world.await('it copies the patch', () => tenant.state.orders.attempt?.phase === 'staging')
  const before = tenant.ledger.read()
  world.await('it is there', () => tenant.installer.installedVersion(patch.publication.name) !== null)
  tenant.stop()
  putBack(world, name, before)
  tenant.installer.sickness = 'it does not answer'
  tenant.start()
  world.await('it has ended', () => target(world, install, name)?.state === 'reverted')
  assert.equal(tenant.installer.installedVersion(patch.publication.name), null)
})

test('R6: a tenant appliance that has lost its ledger tells what is installed anew, through its depot', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const tenant = world.appliance('paris/acme/primary')
  const newest = () => world.center.state.detections.get(patch.publication.sha256)?.get(tenant.peer)?.counter ?? 0
  world.await('it has told', () => newest() > 0)
  const before = newest()
  tenant.stop()
  putBack(world, tenant.name)
  tenant.start()
  world.await('it is noticed', () => noticed(world).length === 1)
  world.await('it tells anew', () => newest() > before)
})

test('R6: a clock that was set back together with the ledger hides nothing', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const secondary = world.appliance(SECONDARY)
  secondary.stop()
  putBack(world, SECONDARY)
  secondary.process.clock.wall.jump(-1_000 * HOUR_MS, world.nowMs)
  secondary.start()
  world.await('it is noticed', () => noticed(world).length === 1)
  world.await('its copy counts anew', () => world.replications(patch) === '2/2')
  world.run(60_000)
  assert.equal(noticed(world).length, 1)
})

test('a depot that repeats what a tenant appliance said when it came has nobody taken for one that lost its ledger', () => {
  const world = estateWithTenants('paris')
  replicate(world)
  world.run(10_000)
  for (const name of ['paris/primary', SECONDARY]) world.network.cut(name, 'service-center')
  world.run(60_000)
  for (const name of ['paris/primary', SECONDARY]) world.network.mend(name, 'service-center')
  world.await('they are there', () => world.center.state.sessions.size === 4)
  world.run(60_000)
  assert.deepEqual(noticed(world), [])
})
