/**
 * A person at an appliance stops an order: what has changed nothing ends as refused, for the Service Center too; what has
 * begun goes on to its end, and each answer says which of the two it was.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEffect, Visitor } from '../../../agent/core/events.ts'
import { applianceStatus } from '../../../agent/core/status.ts'
import { step } from '../../../agent/core/step.ts'
import { OrderId } from '../../../protocol/identifiers.ts'
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

const TARGET = 'paris/secondary'
const TENANT = 'paris/acme/primary'
const id = (index: number) => OrderId.parse(`0${index}`.repeat(16))

/** The answer, from the appliance itself, with everything that it led to. */
function stop(world: World, name: string, order: OrderId | null = null) {
  const appliance = world.appliance(name)
  appliance.performed.length = 0
  appliance.hear({ kind: 'stop-asked', visitor: 7 as Visitor, order, by: 'ana' })
  const isAnswer = (effect: AgentEffect) => effect.kind === 'answer-visitor'
  const [answer, ...more] = appliance.performed.filter(isAnswer)
  assert.ok(answer?.kind === 'answer-visitor' && more.length === 0, 'one question has one answer')
  assert.equal(answer.visitor, 7)
  return answer.answer
}

const soaking = (soakSeconds: number) =>
  symbolicPatch({ manifest: { verify: { detect: { versionFile: '/opt/patch-1/version' }, soakSeconds } } })

const reports = (world: World): string[] =>
  [...world.transcript.text().matchAll(/sends report: (refused \(ana[^)]*\)|queued|installed)/g)].map(
    ([, what]) => what ?? '',
  )

test('an order that waits for its copy is stopped: nothing runs, and the Service Center reads who stopped it', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.network.pieceMs = 2_000
  const install = world.install(patch, ['acme'])
  world.await('one is staging', () => world.appliance('paris/acme/secondary').state.orders.attempt !== null)
  const name = 'paris/acme/secondary'
  assert.deepEqual(applianceStatus(world.appliance(name).state, true).order?.stoppable, true)
  const answer = stop(world, name)
  assert.ok('stopped' in answer && answer.title === 'patch-1 1', JSON.stringify(answer))
  world.run(60_000)
  assert.deepEqual(world.appliance(name).installer.started, [])
  const target = world.center.state.targets.get(install)?.get(world.appliance(name).peer)
  assert.deepEqual([target?.state, target?.refusal], ['refused', 'stopped_at_appliance'])
  assert.match(target?.reason ?? '', /^ana stopped it at the appliance, before it changed anything there$/)
  assert.deepEqual(world.appliance('paris/acme/primary').installer.started, [], 'its peer is not started either')
})

test('an order in line is stopped by its id, also after a restart, and the one under way goes on', () => {
  const world = estate('paris')
  const patches = [replicate(world), replicate(world, symbolicPatch({ name: 'patch-2' }))]
  for (const [index, patch] of patches.entries())
    deliver(
      world,
      TARGET,
      sealedOrder(world, orderFor(world, TARGET, patch, { sequence: 10 + index, orderId: id(index) })),
    )
  const [waiting] = applianceStatus(world.appliance(TARGET).state, true).inLine
  assert.deepEqual([waiting?.id, waiting?.phase, waiting?.stoppable], [id(1), 'in line', true])
  assert.match(waiting?.reason ?? '', /^waits until the install of patch-1 has ended on this appliance$/)
  world.restart(TARGET)
  assert.deepEqual(stop(world, TARGET, id(1)), { stopped: id(1), title: 'patch-2 1' })
  world.restart(TARGET)
  world.run(20_000)
  assert.ok(world.appliance(TARGET).installer.started.every((step) => !step.includes('patch-2')))
  assert.deepEqual(applianceStatus(world.appliance(TARGET).state, true).inLine, [])
  assert.ok(reports(world).some((report) => report.startsWith('refused (ana stopped it')))
})

test('an order whose installer runs is not stopped, nor what has begun and waits: the answer says so', () => {
  const world = estate('paris')
  const patch = replicate(world, soaking(30))
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch)))
  const seen = new Set<string>()
  world.await('it is installed', () => {
    const { attempt } = world.appliance(TARGET).state.orders
    const { phase } = attempt ?? { phase: 'ended' }
    if (phase === 'installing' || phase === 'verifying' || phase === 'soaking') {
      seen.add(phase)
      const answer = stop(world, TARGET)
      assert.ok('refused' in answer && answer.refused === 'already_begun', phase)
      assert.match(
        answer.message,
        new RegExp(`^patch-1 1 has begun to change this appliance \\(${phase}\\), so it is not`),
      )
    }
    return phase === 'ended'
  })
  assert.deepEqual([...seen].sort(), ['installing', 'soaking', 'verifying'])
  assert.equal(world.appliance(TARGET).installer.started.filter((step) => step === 'install patch-1').length, 1)
})

test('without an order there is nothing to stop, and an order that is not here is not found', () => {
  const world = estate('paris')
  const none = stop(world, TARGET)
  assert.ok('refused' in none && none.refused === 'not_found')
  const unknown = stop(world, TARGET, id(3))
  assert.ok('refused' in unknown && unknown.message.startsWith(`order ${id(3)} is not under way on this appliance`))
})

test('a judgement that was asked for a stopped order is not taken for that of the next one', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { state } = world.appliance(TARGET)
  // By hand from here, so that the late answer comes in between.
  const orderNow = (sequence: number) => {
    const envelope = sealedOrder(world, orderFor(world, TARGET, patch, { sequence, orderId: id(sequence) }))
    assert.ok(state.uplink.phase === 'up')
    const letter = { to: state.identity.peer, from: world.center.peer, envelope }
    const message = { kind: 'letter', letter } as const
    step(state, { kind: 'control-received', channel: 'uplink', peer: state.uplink.peer, message })
  }
  orderNow(1)
  step(state, { kind: 'stop-asked', visitor: 7 as Visitor, order: id(1), by: 'ana' })
  assert.deepEqual(applianceStatus(state, true).order, null)
  orderNow(2)
  assert.equal(state.orders.attempt?.phase, 'preflight')
  step(state, { kind: 'judged', patch: patch.publication.sha256, refusal: null })
  assert.equal(state.orders.attempt?.phase, 'preflight', 'nothing was looked at yet')
})

test('an order under way is told with its reason and the time at which it goes on or ends, in each phase', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world, soaking(20))
  deliver(world, TENANT, sealedOrder(world, orderFor(world, TENANT, patch)))
  const phases = new Set<string>()
  world.await('it is installed', () => {
    const { order, does } = applianceStatus(world.appliance(TENANT).state, true)
    if (order === null) return phases.size > 0
    phases.add(order.phase)
    assert.ok(order.reason !== '' && does.includes(order.reason), order.phase)
    assert.ok(Date.parse(order.until) >= world.appliance(TENANT).state.clock.wallMs - 1_000, order.phase)
    return false
  })
  assert.deepEqual([...phases].sort(), ['installing', 'leasing', 'preflight', 'soaking', 'staging', 'verifying'])
})

test('while one of a pair is installing, the other tells whom it has promised to serve, and afterwards nobody', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const install = world.install(patch, ['provider'])
  const lease = (name: string) => applianceStatus(world.appliance(name).state, true).lease
  world.await('the secondary installs', () => world.appliance(TARGET).state.orders.attempt?.phase === 'installing')
  assert.equal(lease('paris/primary').promisedTo, TARGET)
  assert.ok(lease('paris/primary').since !== null && lease(TARGET).askedForOrder !== null)
  assert.match(
    applianceStatus(world.appliance('paris/primary').state, true).does,
    /^serves while paris\/secondary may be/,
  )
  world.await('both are done', () => world.center.state.installs.get(install)?.state === 'done')
  world.run(10_000)
  for (const name of [TARGET, 'paris/primary'])
    assert.deepEqual(lease(name), { promisedTo: null, since: null, askedForOrder: null, owedTo: [], broken: '' })
})

test('the uplink is told with whom, since when and why it is down, however often it was dialled meanwhile', () => {
  const world = estate('paris')
  const statusNow = () => applianceStatus(world.appliance(TARGET).state, true).uplink
  assert.deepEqual([statusNow().state, statusNow().to], ['connected', 'the Service Center'])
  world.center.stop()
  world.run(1_000)
  const { since, reason } = statusNow()
  assert.ok(since !== null && reason !== '')
  for (let seconds = 0; seconds < 60; seconds += 1) {
    world.run(1_000)
    assert.equal(statusNow().since, since)
    assert.notEqual(statusNow().state, 'connected')
  }
  world.center.start()
  world.await('it is connected again', () => statusNow().state === 'connected')
  assert.ok((statusNow().since ?? '') > since)
})
