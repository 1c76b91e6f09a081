/**
 * Uploads that were a mistake: what is taken back, what may come again, and what is refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

function withdraw(world: World, patch: SymbolicPatch) {
  return world.ask({ kind: 'withdraw', actor: 'admin', patch: patch.publication.sha256, reason: 'a mistake' })
}

function holders(world: World, patch: SymbolicPatch): string[] {
  return [...world.appliances.values()]
    .filter(({ store, state }) => {
      const { sha256 } = patch.publication
      return store.held().has(sha256) || state.replicas.has(sha256)
    })
    .map(({ name }) => name)
}

test('a patch that is withdrawn while it is transferred is deleted everywhere, and nothing is left of it', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  world.await('two pieces are inside', () => world.taken.length === 3)
  assert.ok(!isRefusal(withdraw(world, patch)))
  world.run(2_000)
  assert.deepEqual(holders(world, patch), [])
  assert.deepEqual(
    world.appliances
      .values()
      .toArray()
      .flatMap(({ ledger }) => [...ledger.read().keys()].filter((key) => /^(publication|proven)-/.test(key))),
    [],
  )
  world.transcript.check('withdraw while transferring')
})

test('the same file may be uploaded again after it was withdrawn, and is counted only when it has come again', () => {
  const world = estate('paris')
  const patch = replicate(world)
  withdraw(world, patch)
  world.run(2_000)
  assert.deepEqual(holders(world, patch), [])
  world.upload(patch)
  assert.equal(world.replications(patch), '0/2', 'the receipts for the first copies prove nothing about new ones')
  world.await('both have it again', () => world.replications(patch) === '2/2')
  assert.deepEqual(holders(world, patch), ['paris/primary', 'paris/secondary'])
})

test('the same file uploaded again at the moment of its withdrawal comes again', () => {
  const world = estate('paris')
  const patch = replicate(world)
  withdraw(world, patch)
  world.upload(patch)
  world.await('both have it again', () => world.replications(patch) === '2/2')
  world.run(2_000)
  assert.deepEqual(holders(world, patch), ['paris/primary', 'paris/secondary'])
})

test('what was withdrawn, uploaded again and withdrawn again is deleted again', () => {
  const world = estate('paris')
  const patch = replicate(world)
  withdraw(world, patch)
  world.run(2_000)
  world.upload(patch)
  world.await('both have it again', () => world.replications(patch) === '2/2')
  world.restart('paris/primary')
  world.run(2_000)
  withdraw(world, patch)
  world.run(2_000)
  assert.deepEqual(holders(world, patch), [])
})

test('an appliance that was away during a withdrawal and a new upload keeps its copy and is counted again', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').stop()
  world.run(1_000)
  withdraw(world, patch)
  world.run(1_000)
  world.upload(patch)
  world.await('the other has it again', () => world.replications(patch) === '1/2')
  world.restart('paris/secondary')
  world.await('both are counted', () => world.replications(patch) === '2/2')
})

test('a receipt from before a withdrawal, replayed after a new upload, does not count', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { peer } = world.appliance('paris/secondary')
  const old = world.center.state.receipts.get(patch.publication.sha256)?.get(peer)
  assert.ok(old)
  withdraw(world, patch)
  world.run(2_000)
  world.appliance('paris/secondary').stop()
  world.upload(patch)
  const letter = { to: world.center.peer, from: peer, envelope: old.envelope }
  const through = world.appliance('paris/primary').peer
  world.center.tell({ kind: 'control-received', peer: through, message: { kind: 'letter', letter } })
  assert.equal(world.replications(patch), '0/2')
})

test('an appliance that comes back after a withdrawal deletes its copy before anything else', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').stop()
  withdraw(world, patch)
  world.run(2_000)
  world.restart('paris/secondary')
  world.run(2_000)
  assert.deepEqual(holders(world, patch), [])
})

test('a withdrawn patch is forgotten by tenant appliances too', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  withdraw(world, patch)
  world.run(2_000)
  assert.deepEqual(holders(world, patch), [])
})

test('the same file uploaded twice is there once', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const reply = world.upload(patch)
  assert.deepEqual(reply, { kind: 'published', patch: patch.publication.sha256, created: false })
  assert.equal(world.replications(patch), '2/2')
})

test('another file of the same name and version is refused, and the first stays', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const other = symbolicPatch({ content: 'other' })
  const reply = world.ask({
    kind: 'publish',
    actor: 'admin',
    publication: other.publication,
    hashes: other.hashes,
    signed: null,
  })
  assert.ok(isRefusal(reply) && reply.refused === 'name_taken')
  world.run(1_000)
  assert.deepEqual(holders(world, other), [])
  assert.equal(world.replications(patch), '2/2')
})

test('the name and version of a withdrawn patch, which was installed nowhere, are free for another file', () => {
  const world = estate('paris')
  const patch = replicate(world)
  withdraw(world, patch)
  const other = symbolicPatch({ content: 'other' })
  const reply = world.ask({
    kind: 'publish',
    actor: 'admin',
    publication: other.publication,
    hashes: other.hashes,
    signed: null,
  })
  assert.ok(!isRefusal(reply))
})

test('a patch that is being installed, or is installed, is not withdrawn', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  const refused = withdraw(world, patch)
  assert.ok(isRefusal(refused) && refused.refused === 'in_use')
  world.await('it is installed', () => world.center.state.installs.get(install)?.state === 'done')
  const stillRefused = withdraw(world, patch)
  assert.ok(isRefusal(stillRefused) && stillRefused.refused === 'in_use')
})
