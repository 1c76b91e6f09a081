/**
 * The lease of a pair: what holds at the appliances, whatever the Service Center orders and whenever. H1: never both
 * members are disrupted; H2: none is unless its peer has just said that it serves.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { InstallId, OrderId } from '../../../protocol/identifiers.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { LeaseAnswer } from '../../../protocol/trust/pair-statements.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import {
  deliver,
  estate,
  estateWithTenants,
  orderFor,
  replicate,
  sealedOrder,
} from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const FAILED: Outcome = { ok: false, reason: 'it is not healthy', output: '', temporary: false }
const PAIR = ['paris/primary', 'paris/secondary'] as const
const TENANTS = ['paris/acme/primary', 'paris/acme/secondary'] as const

/** Fails at the moment at which two of them are disrupted; gives the most that ever were. */
function watch(world: World, names: readonly string[]): () => number {
  let most = 0
  world.invariants.push(() => {
    const now = [...world.disruptions.disrupted()].filter(({ name }) => names.includes(name))
    most = Math.max(most, now.length)
    assert.ok(now.length < 2, `H1: ${now.map(({ name }) => name).join(' and ')} are disrupted at once`)
  })
  return () => most
}

/** Ids of their own for each appliance. */
function order(world: World, name: string, patch: SymbolicPatch, differently: Partial<Order> = {}): void {
  const own = name.endsWith('primary') ? 'a1' : 'b2'
  const ids = { orderId: OrderId.parse(own.repeat(16)), install: InstallId.parse('f1'.repeat(16)) }
  deliver(world, name, sealedOrder(world, orderFor(world, name, patch, { ...ids, ...differently })))
}

const has = (world: World, name: string, patch: SymbolicPatch): boolean =>
  world.appliance(name).installer.installedVersion(patch.publication.name) === patch.publication.version
const reasonOf = (world: World, name: string): string =>
  world.appliance(name).state.orders.attempt?.asking?.reason ?? ''
const phaseOf = (world: World, name: string) => world.appliance(name).state.orders.attempt?.phase

for (const [what, make, names] of [
  ['Service Provider pair', () => estate('paris'), PAIR],
  ['pair of a tenant, through its depot', () => estateWithTenants('paris'), TENANTS],
] as const) {
  test(`H1 a ${what} that is ordered at once installs one after the other`, () => {
    const world = make()
    const patch = replicate(world)
    const most = watch(world, names)
    for (const name of names) order(world, name, patch)
    world.await('both have it', () => names.every((name) => has(world, name, patch)))
    world.run(60_000)
    assert.equal(most(), 1)
    for (const name of names) {
      const { leases, orders } = world.appliance(name).state
      assert.equal(orders.attempt, null)
      assert.deepEqual(
        [leases.granted, leases.asked, leases.owed],
        [null, null, []],
        `${name} has promised nothing more`,
      )
    }
  })

  test(`H1 a ${what} ends equal with the Service Center gone for good`, () => {
    const world = make()
    const patch = replicate(world)
    watch(world, names)
    for (const name of names) order(world, name, patch)
    world.center.stop()
    world.await('both have it', () => names.every((name) => has(world, name, patch)))
  })
}

test('H2 nothing begins while the peer does not answer, the reason names it, and it goes on when the peer is back', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.network.cut('paris/primary', 'paris/secondary')
  order(world, 'paris/secondary', patch)
  world.run(20 * 60_000)
  assert.equal(phaseOf(world, 'paris/secondary'), 'leasing')
  assert.equal(
    reasonOf(world, 'paris/secondary'),
    'waits for paris/primary to say that it serves, so that one of them always does',
  )
  assert.deepEqual(world.appliance('paris/secondary').installer.started, [])
  world.network.mend('paris/primary', 'paris/secondary')
  world.await('it is installed', () => has(world, 'paris/secondary', patch))
})

test('H2 an order that has waited for its peer until it expired is refused, and says for whom it waited', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.network.cut('paris/primary', 'paris/secondary')
  order(world, 'paris/secondary', patch)
  world.await('it has ended', () => world.appliance('paris/secondary').state.orders.attempt === null)
  world.network.mend('paris/primary', 'paris/secondary')
  world.run(60_000)
  assert.deepEqual(world.appliance('paris/secondary').installer.started, [])
  assert.match(
    world.transcript.text(),
    /report: refused \(the order expired at .*, and until then it waits for paris\/primary/,
  )
})

test('an outage that a person has allowed does not wait for a peer that is away', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/primary').stop()
  order(world, 'paris/secondary', patch, { allowOutage: true })
  world.await('it is installed', () => has(world, 'paris/secondary', patch))
})

test('H1 an outage that a person has allowed waits for a peer that is being installed, also when that one falls silent', () => {
  const world = estate('paris')
  const patch = replicate(world)
  watch(world, PAIR)
  world.appliance('paris/primary').installer.durationsMs.install = 40 * 60_000
  order(world, 'paris/primary', patch)
  world.run(10_000)
  assert.equal(phaseOf(world, 'paris/primary'), 'installing')
  order(world, 'paris/secondary', patch, { allowOutage: true })
  world.run(10_000)
  world.network.cut('paris/primary', 'paris/secondary')
  world.run(10 * 60_000)
  assert.equal(phaseOf(world, 'paris/secondary'), 'leasing')
  assert.equal(
    reasonOf(world, 'paris/secondary'),
    'waits until the install of paris/primary has ended, since it has promised to serve meanwhile; if that one does not come back, retire it',
  )
  world.network.mend('paris/primary', 'paris/secondary')
  world.await('both have it', () => PAIR.every((name) => has(world, name, patch)))
})

test('H2 nobody counts on a member in which an install failed and could not be put back, until one ends well there', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/secondary')
  installer.outcomes.verify.push(FAILED)
  installer.outcomes.revert.push({ ...FAILED, reason: 'the snapshot is gone' })
  order(world, 'paris/secondary', patch)
  world.await('it has failed', () => world.appliance('paris/secondary').state.leases.broken !== null)
  world.restart('paris/secondary')
  world.run(5_000)
  order(world, 'paris/primary', patch)
  world.await('its order has ended', () => world.appliance('paris/primary').state.orders.attempt === null)
  assert.deepEqual(world.appliance('paris/primary').installer.started, [])
  assert.match(
    world.transcript.text(),
    /report: refused \(its peer paris\/secondary may not serve until an order for patch-1 ends well on it, since patch-1@1 failed: it is not healthy; what was there could not be put back: the snapshot is gone\)/,
  )
  order(world, 'paris/secondary', patch, { orderId: OrderId.parse('c3'.repeat(16)), sequence: 101 })
  world.await(
    'it is mended',
    () => has(world, 'paris/secondary', patch) && world.appliance('paris/secondary').state.leases.broken === null,
  )
  order(world, 'paris/primary', patch, { orderId: OrderId.parse('d4'.repeat(16)), sequence: 102 })
  world.await('both have it', () => PAIR.every((name) => has(world, name, patch)))
})

for (const name of PAIR) {
  for (const phase of ['leasing', 'installing', 'verifying', 'soaking', 'reverting'] as const) {
    test(`H1 a crash of ${name} while its peer or itself is ${phase} never lets both begin, and both orders end`, () => {
      const world = estate('paris')
      const patch = replicate(
        world,
        symbolicPatch({ manifest: { verify: { detect: { versionFile: '/v' }, soakSeconds: 30 } } }),
      )
      watch(world, PAIR)
      if (phase === 'reverting') world.appliance('paris/primary').installer.outcomes.install.push({ ...FAILED })
      for (const member of PAIR) order(world, member, patch)
      world.await(phase, () => PAIR.some((member) => phaseOf(world, member) === phase))
      world.appliance(name).stop()
      world.run(90_000)
      world.restart(name)
      world.await('both orders have ended', () =>
        PAIR.every((member) => world.appliance(member).state.orders.attempt === null),
      )
      world.run(60_000)
      assert.ok(has(world, 'paris/secondary', patch))
      for (const member of PAIR) assert.equal(world.appliance(member).state.leases.granted, null)
    })
  }
}

test('a promise to a machine that has left the group binds nobody', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/primary').installer.durationsMs.install = 40 * 60_000
  order(world, 'paris/primary', patch)
  world.run(10_000)
  const { state } = world.appliance('paris/secondary')
  assert.equal(state.leases.granted?.to, world.appliance('paris/primary').peer)
  world.appliance('paris/primary').stop()
  order(world, 'paris/secondary', patch, { allowOutage: true })
  world.run(60_000)
  assert.deepEqual(world.appliance('paris/secondary').installer.started, [])
  const reply = world.ask({
    kind: 'retire-appliance',
    actor: 'admin',
    appliance: world.appliance('paris/primary').peer,
    lastMember: false,
  })
  assert.ok(!('refused' in reply))
  world.await('it is installed', () => has(world, 'paris/secondary', patch))
})

test('the only member of a group refuses what interrupts it, unless the outage is allowed', () => {
  const world = estate('paris')
  world.add('paris/acme/primary')
  world.run(2_000)
  const patch = replicate(world)
  order(world, 'paris/acme/primary', patch)
  world.run(10_000)
  assert.deepEqual(world.appliance('paris/acme/primary').installer.started, [])
  assert.match(world.transcript.text(), /report: refused \(no other member of its group could serve meanwhile/)
  order(world, 'paris/acme/primary', patch, {
    allowOutage: true,
    orderId: OrderId.parse('c3'.repeat(16)),
    sequence: 101,
  })
  world.await('it is installed', () => has(world, 'paris/acme/primary', patch))
})

test('a patch that interrupts nothing asks nobody', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  world.appliance('paris/primary').stop()
  order(world, 'paris/secondary', patch)
  world.await('it is installed', () => has(world, 'paris/secondary', patch))
  assert.doesNotMatch(world.transcript.text(), /whether it may be interrupted/)
})

test('to a member that never comes back one release is owed, however many orders end, and it frees that member when it does', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { state } = world.appliance('paris/secondary')
  const primary = world.appliance('paris/primary')
  world.appliance('paris/secondary').installer.durationsMs.install = 60_000
  order(world, 'paris/secondary', patch)
  world.await('it is promised', () => primary.state.leases.granted !== null)
  primary.stop()
  world.await('it is installed', () => has(world, 'paris/secondary', patch) && state.orders.attempt === null)
  for (let turn = 1; turn <= 20; turn++) {
    world.appliance('paris/secondary').installer.durationsMs.install = 1_000
    world.appliance('paris/secondary').installer.changeByHand(patch.publication.name, null)
    const orderId = OrderId.parse(turn.toString(16).padStart(32, '0'))
    order(world, 'paris/secondary', patch, { orderId, sequence: 200 + turn, allowOutage: true })
    world.await('it has ended', () => state.orders.attempt === null && state.orders.sequence === 200 + turn)
  }
  assert.equal(state.leases.owed.length, 1)
  assert.equal(state.leases.owed[0]?.number, state.leases.number)
  world.restart('paris/primary')
  world.await('it is free', () => world.appliance('paris/primary').state.leases.granted === null)
  world.await('nothing is owed', () => state.leases.owed.length === 0)
})

test('H1 a number that was given back is never asked for again, whoever heard of it first', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const [primary, secondary] = PAIR.map((name) => world.appliance(name))
  assert.ok(primary !== undefined && secondary !== undefined)
  const { state } = secondary
  const number = state.leases.number + 1
  const names = { from: primary.peer, to: secondary.peer, order: OrderId.parse('ee'.repeat(16)) }
  const promise = { answer: 'granted', reason: '', answeredAt: state.clock.wallMs } as const
  const said = { ...names, number, nonce: new Uint8Array(16), ...promise }
  const envelope = seal(LeaseAnswer, said, primary.state.identity)
  const letter = { to: secondary.peer, from: primary.peer, envelope }
  secondary.hear({
    ...{ kind: 'control-received', channel: 'uplink', peer: world.center.peer },
    message: { kind: 'letter', letter },
  })
  assert.deepEqual(
    state.leases.owed.map((owed) => owed.number),
    [number],
  )
  order(world, 'paris/secondary', patch)
  world.await('it is asked for', () => state.leases.asked !== null)
  assert.ok((state.leases.asked?.number ?? 0) > number)
})

for (const [what, holderFirst] of [
  ['higher', false],
  ['lower', true],
] as const) {
  test(`a member of the ${what} peer id that tries once more goes on, though the other one asks meanwhile`, () => {
    const world = estate('paris')
    const patch = replicate(world)
    const most = watch(world, PAIR)
    const byPeer = [...PAIR].sort((left, right) => (world.appliance(left).peer < world.appliance(right).peer ? -1 : 1))
    const [holder = '', other = ''] = holderFirst ? byPeer : byPeer.toReversed()
    world.appliance(holder).installer.outcomes.install.push({ ...FAILED, temporary: true })
    order(world, holder, patch)
    world.await(
      'its first try has failed for now',
      () => world.appliance(holder).state.orders.attempt?.retryAtMs != null,
    )
    order(world, other, patch)
    world.await('both have it', () => PAIR.every((name) => has(world, name, patch)))
    assert.equal(most(), 1)
  })
}
