/**
 * Two machines with one key: a copied data folder, or a machine that was restored beside itself.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SILENCE_MS } from '../../../protocol/limits.ts'
import type { Greeting, Life } from '../../../protocol/messages.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { type Letter, Receipt } from '../../../protocol/trust/statements.ts'
import { deliverUp, estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import type { SimulatedAppliance } from '../../../simulator/world/simulated-appliance.ts'
import type { World } from '../../../simulator/world/world.ts'

const COPY = 'c'.repeat(32)
const MINUTE_MS = 60_000

/** As when its machine has taken the stream from the other. */
function greets(world: World, name: string, life: Life): void {
  const { peer, state } = world.appliance(name)
  const { addresses, counter: newest, gaps } = state
  const counters = { gaps, newest }
  world.center.tell({ kind: 'control-closed', peer })
  world.center.tell({ kind: 'control-opened', peer })
  const greeting: Greeting = {
    version: 1,
    addresses,
    rosterVersion: 0,
    counters,
    known: [...state.replicas.keys()],
    life,
    silenceMs: SILENCE_MS,
  }
  world.center.tell({ kind: 'control-received', peer, message: { kind: 'greeting', greeting } })
}

function fightFor(world: World, name: string): void {
  const { life } = world.appliance(name).state
  for (const next of [COPY, life, COPY]) greets(world, name, next)
}

const recordOf = (world: World, name: string) => world.center.state.appliances.get(world.appliance(name).peer)
const isReachable = (world: World, name: string) => world.center.state.sessions.has(world.appliance(name).peer)
const trust = (world: World, name: string) =>
  world.ask({ kind: 'trust-appliance', actor: 'admin', appliance: world.appliance(name).peer })

test('F1: a key that two machines use is held: it is not reachable, and its receipts do not count', () => {
  const world = estate('paris', 'oslo')
  const patch = replicate(world)
  fightFor(world, 'paris/secondary')
  assert.notEqual(recordOf(world, 'paris/secondary')?.heldAt, null)
  assert.ok(!isReachable(world, 'paris/secondary'))
  assert.equal(world.replications(patch), '3/4')
  world.run(5 * MINUTE_MS)
  assert.equal(world.replications(patch), '3/4')
  assert.ok(!isReachable(world, 'paris/secondary'))
})

test('F1: an agent that is restarted again and again is one machine', () => {
  const world = estate('paris')
  const patch = replicate(world)
  for (let start = 0; start < 20; start++) {
    const appliance = world.appliance('paris/secondary')
    appliance.stop()
    appliance.start()
    world.run(10_000)
  }
  assert.equal(recordOf(world, 'paris/secondary')?.heldAt, null)
  assert.equal(world.replications(patch), '2/2')
})

test('F1: a machine that is set back to a snapshot of itself once is one machine', () => {
  const world = estate('paris')
  const { life } = world.appliance('paris/secondary').state
  for (const next of [life, COPY, life]) greets(world, 'paris/secondary', next)
  assert.equal(recordOf(world, 'paris/secondary')?.heldAt, null)
})

test('F1: what depots tell again of a tenant that moves between them is no second machine', () => {
  const world = estateWithTenants('paris')
  const tenant = world.appliance('paris/acme/primary')
  const attached = (depot: string, life: Life): void => {
    const { counter: newest, gaps } = tenant.state
    const counters = { gaps, newest }
    const rest = { addresses: [], rosterVersion: 0, known: [], silenceMs: SILENCE_MS }
    const greeting: Greeting = { version: 1, ...rest, counters, life }
    const message = { kind: 'attached', peer: tenant.peer, greeting } as const
    world.center.tell({ kind: 'control-received', peer: world.appliance(depot).peer, message })
  }
  attached('paris/primary', COPY)
  attached('paris/secondary', 'd'.repeat(32))
  for (let again = 0; again < 5; again++) {
    attached('paris/primary', COPY)
    attached('paris/secondary', 'd'.repeat(32))
  }
  assert.equal(recordOf(world, 'paris/acme/primary')?.heldAt, null)
})

test('F1: two machines that are each attached to a depot member of their own are held, and both are told', () => {
  const world = estateWithTenants('paris')
  const { peer, state } = world.appliance('paris/acme/primary')
  const { counter: newest, gaps } = state
  const greeting: Greeting = {
    ...{ version: 1, addresses: [], rosterVersion: 0, known: [], life: COPY },
    ...{ counters: { gaps, newest }, silenceMs: SILENCE_MS },
  }
  const attached = { kind: 'attached', peer, greeting } as const
  world.center.tell({ kind: 'control-received', peer: world.appliance('paris/secondary').peer, message: attached })
  world.run(2 * MINUTE_MS)
  assert.equal(recordOf(world, 'paris/acme/primary')?.heldAt, null)
  world.run(2 * MINUTE_MS)
  assert.notEqual(recordOf(world, 'paris/acme/primary')?.heldAt, null)
  assert.ok(!isReachable(world, 'paris/acme/primary'))
  assert.ok(state.timesHeld > 0, 'the one that runs here was told as well')
})

test('F1: a tenant whose old stream is left over at another depot member is one machine', () => {
  const world = estateWithTenants('paris')
  const tenant = world.appliance('paris/acme/primary')
  for (let start = 0; start < 10; start++) {
    tenant.losePower()
    tenant.start()
    world.run(MINUTE_MS)
    const [one, other] = ['paris/primary', 'paris/secondary']
    world.network.cut('paris/acme/primary', start % 2 === 0 ? one : other)
    world.run(MINUTE_MS)
    world.network.mendAll()
  }
  assert.equal(recordOf(world, 'paris/acme/primary')?.heldAt, null)
  assert.ok(isReachable(world, 'paris/acme/primary'))
})

test('F1: a held appliance is ordered nothing, and nothing that it signs is believed', () => {
  const world = estate('paris')
  const patch = replicate(world)
  fightFor(world, 'paris/secondary')
  const install = world.install(patch, ['provider'])
  const { peer, state } = world.appliance('paris/secondary')
  const isReceipt = ({ envelope }: Letter) => envelope.payloadType === Receipt.payloadType
  const receipt = world.center.letters.findLast((letter) => letter.from === peer && isReceipt(letter))
  assert.ok(receipt !== undefined)
  deliverUp(world, 'paris/primary', 'paris/secondary', receipt.envelope)
  world.run(5 * MINUTE_MS)
  assert.equal(world.replications(patch), '1/2')
  assert.equal(state.orders.attempt, null)
  const target = world.center.state.targets.get(install)?.get(peer)
  assert.equal(target?.order, null)
  assert.match(target.reason, /^two machines use the key of paris\/secondary: .* \(appliances trust paris\/secondary\)/)
})

test('F1: who is held is told why, and asks less and less often', () => {
  const world = estate('paris')
  fightFor(world, 'paris/secondary')
  world.run(10 * MINUTE_MS)
  assert.ok(world.appliance('paris/secondary').state.timesHeld > 3)
  const told = world.transcript.lines.filter((line) => line.includes('the Service Center holds this appliance'))
  assert.match(told[0] ?? '', /two machines use the key of paris\/secondary/)
  assert.ok(told.length < 120, `${told.length} times in 10 minutes`)
})

test('F1: when a person has said that one machine is left, it proves all that it holds in a new epoch, and counts', () => {
  const world = estate('paris', 'oslo')
  const patch = replicate(world)
  fightFor(world, 'paris/secondary')
  world.run(MINUTE_MS)
  assert.ok(!isRefusal(trust(world, 'paris/secondary')))
  assert.equal(world.replications(patch), '3/4')
  world.run(2 * MINUTE_MS)
  assert.equal(recordOf(world, 'paris/secondary')?.epoch, 2)
  assert.equal(world.replications(patch), '4/4')
  assert.equal(world.appliance('paris/secondary').state.timesHeld, 0)
})

test('F1: an order that ended while the key was held ends as unknown when one machine is left, and what is there is told', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, state, peer } = world.appliance('paris/secondary')
  installer.durationsMs.install = MINUTE_MS
  const install = world.install(patch, ['provider'])
  const target = () => world.center.state.targets.get(install)?.get(peer)
  world.await('it installs', () => target()?.state === 'installing')
  fightFor(world, 'paris/secondary')
  world.await('the install has ended there', () => state.orders.attempt === null)
  assert.ok(!isRefusal(trust(world, 'paris/secondary')))
  world.await('nobody waits for it', () => target()?.state === 'unknown')
  assert.equal(
    target()?.reason,
    'its ledger was one of two with its key after it said installing: how that ended is not known, and what is there now is what it detects',
  )
  world.await('what is there is told', () => {
    const found = world.center.state.detections.get(patch.publication.sha256)?.get(peer)
    return found?.result === 'installed' && found.counter > 0
  })
})

test('F1: an order that is under way while the key is held goes on when one machine is left', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { installer, peer } = world.appliance('paris/secondary')
  installer.durationsMs.install = 10 * MINUTE_MS
  const install = world.install(patch, ['provider'])
  const target = () => world.center.state.targets.get(install)?.get(peer)
  world.await('it installs', () => target()?.state === 'installing')
  fightFor(world, 'paris/secondary')
  world.run(MINUTE_MS)
  assert.ok(!isRefusal(trust(world, 'paris/secondary')))
  world.await('it is installed', () => target()?.state === 'installed')
})

test('F1: while two machines may have a key, the other member of its group does not begin, whatever the one of them says', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const [first, second] = [world.appliance('paris/secondary'), world.appliance('paris/primary')]
  const install = world.install(patch, ['provider'])
  const target = ({ peer }: SimulatedAppliance) => world.center.state.targets.get(install)?.get(peer)
  world.await('it installs', () => target(first)?.state === 'installing')
  const { life } = first.state
  for (const next of [COPY, life]) greets(world, first.name, next)
  world.await('it is installed', () => target(first)?.state === 'installed')
  world.run(5 * MINUTE_MS)
  assert.equal(target(second)?.order, null)
  assert.match(
    target(second)?.reason ?? '',
    /^waits until it is certain that only one machine has the key of paris\/secondary: /,
  )
  world.run(6 * MINUTE_MS)
  assert.equal(target(second)?.state, 'installed', 'nothing more came of it')
})

test('F1: while two machines with one key are attached side by side, neither member of its group is ordered anything', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const { peer, state } = world.appliance('paris/acme/primary')
  const { counter: newest, gaps } = state
  const greeting: Greeting = {
    ...{ version: 1, addresses: [], rosterVersion: 0, known: [], life: COPY },
    ...{ counters: { gaps, newest }, silenceMs: SILENCE_MS },
  }
  const attached = { kind: 'attached', peer, greeting } as const
  world.center.tell({ kind: 'control-received', peer: world.appliance('paris/secondary').peer, message: attached })
  const install = world.install(patch, ['acme'])
  world.run(MINUTE_MS)
  const orders = [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ order }) => order)
  assert.deepEqual(orders, [null, null])
})

test('F1: an appliance that is not held needs no trust', () => {
  const world = estate('paris')
  const refusal = trust(world, 'paris/secondary')
  assert.ok(isRefusal(refusal))
  assert.equal(refusal.refused, 'not_held')
})
