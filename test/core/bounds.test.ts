/**
 * Every queue, map and letter box of the cores has a limit and a behaviour there: it refuses in words, gives up the
 * oldest with a line in the log, or takes turns. And a large fleet, of five hundred patches, never comes near one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { step } from '../../agent/core/step.ts'
import { judgeSlot } from '../../controller/core/membership.ts'
import { judgeUpload } from '../../controller/core/publishing.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import {
  MAX_DATA_CENTER_APPLIANCES,
  MAX_KEPT_WITHDRAWALS,
  MAX_KNOWN_PATCHES,
  MAX_OWN_LETTERS,
  MAX_QUEUED_ORDERS,
  MAX_SOURCES,
  MAX_STORED_LETTERS,
  MAX_WANTED_PATCHES,
} from '../../protocol/limits.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { seal } from '../../protocol/trust/envelope.ts'
import { Detection, type Letter, Receipt, type RosterMember, Withdrawal } from '../../protocol/trust/statements.ts'
import { deliver, estate, estateWithTenants, orderFor, replicate, sealedOrder } from '../../simulator/world/estate.ts'
import type { SimulatedAppliance } from '../../simulator/world/simulated-appliance.ts'
import { symbolicPatch } from '../../simulator/world/symbolic-patch.ts'
import { World } from '../../simulator/world/world.ts'
import { slotOf } from '../support/fleet-slots.ts'

/** The name of the number-th of many, as long as a digest. */
function digest(number: number): Sha256 {
  return sha256Hex(Buffer.from(`number ${number}`))
}

function peer(number: number): PeerId {
  return `12D3KooW${digest(number).slice(0, 44)}` as PeerId
}

function detection(from: PeerId): Detection {
  const found = { result: 'unknown', installedVersion: null, reason: '', detectedAt: 1 } as const
  return { from, epoch: 1, counter: 1, patch: digest(0), ...found }
}

function logged({ performed }: SimulatedAppliance, line: RegExp): number {
  return performed.filter((effect) => effect.kind === 'log' && line.test(effect.line)).length
}

describe('patches that are missing', () => {
  /** A fleet that holds so many patches already when the second Data Center joins it. */
  function joining(patches: number): World {
    const world = new World()
    world.add('paris/primary')
    world.run(2_000)
    for (let number = 0; number < patches; number++) world.upload(symbolicPatch({ name: `patch-${number}`, pieces: 1 }))
    world.await('the first has all', () => world.appliance('paris/primary').state.proven.size === patches)
    world.add('oslo/primary')
    return world
  }

  test('are followed 64 at a time, so that a new appliance gets all 150 of an old fleet', () => {
    const world = joining(150)
    const appliance = world.appliance('oslo/primary')
    let most = 0
    world.await('it has all', () => {
      for (const { wanted } of appliance.state.sources.values()) most = Math.max(most, wanted.size)
      return appliance.state.proven.size === 150
    })
    assert.equal(most, MAX_WANTED_PATCHES)
    assert.equal(logged(world.appliance('paris/primary'), /^reader expelled/), 0)
  })

  test('and that nobody has take turns with the others, and say what they wait for', () => {
    const world = new World()
    world.add('paris/primary')
    world.run(2_000)
    const primary = world.appliance('paris/primary')
    world.center.store.disk.failing.add('read')
    const patches = Array.from({ length: MAX_WANTED_PATCHES + 6 }, (_, number) =>
      symbolicPatch({ name: `patch-${number}`, pieces: 1 }),
    )
    for (const patch of patches) world.upload(patch)
    world.await('it has heard of all', () => primary.state.replicas.size === patches.length)
    world.run(1_000)
    const waiting = [...primary.state.replicas.values()].map(({ phase }) =>
      phase.name === 'waiting' ? phase.reason : '',
    )
    assert.equal(waiting.filter((reason) => reason === 'waits its turn: 64 patches are copied at a time').length, 6)
    world.center.store.disk.failing.clear()
    world.await('it has all', () => primary.state.proven.size === patches.length)
  })
})

test('sources that nothing is wanted from are forgotten once they are many, and never more are asked than the limit', () => {
  const world = estate('paris')
  const { state } = world.appliance('paris/primary')
  assert.ok(state.roster !== null)
  const member = (number: number): RosterMember => ({
    ...slotOf({
      ...{ name: `depot ${number}`, organization: 'provider', dataCenter: 'paris' },
      ...{ kind: 'service-provider', role: 'secondary' },
    }),
    ...{ peer: peer(number), addresses: ['/ip4/127.0.0.1/tcp/1' as RosterMember['addresses'][number]] },
  })
  const [replica] = [symbolicPatch()].map((patch) => {
    world.upload(patch)
    world.await('it is known', () => state.replicas.size > 0)
    return state.replicas.get(patch.publication.sha256)
  })
  assert.ok(replica !== undefined)
  for (const year of [0, 1, 2, 3]) {
    replica.phase = { name: 'waiting', reason: 'asked for anew' }
    const members = Array.from({ length: 20 }, (_, number) => member(100 * year + number))
    state.roster = { ...state.roster, members }
    step(state, { kind: 'tick', clock: state.clock })
    for (const source of state.sources.values()) source.phase = 'down'
    assert.ok(state.sources.size <= MAX_SOURCES, `${state.sources.size} in year ${year}`)
    assert.ok(members.every((one) => state.sources.has(one.peer)))
  }
  state.roster = { ...state.roster, members: Array.from({ length: 50 }, (_, number) => member(1000 + number)) }
  step(state, { kind: 'tick', clock: state.clock })
  assert.equal(state.sources.size, MAX_SOURCES)
})

test('an order beyond a thousand in line is refused in words, and a later one is taken', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  replicate(world, patch)
  const secondary = world.appliance('paris/secondary')
  secondary.installer.durationsMs.install = 10_000
  world.install(patch, ['provider'])
  world.await('it installs', () => secondary.state.orders.attempt !== null)
  const { queue } = secondary.state.orders
  const { sequence: seen } = secondary.state.orders
  const order = (more: number) => orderFor(world, 'paris/secondary', patch, { sequence: seen + more })
  for (let number = 0; number < MAX_QUEUED_ORDERS; number++) queue.push(order(number))
  deliver(world, 'paris/secondary', sealedOrder(world, order(5_000)))
  assert.equal(queue.length, MAX_QUEUED_ORDERS)
  assert.equal(logged(secondary, /^order refused: 1000 orders wait on this appliance already$/), 1)
  queue.length = 1
  deliver(world, 'paris/secondary', sealedOrder(world, order(5_001)))
  assert.equal(queue.length, 2)
  assert.equal(logged(secondary, /^order refused/), 1)
})

test('of withdrawals the newest are remembered, and the oldest go from the ledger too', () => {
  const world = estate('paris')
  const { state } = world.appliance('paris/primary')
  for (let number = 0; number < MAX_KEPT_WITHDRAWALS; number++) state.withdrawn.set(digest(number), 1_000_000 - number)
  const statement = { sha256: digest(-1), reason: 'a mistake', withdrawnAt: 2_000_000 }
  const { peer: to } = state.identity
  const letter = { to, from: world.center.peer, envelope: seal(Withdrawal, statement, world.center.signing) }
  assert.ok(state.uplink.phase === 'up')
  const message = { kind: 'letter', letter } as const
  const effects = step(state, { kind: 'control-received', channel: 'uplink', peer: state.uplink.peer, message })
  assert.equal(state.withdrawn.size, MAX_KEPT_WITHDRAWALS)
  const oldest = digest(MAX_KEPT_WITHDRAWALS - 1)
  assert.ok(!state.withdrawn.has(oldest) && state.withdrawn.has(digest(-1)))
  const removed = effects
    .flatMap((effect) => (effect.kind === 'record' ? effect.entries : []))
    .filter(({ value }) => value === null)
  assert.ok(removed.some(({ key }) => key === `withdrawal-${oldest}`))
  assert.ok(effects.some((effect) => effect.kind === 'log' && effect.line.startsWith('remembers no longer')))
})

describe('letters', () => {
  test('of its own that nobody acknowledges go from the oldest on, but a receipt, which is signed once only', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const primary = world.appliance('paris/primary')
    const { state } = primary
    world.network.cut('paris/primary', 'service-center')
    const common = { from: primary.peer, epoch: 1, counter: 1 }
    const { sha256 } = patch.publication
    const publishedAt = 1
    const receipt = { ...common, sha256, publishedAt, verifiedAt: 1, source: primary.peer }
    const old: Letter = { to: world.center.peer, from: primary.peer, envelope: seal(Receipt, receipt, state.identity) }
    state.outbox.set(digest(0), old)
    const other = { ...old, envelope: { ...old.envelope, payloadType: Detection.payloadType } }
    for (let number = 1; number < MAX_OWN_LETTERS; number++) state.outbox.set(digest(number), other)
    const found = { result: 'unknown', installedVersion: null, reason: 'it cannot be looked' } as const
    const effects = step(state, { kind: 'detected', patch: sha256, found })
    assert.equal(state.outbox.size, MAX_OWN_LETTERS)
    assert.ok(state.outbox.has(digest(0)) && !state.outbox.has(digest(1)) && state.outbox.has(digest(2)))
    assert.ok(effects.some((effect) => effect.kind === 'log' && effect.line.startsWith('more than 10000 own letters')))
    const removed = effects.flatMap((effect) => (effect.kind === 'record' ? effect.entries : []))
    assert.ok(removed.some(({ key, value }) => key === `outbox-${digest(1)}` && value === null))
  })

  test('of others that nobody acknowledges go from the oldest on, with a line in the log', () => {
    const world = estateWithTenants('paris')
    const primary = world.appliance('paris/primary')
    const { state } = primary
    const tenant = world.appliance('paris/acme/primary')
    const letter: Letter = {
      ...{ to: world.center.peer, from: tenant.peer },
      envelope: seal(Detection, detection(tenant.peer), tenant.state.identity),
    }
    for (let number = 0; number < MAX_STORED_LETTERS; number++) state.mailbox.set(digest(number), { letter, number })
    assert.ok(state.attached.has(tenant.peer))
    const message = { kind: 'letter', letter } as const
    const effects = step(state, { kind: 'control-received', channel: 'downlink', peer: tenant.peer, message })
    assert.equal(state.mailbox.size, MAX_STORED_LETTERS)
    assert.ok(!state.mailbox.has(digest(0)) && state.mailbox.has(digest(1)))
    assert.ok(
      effects.some((effect) => effect.kind === 'log' && effect.line.startsWith('more than 10000 letters of others')),
    )
  })
})

test('a patch beyond those that an appliance keeps count of is refused at the upload, and what is there already is not', () => {
  const world = new World()
  const patch = symbolicPatch()
  world.upload(patch)
  const { state } = world.center
  const [record] = state.patches.values()
  assert.ok(record !== undefined)
  for (let number = 1; number < MAX_KNOWN_PATCHES; number++)
    state.patches.set(digest(number), { ...record, sha256: digest(number) })
  const upload = { ...patch.publication, signed: null }
  assert.deepEqual(judgeUpload(state, upload), { already: record })
  const another = judgeUpload(state, { ...symbolicPatch({ name: 'another' }).publication, signed: null })
  assert.ok(isRefusal(another) && another.refused === 'too_many_patches', JSON.stringify(another))
})

test('a token for more appliances of a Data Center than a roster has room for is refused', () => {
  const world = estate('paris')
  const { state } = world.center
  const [record] = state.appliances.values()
  assert.ok(record !== undefined)
  for (let number = 2; number < MAX_DATA_CENTER_APPLIANCES; number++) {
    const row = {
      ...record,
      peer: peer(number),
      name: `tenant ${number}` as typeof record.name,
      kind: 'tenant' as typeof record.kind,
    }
    state.appliances.set(row.peer, row)
  }
  const slot = { organization: 'acme', dataCenter: 'paris', kind: 'tenant', role: 'secondary' } as const
  const refused = judgeSlot(state, slotOf({ ...slot, name: 'one more' }))
  assert.equal(refused?.refused, 'too_many_appliances')
})

test('what an appliance says of patches that do not exist is kept nowhere', () => {
  const world = estate('paris')
  const { state, peer: to } = world.appliance('paris/primary')
  assert.ok(to !== undefined && state.uplink.phase === 'up')
  const unknown = { state: 'waiting', bytes: 0, reason: '', bytesPerSecond: 0, wanBytes: 0 } as const
  for (let number = 0; number < 1_000; number++) {
    const message = { kind: 'progress' as const, progress: { ...unknown, patch: digest(number), sources: [] } }
    world.center.hear({ kind: 'control-received', channel: 'downlink', peer: to, message })
  }
  assert.equal(world.center.state.progress.size, 0)
})
