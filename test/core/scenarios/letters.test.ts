/**
 * Signed letters on their way: kept by the depot unopened, sent again until they are acknowledged, and harmless when
 * they come twice, late or in another order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seal, signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { Receipt, Roster } from '../../../protocol/trust/statements.ts'
import { deliver, deliverUp, estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { START_WALL_MS, type World } from '../../../simulator/world/world.ts'

test('a depot keeps the letters of its tenants while the Service Center is away, over a restart, until acknowledged', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['acme'])
  world.run(1_000)
  world.center.stop()
  world.say('service-center', 'IS AWAY')
  world.run(20_000)
  const mailboxes = () => ['paris/primary', 'paris/secondary'].map((name) => world.appliance(name).state.mailbox.size)
  assert.ok(Math.max(...mailboxes()) > 0, 'the reports wait in the depot')
  world.restart('paris/primary')
  world.restart('paris/secondary')
  world.run(2_000)
  world.center.start()
  world.say('service-center', 'IS BACK')
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  world.run(5_000)
  assert.deepEqual(mailboxes(), [0, 0])
  for (const { state } of world.appliances.values()) assert.equal(state.outbox.size, 0)
  world.transcript.check('depot keeps letters while the Service Center is away')
})

test('an order that a tenant appliance could not take yet waits for it in the depot', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const tenant = world.appliance('paris/acme/secondary')
  world.network.cut(tenant.name, 'paris/primary')
  world.run(5_000)
  tenant.freeze()
  const install = world.install(patch, ['acme'])
  world.run(500)
  tenant.stop()
  tenant.thaw()
  world.center.stop()
  world.run(10_000)
  world.restart(tenant.name)
  world.run(30_000)
  assert.equal(tenant.installer.installedVersion('patch-1'), '1', 'with the Service Center away')
  world.center.start()
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
})

for (const name of ['patch-1', 'patch-2', 'patch-3', 'patch-4', 'patch-5', 'patch-6']) {
  test(`a depot that was restarted hands on what waits in the order in which it came: ${name}`, () => {
    const world = estateWithTenants('paris')
    const tenant = world.appliance('paris/acme/secondary')
    world.network.cut(tenant.name, 'paris/primary')
    world.run(5_000)
    tenant.freeze()
    const patch = replicate(world, symbolicPatch({ name }))
    const install = world.install(patch, ['acme'])
    world.run(500)
    tenant.stop()
    tenant.thaw()
    world.restart('paris/secondary')
    assert.equal(world.appliance('paris/secondary').state.mailbox.size, 2)
    world.run(2_000)
    world.restart(tenant.name)
    world.run(30_000)
    const target = world.center.state.targets.get(install)?.get(tenant.peer)
    assert.equal(target?.state, 'installed', 'the publication came before the order')
  })
}

test('the orders of two installs that were lost on the way are sent again, and both installs end', () => {
  const world = estate('paris')
  const patches = ['patch-1', 'patch-2'].map((name) => replicate(world, symbolicPatch({ name, restart: 'none' })))
  const installs = patches.map((patch) => world.install(patch, ['provider']))
  world.appliance('paris/secondary').stop()
  world.run(5_000)
  world.restart('paris/secondary')
  const states = () => installs.map((id) => world.center.state.installs.get(id)?.state)
  world.await('both are done', () => states().every((state) => state === 'done'))
})

test('a roster that is older than the known one, or for another appliance, or signed by a stranger, changes nothing', () => {
  const world = estate('paris')
  const appliance = world.appliance('paris/primary')
  const known = appliance.state.roster
  assert.ok(known && known.members.length === 1)
  const empty: Roster = { ...known, members: [], version: known.version + 1 }
  const stranger = signingKeyFromSeed(new Uint8Array(32).fill(5))
  deliver(world, 'paris/primary', seal(Roster, { ...empty, version: known.version - 1 }, world.center.signing))
  deliver(world, 'paris/primary', seal(Roster, { ...empty, version: known.version }, world.center.signing))
  deliver(
    world,
    'paris/primary',
    seal(Roster, { ...empty, to: world.appliance('paris/secondary').peer }, world.center.signing),
  )
  deliver(world, 'paris/primary', seal(Roster, empty, stranger))
  assert.deepEqual(appliance.state.roster, known)
  deliver(world, 'paris/primary', seal(Roster, empty, world.center.signing))
  assert.equal(appliance.state.roster?.members.length, 0, 'and a newer one counts')
})

function receipt(world: World, name: string, patch: SymbolicPatch, differently: Partial<Receipt> = {}): Receipt {
  const { sha256 } = patch.publication
  const publishedAt = world.center.state.patches.get(sha256)?.publication.publishedAt ?? 0
  const { peer } = world.appliance(name)
  const common = { from: peer, epoch: 1, counter: 50, verifiedAt: START_WALL_MS, source: world.center.peer }
  return { ...common, sha256, publishedAt, ...differently }
}

test('a receipt counts only from an appliance of the fleet, for itself, in its epoch, and for a published patch', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  world.network.cut('paris/primary', 'service-center')
  world.network.cut('paris/secondary', 'service-center')
  world.upload(patch)
  const [one, other] = [world.appliance('paris/primary'), world.appliance('paris/secondary')]
  const stranger = signingKeyFromSeed(new Uint8Array(32).fill(5))
  const unknown = symbolicPatch({ name: 'patch-9' })
  const count = () => world.replications(patch)

  deliverUp(world, one.name, one.name, seal(Receipt, receipt(world, one.name, patch), stranger))
  assert.equal(count(), '0/2', 'signed by a stranger')
  deliverUp(world, one.name, one.name, seal(Receipt, receipt(world, other.name, patch), one.state.identity))
  assert.equal(count(), '0/2', 'one speaks for the other')
  deliverUp(world, one.name, other.name, seal(Receipt, receipt(world, other.name, patch), one.state.identity))
  assert.equal(count(), '0/2', 'one signs and says it came from the other')
  deliverUp(world, one.name, one.name, seal(Receipt, receipt(world, one.name, unknown), one.state.identity))
  assert.equal(count(), '0/2', 'for a patch that nobody published')
  deliverUp(world, one.name, one.name, seal(Receipt, receipt(world, one.name, patch, { epoch: 2 }), one.state.identity))
  assert.equal(count(), '0/2', 'for another epoch')
  deliverUp(
    world,
    one.name,
    one.name,
    seal(Receipt, receipt(world, one.name, patch, { publishedAt: 1 }), one.state.identity),
  )
  assert.equal(count(), '0/2', 'for another publication')
  const good = seal(Receipt, receipt(world, other.name, patch), other.state.identity)
  deliverUp(world, one.name, other.name, good)
  deliverUp(world, other.name, other.name, good)
  assert.equal(count(), '1/2', 'a good one counts once, through whomever it came')
})

test('letters that come twice and in any order lead to the same end', () => {
  const begin = (): { world: World; patch: SymbolicPatch } => {
    const world = estate('paris')
    const patch = replicate(world)
    world.appliance('paris/secondary').freeze()
    world.install(patch, ['provider'])
    return { world, patch }
  }
  const walk = begin()
  const before = walk.world.center.letters.length
  walk.world.appliance('paris/secondary').thaw()
  walk.world.run(6_000)
  const from = walk.world.appliance('paris/secondary').peer
  const letters = walk.world.center.letters.slice(before).filter((letter) => letter.from === from)
  assert.ok(letters.length >= 4)

  const orders = fc.shuffledSubarray([...letters, ...letters, ...letters], { minLength: 3 * letters.length })
  fc.assert(
    fc.property(orders, (received) => {
      const { world, patch } = begin()
      for (const { envelope } of received) deliverUp(world, 'paris/primary', 'paris/secondary', envelope)
      const { center } = world
      const [install] = center.state.installs.keys()
      assert.ok(install)
      assert.equal(center.state.targets.get(install)?.get(from)?.state, 'installed')
      assert.equal(center.state.detections.get(patch.publication.sha256)?.get(from)?.result, 'installed')
      assert.equal(world.replications(patch), '2/2')
    }),
    { numRuns: 20, seed: 1 },
  )
})
