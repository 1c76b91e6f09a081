/**
 * Places of the fleet change: an appliance is renamed, retired, or replaced by one with another key; and tokens that
 * nobody shall use any more.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../../controller/core/effects.ts'
import { ApplianceName } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { Detection, Receipt } from '../../../protocol/trust/statements.ts'
import { positionOf } from '../../../simulator/world/enroll.ts'
import {
  deliverUp,
  estate,
  estateWithTenants,
  estateWithTwoTenants,
  replicate,
} from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

function retire(world: World, name: string, lastMember = false) {
  const appliance = world.appliance(name).peer
  return world.ask({ kind: 'retire-appliance', actor: 'admin', appliance, lastMember })
}

function rename(world: World, name: string, to: string) {
  const command = { kind: 'rename-appliance', actor: 'admin', appliance: world.appliance(name).peer } as const
  return world.ask({ ...command, name: ApplianceName.parse(to) } satisfies Command)
}

/** A machine with an empty disk and its own key, for the place of `name`. */
function replace(world: World, name: string, heir: string) {
  return world.add(heir, { position: positionOf(name), replaces: world.appliance(name).peer })
}

const targetOf = (world: World, install: Parameters<World['center']['state']['targets']['get']>[0], name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)

const knows = (world: World, who: string, name: string) =>
  world.appliance(who).state.roster?.members.some(({ peer }) => peer === world.appliance(name).peer) ?? false

test('a retired appliance leaves m, is known to nobody, and has no connection 5 seconds later', () => {
  const world = estate('paris', 'oslo')
  const patch = replicate(world)
  assert.ok(!isRefusal(retire(world, 'paris/secondary')))
  assert.equal(world.replications(patch), '3/3')
  world.run(5_000)
  for (const other of ['paris/primary', 'oslo/primary', 'oslo/secondary'])
    assert.ok(!knows(world, other, 'paris/secondary'), `${other} is not told of it any more`)
  assert.notEqual(world.appliance('paris/secondary').state.uplink.phase, 'up')
  assert.ok(!world.center.state.sessions.has(world.appliance('paris/secondary').peer))
  world.run(120_000)
  assert.ok(!world.center.state.sessions.has(world.appliance('paris/secondary').peer), 'and it does not come back')
  world.transcript.check('a retired appliance is known to nobody')
})

test('a retired tenant appliance is let in by no depot any more, and what it says is believed by nobody', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const { peer, state } = world.appliance('paris/acme/secondary')
  retire(world, 'paris/acme/secondary')
  world.run(5_000)
  assert.notEqual(state.uplink.phase, 'up')
  const said = world.center.state.detections.get(patch.publication.sha256)?.get(peer)
  const late = world.center.letters.findLast(
    ({ from, envelope }) => from === peer && envelope.payloadType === Detection.payloadType,
  )
  assert.ok(late)
  deliverUp(world, 'paris/primary', 'paris/acme/secondary', late.envelope)
  assert.deepEqual(world.center.state.detections.get(patch.publication.sha256)?.get(peer), said)
})

test('an install goes on without an appliance that is retired meanwhile, and its history still names it', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  world.appliance('paris/acme/secondary').stop()
  world.run(60_000)
  const install = world.install(patch, ['acme'])
  world.await('the primary is installed', () => targetOf(world, install, 'paris/acme/primary')?.state === 'installed')
  assert.equal(targetOf(world, install, 'paris/acme/secondary')?.state, 'queued')
  retire(world, 'paris/acme/secondary')
  const gone = targetOf(world, install, 'paris/acme/secondary')
  assert.equal(gone?.state, 'cancelled')
  assert.equal(gone?.reason, 'paris/acme/secondary was retired by admin')
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
})

test('the last member of a group goes only if that is said, and who loses what is told', () => {
  const world = estateWithTenants('paris')
  assert.ok(!isRefusal(retire(world, 'paris/secondary')))
  const refused = retire(world, 'paris/primary')
  assert.ok(isRefusal(refused))
  assert.equal(refused.refused, 'last_member')
  assert.match(refused.message, /the 2 other appliances of paris connect through it/)
  assert.ok(!isRefusal(retire(world, 'paris/primary', true)))
  assert.ok(!isRefusal(retire(world, 'paris/primary')), 'and asked again it is done')
  assert.equal(world.center.state.appliances.size, 2)
})

test('a renamed appliance keeps its key, its copies and its history, and is called so everywhere', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  for (const [name, to] of [
    ['paris/primary', 'paris-1'],
    ['paris/acme/primary', 'acme-1'],
  ] as const)
    assert.ok(!isRefusal(rename(world, name, to)))
  world.run(2_000)
  assert.equal(world.replications(patch), '2/2')
  assert.equal(world.appliance('paris/primary').state.membership?.name, 'paris-1')
  assert.equal(world.appliance('paris/acme/primary').state.membership?.name, 'acme-1')
  const inRoster = world.appliance('paris/secondary').state.roster?.members.map(({ name }) => name)
  assert.ok(
    inRoster?.includes(ApplianceName.parse('paris-1')) && !inRoster.includes(ApplianceName.parse('paris/primary')),
  )
  world.restart('paris/primary')
  world.run(2_000)
  assert.equal(world.appliance('paris/primary').state.membership?.name, 'paris-1', 'also after it started again')
})

test('an appliance that was away when it was renamed learns its name when it comes back, and of two names the later', () => {
  const world = estate('paris')
  world.appliance('paris/secondary').stop()
  world.run(60_000)
  rename(world, 'paris/secondary', 'b')
  const [older] = [world.center.state.appliances.get(world.appliance('paris/secondary').peer)?.membership]
  rename(world, 'paris/secondary', 'c')
  world.appliance('paris/secondary').start()
  world.run(2_000)
  assert.equal(world.appliance('paris/secondary').state.membership?.name, 'c')
  assert.ok(older)
  const { peer } = world.appliance('paris/secondary')
  world.appliance('paris/secondary').hear({
    kind: 'control-received',
    channel: 'uplink',
    peer: world.center.peer,
    message: { kind: 'letter', letter: { to: peer, from: world.center.peer, envelope: older } },
  })
  world.run(100)
  assert.equal(
    world.appliance('paris/secondary').state.membership?.name,
    'c',
    'a letter that comes late changes nothing',
  )
})

test('a name that is taken is refused, and one of a retired appliance is free', () => {
  const world = estate('paris', 'oslo')
  const refused = rename(world, 'oslo/primary', 'paris/primary')
  assert.ok(isRefusal(refused))
  assert.equal(refused.refused, 'name_in_use')
  retire(world, 'paris/secondary')
  assert.ok(!isRefusal(rename(world, 'oslo/primary', 'paris/secondary')))
})

test('a replaced appliance has a new key and epoch: old receipts and detections are void, and it catches up', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const { peer: former } = world.appliance('paris/secondary')
  replace(world, 'paris/secondary', 'the new machine')
  assert.equal(world.replications(patch), '1/2', 'the copy of the former one counts for nobody')
  const record = world.center.state.appliances.get(world.appliance('the new machine').peer)
  assert.equal(record?.name, 'paris/secondary')
  assert.equal(record?.epoch, 2)
  assert.ok(!world.center.state.appliances.has(former))
  const receipt = world.center.letters.findLast(
    ({ from, envelope }) => from === former && envelope.payloadType === Receipt.payloadType,
  )
  assert.ok(receipt)
  deliverUp(world, 'paris/primary', 'paris/secondary', receipt.envelope)
  assert.equal(world.replications(patch), '1/2')
  world.await('it has caught up', () => world.replications(patch) === '2/2')
  assert.notEqual(world.appliance('paris/secondary').state.uplink.phase, 'up')
  world.transcript.check('a replaced appliance catches up')
})

test('an appliance that is replaced in the middle of an install is planned anew with its new key', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.appliance('paris/acme/secondary').stop()
  world.run(60_000)
  const install = world.install(patch, ['acme'], { allowOutage: true })
  world.await('the primary is installed', () => targetOf(world, install, 'paris/acme/primary')?.state === 'installed')
  replace(world, 'paris/acme/secondary', 'the new machine')
  assert.equal(targetOf(world, install, 'paris/acme/secondary')?.state, 'cancelled')
  world.await('the new one is installed', () => targetOf(world, install, 'the new machine')?.state === 'installed')
  assert.equal(world.center.state.installs.get(install)?.state, 'done')
})

test('where nobody of a pair has begun any more, a halted install has nothing to finish there', () => {
  const world = estateWithTwoTenants('paris')
  const patch = replicate(world)
  const { installer } = world.appliance('paris/globex/secondary')
  installer.outcomes.install.push({ ok: false, temporary: false, reason: 'status 3', output: '' })
  world.appliance('paris/acme/secondary').installer.durationsMs.install = 600_000
  const install = world.install(patch, ['provider', 'acme', 'globex'])
  world.await('globex has failed', () => targetOf(world, install, 'paris/globex/secondary')?.state === 'failed')
  assert.equal(targetOf(world, install, 'paris/acme/secondary')?.state, 'installing')
  assert.equal(targetOf(world, install, 'paris/acme/primary')?.state, 'queued')
  replace(world, 'paris/acme/secondary', 'the new machine')
  world.run(5_000)
  const left = targetOf(world, install, 'paris/acme/primary')
  assert.equal(left?.state, 'cancelled')
  assert.match(
    left?.reason ?? '',
    /^paris\/acme\/secondary, which comes first, cannot tell any more whether it has installed it/,
  )
  assert.deepEqual(world.appliance('paris/acme/primary').installer.started, [])
})

test('who took the place of another stands in for its peer only when it has what the peer has', () => {
  const world = estateWithTenants('paris')
  const [older, newer] = [symbolicPatch({ name: 'older' }), symbolicPatch({ name: 'newer' })]
  for (const patch of [older, newer]) replicate(world, patch)
  const first = world.install(older, ['acme'])
  world.await('both have it', () => world.center.state.installs.get(first)?.state === 'done')
  replace(world, 'paris/acme/secondary', 'the new machine')
  const second = world.install(newer, ['acme'])
  const newerOn = (name: string) => targetOf(world, second, name)
  world.await('the successor has the newer one', () => newerOn('the new machine')?.state === 'installed')
  world.run(60_000)
  assert.equal(newerOn('paris/acme/primary')?.state, 'queued')
  assert.equal(
    newerOn('paris/acme/primary')?.reason,
    'waits until paris/acme/secondary, which took the place of another appliance, has older@1 installed too',
  )
  const third = world.install(older, ['acme'])
  world.await('they are level', () => world.center.state.installs.get(second)?.state === 'done')
  assert.equal(newerOn('paris/acme/primary')?.state, 'installed')
  world.await('and the install that made them so ends', () => world.center.state.installs.get(third)?.state === 'done')
})

test('whoever allows an outage need not wait for a successor', () => {
  const world = estateWithTenants('paris')
  const [older, newer] = [symbolicPatch({ name: 'older' }), symbolicPatch({ name: 'newer' })]
  for (const patch of [older, newer]) replicate(world, patch)
  const first = world.install(older, ['acme'])
  world.await('both have it', () => world.center.state.installs.get(first)?.state === 'done')
  replace(world, 'paris/acme/secondary', 'the new machine')
  const second = world.install(newer, ['acme'], { allowOutage: true })
  world.await('all have it', () => world.center.state.installs.get(second)?.state === 'done')
  assert.equal(targetOf(world, second, 'paris/acme/primary')?.state, 'installed')
})

test('tenants of a depot member that was retired, and does not know it, go on to another member', () => {
  const world = estateWithTenants('paris')
  const tenant = world.appliance('paris/acme/primary')
  const upTo = () => (tenant.state.uplink.phase === 'up' ? tenant.state.uplink.peer : null)
  assert.equal(upTo(), world.appliance('paris/primary').peer)
  world.network.cut('paris/primary', 'service-center')
  retire(world, 'paris/primary')
  world.await('it is heard of', () => world.center.state.sessions.has(tenant.peer))
  assert.equal(upTo(), world.appliance('paris/secondary').peer)
  world.run(120_000)
  assert.ok(!knows(world, tenant.name, 'paris/primary'))
})

test('a depot forgets the letters of a tenant appliance that was retired', () => {
  const world = estateWithTenants('paris')
  const depot = world.appliance('paris/primary')
  const tenant = 'paris/acme/secondary'
  const patch = replicate(world)
  world.install(patch, ['acme'])
  world.run(1_000)
  world.network.cut('paris/primary', 'service-center')
  world.run(5_000)
  assert.ok(depot.state.mailbox.size > 0, 'what it reports waits in the depot')
  retire(world, tenant)
  world.network.mend('paris/primary', 'service-center')
  world.await('the depot was told', () => !knows(world, 'paris/primary', tenant))
  const { peer } = world.appliance(tenant)
  const kept = () => [...depot.state.mailbox.values()].filter(({ letter }) => [letter.from, letter.to].includes(peer))
  assert.deepEqual(kept(), [])
  world.restart('paris/primary')
  assert.deepEqual(kept(), [], 'nor are they in its ledger')
})

test('a token that was revoked enrolls nobody, and one that was used cannot be revoked', () => {
  const world = estate('paris')
  const [used] = world.center.state.tokens.keys()
  assert.ok(used)
  const refused = world.ask({ kind: 'revoke-token', actor: 'admin', enrollingPeer: used })
  assert.ok(isRefusal(refused))
  assert.equal(refused.refused, 'used_token')
  const token = world.center.state.tokens.get(used)
  assert.ok(token)
  const open = { ...token, enrollingPeer: world.center.peer, name: ApplianceName.parse('later'), usedBy: null }
  world.center.tell({ kind: 'token-issued', token: open })
  assert.ok(!isRefusal(world.ask({ kind: 'revoke-token', actor: 'admin', enrollingPeer: open.enrollingPeer })))
  const { tokens, clock } = world.center.state
  assert.ok((tokens.get(open.enrollingPeer)?.expiresAt ?? Number.POSITIVE_INFINITY) <= clock.wallMs)
})
