/**
 * Which orders an appliance carries out, and what becomes of the others: nothing happens, and the reason is reported or
 * in the log. The numbers are those of the catalogue of attacks.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataCenterName, OrderId, OrganizationName, Sha256 } from '../../../protocol/identifiers.ts'
import { type Envelope, seal, signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { type Order, Receipt, Report } from '../../../protocol/trust/statements.ts'
import {
  deliver,
  estate,
  estateWithTenants,
  orderFor,
  replicate,
  sealedOrder,
} from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { START_WALL_MS, type World } from '../../../simulator/world/world.ts'

const TARGET = 'paris/secondary'
const stranger = signingKeyFromSeed(new Uint8Array(32).fill(9))

type Bad = {
  title: string
  envelope: (world: World, order: Order) => Envelope
  /** In the log, and for `reported` also in a signed report. */
  says: RegExp
  reported: boolean
}

const differing = (change: (world: World) => Partial<Order>): Bad['envelope'] => {
  return (world, order) => sealedOrder(world, { ...order, ...change(world) })
}

const bad: Bad[] = [
  {
    title: 'I2 signed by a stranger',
    envelope: (world, order) => sealedOrder(world, order, stranger),
    says: /is signed by/,
    reported: false,
  },
  {
    title: 'I2 signed by another appliance',
    envelope: (world, order) => sealedOrder(world, order, world.appliance('paris/primary').state.identity),
    says: /is signed by/,
    reported: false,
  },
  {
    title: 'I2 changed after it was signed',
    envelope: (world, order) => {
      const good = sealedOrder(world, order)
      return { ...good, payload: sealedOrder(world, { ...order, sequence: order.sequence + 1 }).payload }
    },
    says: /the signature of .* is wrong/,
    reported: false,
  },
  {
    title: 'I1 with the signature of another purpose',
    envelope: (world, order) => {
      const receipt = { ...order, from: order.to } as unknown as Receipt
      return { ...seal(Receipt, receipt, world.center.signing), payloadType: sealedOrder(world, order).payloadType }
    },
    says: /the signature of .* is wrong/,
    reported: false,
  },
  {
    title: 'I11 for another appliance',
    envelope: differing((world) => ({ to: world.appliance('paris/primary').peer })),
    says: /the order is for paris\/primary, and this is paris\/secondary/,
    reported: false,
  },
  {
    title: 'I8 expired',
    envelope: differing(() => ({ expiresAt: START_WALL_MS })),
    says: /the order expired at 2026-01-01T00:00:00.000Z, and by the clock of this appliance it is 2026-01-01T00:0/,
    reported: true,
  },
  {
    title: 'I12 for another organization',
    envelope: differing(() => ({ organization: OrganizationName.parse('acme') })),
    says: /the order is for acme in paris/,
    reported: true,
  },
  {
    title: 'I12 for another Data Center',
    envelope: differing(() => ({ dataCenter: DataCenterName.parse('oslo') })),
    says: /the order is for provider in oslo/,
    reported: true,
  },
  {
    title: 'I13 for a patch that nobody published',
    envelope: differing(() => ({ patch: Sha256.parse('ab'.repeat(32)) })),
    says: /no publication of patch/,
    reported: true,
  },
]

for (const { title, envelope, says, reported } of bad) {
  test(`an order ${title} is not carried out, and the reason is ${reported ? 'reported' : 'in the log'}`, () => {
    const world = estate('paris')
    const patch = replicate(world)
    const appliance = world.appliance(TARGET)
    const counterBefore = appliance.state.counter
    deliver(world, TARGET, envelope(world, orderFor(world, TARGET, patch)))
    world.run(5_000)
    assert.deepEqual(appliance.installer.started, [])
    assert.equal(appliance.state.orders.attempt, null)
    assert.match(world.transcript.text(), says)
    assert.equal(appliance.state.counter, counterBefore + (reported ? 1 : 0), 'a report is the only statement')
    if (reported) assert.match(world.transcript.text(), /paris\/secondary +sends report: refused/)
  })
}

test('I9 an order that is replayed is carried out once, also after a restart', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const envelope = sealedOrder(world, orderFor(world, TARGET, patch))
  deliver(world, TARGET, envelope)
  deliver(world, TARGET, envelope)
  world.run(10_000)
  world.restart(TARGET)
  world.run(1_000)
  deliver(world, TARGET, envelope)
  world.run(10_000)
  assert.deepEqual(world.appliance(TARGET).installer.started, ['install patch-1', 'verify patch-1'])
  world.transcript.check('order replayed')
})

test('I10 an order with an older sequence is not carried out, whatever it says', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const other = replicate(world, symbolicPatch({ name: 'patch-2' }))
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: 7 })))
  world.run(10_000)
  for (const sequence of [0, 6, 7]) {
    const orderId = OrderId.parse(`0${sequence}`.repeat(16))
    deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, other, { sequence, orderId })))
  }
  world.run(10_000)
  assert.deepEqual(world.appliance(TARGET).installer.started, ['install patch-1', 'verify patch-1'])
  assert.equal(world.appliance(TARGET).state.orders.sequence, 7)
  assert.match(world.transcript.text(), /order refused: the order has sequence 6, and 7 has been seen/)
})

test('I10 a refused order uses up its sequence too', () => {
  const world = estate('paris')
  const patch = replicate(world)
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: 9, expiresAt: 1 })))
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: 9 })))
  world.run(10_000)
  assert.deepEqual(world.appliance(TARGET).installer.started, [])
})

test('I13 a Service Provider appliance without its own proven copy refuses, whatever the Service Center believes', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  world.await('one piece is inside', () => world.taken.length === 1)
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch)))
  world.run(5_000)
  assert.deepEqual(world.appliance(TARGET).installer.started, [])
  assert.match(world.transcript.text(), /sends report: refused \(this appliance holds no proven copy of the patch\)/)
  world.transcript.check('order before the patch is replicated')
})

test('I14 an order for a patch that was withdrawn is refused', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.ask({ kind: 'withdraw', actor: 'admin', patch: patch.publication.sha256, reason: '' })
  world.run(1_000)
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch)))
  assert.match(world.transcript.text(), /sends report: refused \(the patch was withdrawn\)/)
  assert.deepEqual(world.appliance(TARGET).installer.started, [])
})

test('I18 of two orders at once one is carried out and the other is queued with its reason, over a restart too', () => {
  const world = estate('paris')
  const patches: SymbolicPatch[] = [replicate(world), replicate(world, symbolicPatch({ name: 'patch-2' }))]
  for (const [index, patch] of patches.entries()) {
    const orderId = OrderId.parse(`0${index}`.repeat(16))
    deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: 10 + index, orderId })))
  }
  world.run(500)
  world.restart(TARGET)
  world.run(20_000)
  assert.deepEqual(world.appliance(TARGET).installer.started, [
    'install patch-1',
    'verify patch-1',
    'install patch-2',
    'verify patch-2',
  ])
  world.transcript.check('two orders at once')
})

test('an order that expires while its copy is staged is refused before the installer is started', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.network.pieceMs = 2_000
  const name = 'paris/acme/primary'
  const soon = START_WALL_MS + world.nowMs + 3_000
  deliver(world, name, sealedOrder(world, orderFor(world, name, patch, { expiresAt: soon })))
  world.run(60_000)
  assert.deepEqual(world.appliance(name).installer.started, [])
  assert.match(
    world.transcript.text(),
    /sends report: refused \(the order expired at .*Z, and by the clock of this appliance it is .*Z, and until then no proven copy was here: /,
  )
})

test('a report is believed from the appliance that it speaks of only', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  const target = world.center.state.targets.get(install)?.get(world.appliance(TARGET).peer)
  assert.ok(target?.order)
  const forged: Report = {
    from: world.appliance(TARGET).peer,
    epoch: 1,
    counter: 1_000,
    install,
    orderId: target.order.id,
    patch: patch.publication.sha256,
    state: 'installed',
    reason: '',
    refusal: null,
    output: '',
    installedVersion: '1',
    reportedAt: START_WALL_MS,
  }
  const through = world.appliance('paris/primary')
  const envelope = seal(Report, forged, through.state.identity)
  for (const from of [through.peer, world.appliance(TARGET).peer]) {
    const letter = { to: world.center.peer, from, envelope }
    world.center.tell({ kind: 'control-received', peer: through.peer, message: { kind: 'letter', letter } })
  }
  assert.equal(world.center.state.targets.get(install)?.get(world.appliance(TARGET).peer)?.state, 'queued')
})

const MINUTE_MS = 60_000
const behind: readonly [string, (world: World, comes: () => void) => void][] = [
  [
    'that stood still when it came',
    (world, comes) => {
      const appliance = world.appliance(TARGET)
      appliance.freeze()
      comes()
      world.run(2 * MINUTE_MS)
      appliance.thaw()
    },
  ],
  [
    'whose clock was set just before it came',
    (world, comes) => {
      world.appliance(TARGET).process.clock.wall.jump(2 * MINUTE_MS, world.nowMs)
      comes()
    },
  ],
]

for (const [what, happens] of behind) {
  test(`an order is judged by the time at which it is read, also by an appliance ${what}`, () => {
    const world = estate('paris')
    const patch = replicate(world)
    const order = orderFor(world, TARGET, patch, { expiresAt: START_WALL_MS + world.nowMs + MINUTE_MS })
    happens(world, () => deliver(world, TARGET, sealedOrder(world, order)))
    world.run(MINUTE_MS)
    assert.deepEqual(world.appliance(TARGET).installer.started, [])
    assert.match(world.transcript.text(), /sends report: refused \(the order expired at/)
  })
}
