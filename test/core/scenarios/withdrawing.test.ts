/**
 * Uploads that were a mistake: what is taken back, what may come again, and what is refused.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hint, isRefusal } from '../../../protocol/refusals.ts'
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
  assert.ok(isRefusal(stillRefused) && stillRefused.refused === 'patch_installed')
})

describe('F9: what is in the way of a withdrawal is said, with what to do about it', () => {
  const refusalOf = (world: World, patch: SymbolicPatch) => {
    const reply = withdraw(world, patch)
    assert.ok(isRefusal(reply))
    return `${reply.message}. ${hint(reply.refused)}`
  }

  test('an install that has not ended is named, to be cancelled', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const install = world.install(patch, ['provider'])
    assert.match(
      refusalOf(world, patch),
      new RegExp(`^install ${install} has patch-1@1 queued on paris/\\w+\\. Cancel`),
    )
  })

  test('where it is installed the appliances are named, and nothing is said of an install', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const install = world.install(patch, ['provider'])
    world.await('it is installed', () => world.center.state.installs.get(install)?.state === 'done')
    const told = refusalOf(world, patch)
    assert.match(told, /^patch-1@1 is installed on paris\/primary, paris\/secondary\. Keep it, or install another/)
    assert.doesNotMatch(told, /[Cc]ancel/)
  })

  test('an appliance of which nothing is heard is named, to be waited for or retired', () => {
    const world = estate('paris')
    const patch = replicate(world, symbolicPatch({ restart: 'none' }))
    world.install(patch, ['provider'])
    world.run(1_000)
    const pair = ['paris/secondary', 'paris/primary']
    for (const name of pair) world.network.cut(name, 'service-center')
    world.network.cut(...(pair as [string, string]))
    world.run(60 * 60_000)
    assert.match(refusalOf(world, patch), /^patch-1@1 may be installed on paris\/\w+: .* Wait .*, or retire it\.$/)
    for (const name of pair) {
      const { peer } = world.appliance(name)
      world.ask({ kind: 'retire-appliance', actor: 'ann', appliance: peer, lastMember: true })
    }
    assert.ok(!isRefusal(withdraw(world, patch)))
  })

  test('appliances that have left the fleet do not count, whatever is installed on them', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    const install = world.install(patch, ['acme'])
    world.await('it is installed', () => world.center.state.installs.get(install)?.state === 'done')
    for (const role of ['primary', 'secondary']) {
      const appliance = world.appliance(`paris/acme/${role}`).peer
      world.ask({ kind: 'retire-appliance', actor: 'ann', appliance, lastMember: true })
    }
    assert.ok(!isRefusal(withdraw(world, patch)))
  })
})
