/**
 * A site finishes alone: both members of a pair are ordered at once, and the second waits at the appliance for the word of
 * the first. With the Service Center gone for good the pair ends equal, at the new version or the old one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { ordersInLine } from '../../../agent/core/install/order-status.ts'
import { readLedger } from '../../../agent/core/ledger.ts'
import { newAgent } from '../../../agent/core/state.ts'
import { type InstallId, OrderId } from '../../../protocol/identifiers.ts'
import { MAX_KEPT_CANCELLATIONS, MAX_KEPT_OUTCOMES, MAX_WAITING_MEMBERS } from '../../../protocol/limits.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { OrderOutcome, OrderQuestion } from '../../../protocol/trust/pair-statements.ts'
import { Cancellation, Order } from '../../../protocol/trust/statements.ts'
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

const FAILED: Outcome = { ok: false, reason: 'status 3', output: '', temporary: false }
const PAIR = ['paris/secondary', 'paris/primary'] as const
const TENANTS = ['paris/acme/secondary', 'paris/acme/primary'] as const
const KINDS = [
  ['Service Provider pair', () => estate('paris'), PAIR, 'provider'],
  ['pair of a tenant, through its depot', () => estateWithTenants('paris'), TENANTS, 'acme'],
] as const

const has = (world: World, name: string, patch: SymbolicPatch): boolean =>
  world.appliance(name).installer.installedVersion(patch.publication.name) === patch.publication.version
const target = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const isIdle = (world: World, name: string): boolean => {
  const { attempt, queue } = world.appliance(name).state.orders
  return attempt === null && queue.length === 0
}
const reasonsOf = (world: World, name: string) => ordersInLine(world.appliance(name).state).map(({ reason }) => reason)

/** Both orders are out, and have come. */
function ordered(world: World, patch: SymbolicPatch, organization: string, names: readonly string[]): InstallId {
  const install = world.install(patch, [organization])
  world.await('both have their orders', () => names.every((name) => (target(world, install, name)?.counter ?? 0) > 0))
  return install
}

for (const [what, make, names, organization] of KINDS) {
  const [first, second] = names
  describe(`a ${what}`, () => {
    test('is ordered at once, and the second says for whom it waits', () => {
      const world = make()
      const patch = replicate(world)
      const install = ordered(world, patch, organization, names)
      const sentence = `waits until ${first} has installed it`
      assert.deepEqual(
        [target(world, install, second)?.state, target(world, install, second)?.reason],
        ['queued', sentence],
      )
      assert.deepEqual(reasonsOf(world, second), [sentence])
      assert.deepEqual(world.appliance(second).installer.started, [])
    })

    test('ends at the new version with the Service Center gone for good after the orders', () => {
      const world = make()
      const patch = replicate(world)
      ordered(world, patch, organization, names)
      world.center.stop()
      world.await('both have it', () => names.every((name) => has(world, name, patch) && isIdle(world, name)))
    })

    for (const step of ['install', 'verify'] as const) {
      test(`ends at the old version where the first fails to ${step}, with the Service Center gone for good`, () => {
        const world = make()
        const patch = replicate(world)
        const install = ordered(world, patch, organization, names)
        world.center.stop()
        world.appliance(first).installer.outcomes[step].push(FAILED)
        world.await('both have ended', () => names.every((name) => isIdle(world, name)))
        for (const name of names) assert.ok(!has(world, name, patch), name)
        assert.deepEqual(world.appliance(second).installer.started, [])
        const ended = step === 'install' ? 'failed' : 'reverted'
        world.center.start()
        world.await('the Service Center hears of it', () => target(world, install, second)?.state === 'refused')
        assert.equal(target(world, install, second)?.refusal, 'peer_not_at_patch')
        assert.equal(
          target(world, install, second)?.reason,
          `the other member did not end at this patch: ${first} ${ended}; nothing was changed here, so that both stay equal`,
        )
      })
    }

    for (const who of names) {
      test(`ends equal when ${who} crashes at any moment, and the Service Center is gone for good`, () => {
        for (const ms of [0, 700, 1_900, 3_000, 4_100, 5_200, 6_500]) {
          const world = make()
          const patch = replicate(world)
          ordered(world, patch, organization, names)
          world.center.stop()
          world.run(ms)
          world.appliance(who).stop()
          world.run(45_000)
          world.restart(who)
          world.await('both have ended', () => names.every((name) => isIdle(world, name)))
          assert.equal(has(world, first, patch), has(world, second, patch), `equal after a crash ${ms} ms later`)
        }
      })
    }

    test('a cancellation ends both where nothing has begun, and finishes the pair where something has', () => {
      for (const ms of [0, 2_500]) {
        const world = make()
        const patch = replicate(world)
        const install = world.install(patch, [organization])
        if (ms === 0) for (const name of names) world.appliance(name).installer.durationsMs.install = 2_000
        world.await('the first has its order', () => (target(world, install, first)?.counter ?? 0) > 0 || ms === 0)
        if (ms > 0) world.await('it has begun', () => world.appliance(first).installer.started.length > 0)
        world.ask({ kind: 'cancel-install', actor: 'ann', install })
        world.await('both have ended', () => names.every((name) => isIdle(world, name)))
        world.run(5_000)
        const states = names.map((name) => target(world, install, name)?.state)
        assert.deepEqual(states, ms > 0 ? ['installed', 'installed'] : [states[0], states[0]])
      }
    })
  })
}

test('a second whose first has told the Service Center how it ended, and knows nothing of it any more, is ordered anew', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['acme'])
  const [first, second] = TENANTS
  const { tamper } = world.network
  world.network.tamper = (from, to, message) => {
    const isOutcome = message.kind === 'letter' && message.letter.envelope.payloadType === OrderOutcome.payloadType
    return isOutcome ? { copies: 0, lateMs: 0 } : (tamper?.(from, to, message) ?? { copies: 1, lateMs: 0 })
  }
  world.await('the first has it', () => target(world, install, first)?.state === 'installed')
  // As that of another machine with its key, which has carried out nothing.
  world.appliance(first).state.orders.ended = []
  world.network.tamper = tamper
  world.run(60_000)
  assert.equal(target(world, install, second)?.state, 'queued')
  world.run(180_000)
  assert.equal(target(world, install, second)?.state, 'installed')
  assert.ok(has(world, second, patch))
})

test('the order of the second leaves the Service Center before that of the first, so that nobody begins for whom nobody waits', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const sent: string[] = []
  world.center.stop()
  world.center.start()
  world.run(5_000)
  const names = new Map([...world.appliances.values()].map(({ peer, name }) => [peer, name]))
  const { tamper } = world.network
  world.network.tamper = (from, to, message) => {
    if (from.peer === world.center.peer && message.kind === 'letter') {
      if (message.letter.envelope.payloadType === Order.payloadType) sent.push(names.get(message.letter.to) ?? '')
    }
    return tamper?.(from, to, message) ?? { copies: 1, lateMs: 0 }
  }
  world.install(patch, ['acme'])
  world.run(1_000)
  assert.deepEqual(sent, ['paris/acme/primary', 'paris/acme/secondary'])
})

test('no time makes the second begin: it ends when its order is not good any more, and says for whom it waited', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const [first, second] = PAIR
  const install = ordered(world, patch, 'provider', PAIR)
  world.center.stop()
  world.appliance(first).stop()
  world.run(23 * 3_600_000)
  assert.deepEqual(reasonsOf(world, second), [`waits until ${first} has installed it`])
  world.run(2 * 3_600_000)
  assert.ok(isIdle(world, second))
  assert.deepEqual(world.appliance(second).installer.started, [])
  world.center.start()
  world.await('the Service Center hears of it', () => target(world, install, second)?.state === 'refused')
  const said = /^the order expired at .*, and until then it waits until paris\/secondary has installed it$/
  assert.match(target(world, install, second)?.reason ?? '', said)
})

test('an order behind one that waits for the other member has its turn at once', () => {
  const world = estate('paris')
  const [one, other] = [replicate(world), replicate(world, symbolicPatch({ name: 'patch-2', restart: 'none' }))]
  const after = { peer: world.appliance('paris/secondary').peer, order: OrderId.parse('b2'.repeat(16)) }
  const ids = (id: string, sequence: number) => ({ orderId: OrderId.parse(id.repeat(16)), sequence })
  deliver(
    world,
    'paris/primary',
    sealedOrder(world, orderFor(world, 'paris/primary', one, { ...ids('a1', 100), after })),
  )
  deliver(world, 'paris/primary', sealedOrder(world, orderFor(world, 'paris/primary', other, ids('a2', 101))))
  world.await('the later one is there', () => has(world, 'paris/primary', other))
  assert.deepEqual(reasonsOf(world, 'paris/primary'), ['waits until paris/secondary has installed it'])
})

test('where the patch is not meant for the first, the second goes on', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').installer.notApplicable = 'has another architecture'
  const install = world.install(patch, ['provider'])
  world.await('the second has it', () => target(world, install, 'paris/primary')?.state === 'installed')
})

test('only the word of the member that the order names counts, about that very order', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const [first, second] = TENANTS
  world.appliance(first).installer.durationsMs.install = 60_000
  const install = ordered(world, patch, 'acme', TENANTS)
  const order = target(world, install, first)?.order?.id ?? OrderId.parse('00'.repeat(16))
  const to = world.appliance(second).peer
  const tell = (liar: string, from: string, about: OrderId): void => {
    const { identity } = world.appliance(liar).state
    const said = { from: world.appliance(from).peer, to, order: about, ended: 'installed', toldAt: 1 } as const
    const envelope = seal(OrderOutcome, said, identity)
    const depot = world.appliance('paris/primary').peer
    const letter = { to, from: world.appliance(from).peer, envelope }
    world.appliance(second).hear({
      ...{ kind: 'control-received', channel: 'uplink', peer: depot },
      message: { kind: 'letter', letter },
    })
    world.run(200)
  }
  tell('paris/secondary', first, order)
  tell('paris/secondary', 'paris/secondary', order)
  tell(first, first, OrderId.parse('77'.repeat(16)))
  assert.deepEqual(reasonsOf(world, second), [`waits until ${first} has installed it`])
  assert.deepEqual(world.appliance(second).installer.started, [])
})

test('a first that is retired is not waited for: the second is ordered anew', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').installer.durationsMs.install = 40 * 60_000
  const install = world.install(patch, ['provider'], { allowOutage: true })
  world.run(5_000)
  world.appliance('paris/secondary').stop()
  world.ask({
    ...{ kind: 'retire-appliance', actor: 'ann', lastMember: false },
    appliance: world.appliance('paris/secondary').peer,
  })
  world.await('it is installed', () => target(world, install, 'paris/primary')?.state === 'installed')
})

describe('what is kept of other members is bounded', () => {
  test('how orders ended, who waits for it, and cancellations of orders that have not come', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const { state, peer } = world.appliance('paris/secondary')
    const idOf = (number: number) => OrderId.parse(number.toString(16).padStart(32, '0'))
    for (let turn = 1; turn <= MAX_KEPT_OUTCOMES + 5; turn++) {
      const late = { orderId: idOf(turn), sequence: 200 + turn, expiresAt: 1 }
      deliver(world, 'paris/secondary', sealedOrder(world, orderFor(world, 'paris/secondary', patch, late)))
    }
    assert.equal(state.orders.ended.length, MAX_KEPT_OUTCOMES)
    assert.equal(state.orders.ended.at(-1)?.order, idOf(MAX_KEPT_OUTCOMES + 5))
    const other = world.appliance('paris/primary')
    for (let turn = 1; turn <= MAX_WAITING_MEMBERS + 5; turn++) {
      const question = { from: other.peer, to: peer, order: idOf(1_000 + turn), askedAt: 1 }
      const letter = { to: peer, from: other.peer, envelope: seal(OrderQuestion, question, other.state.identity) }
      world.appliance('paris/secondary').hear({
        ...{ kind: 'control-received', channel: 'downlink', peer: other.peer },
        message: { kind: 'letter', letter },
      })
      const said = { to: peer, order: idOf(2_000 + turn), reason: 'cancelled by ann', cancelledAt: 1 }
      deliver(world, 'paris/secondary', seal(Cancellation, said, world.center.signing))
    }
    assert.equal(state.following.waiting.size, MAX_WAITING_MEMBERS)
    assert.equal(state.orders.cancelled.length, MAX_KEPT_CANCELLATIONS)
    const again = newAgent(state)
    readLedger(again, world.appliance('paris/secondary').ledger.read())
    assert.deepEqual(again.orders, state.orders)
  })

  test('an order that was cancelled before it came ends as cancelled', () => {
    const world = estate('paris')
    const patch = replicate(world)
    const order = orderFor(world, 'paris/secondary', patch)
    const said = { to: order.to, order: order.orderId, reason: 'cancelled by ann', cancelledAt: 1 }
    deliver(world, 'paris/secondary', seal(Cancellation, said, world.center.signing))
    deliver(world, 'paris/secondary', sealedOrder(world, order))
    assert.match(world.transcript.text(), /report: cancelled \(it was cancelled before it came to this appliance\)/)
    assert.deepEqual(world.appliance('paris/secondary').installer.started, [])
  })
})
