/**
 * Whoever has stolen the network key of the Service Center, or the key of an appliance, can speak to appliances and
 * cannot make one install anything: only the root of trust signs orders, and each is for one appliance.
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { startHost } from '../../agent/shell/network/host.ts'
import { MessageStream } from '../../agent/shell/network/message-stream.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { InstallId, OrderId, type PeerId, type Sha256 } from '../../protocol/identifiers.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../../protocol/limits.ts'
import { CONTROL_PROTOCOL, ControlMessage, PIECES_PROTOCOL } from '../../protocol/messages.ts'
import { readToken } from '../../protocol/token.ts'
import { type SigningKey, seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Order } from '../../protocol/trust/statements.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { HostilePeer, stolenIdentity } from '../support/hostile-peer.ts'

const PROVIDER = { organization: 'Provider', kind: 'service-provider', dataCenter: 'Paris' }
const MEMBERS = ['depot', 'tenant']
let fleet: Fleet
let patch: Sha256
let centerAddress: string

before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll([
    slotOf({ ...PROVIDER, name: 'depot', role: 'primary' }),
    slotOf({ name: 'tenant', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' }),
  ])
  const file = join(fleet.folder, 'wanted.patch')
  await writeControlledBundle({ out: file, name: 'wanted' })
  patch = (await fleet.api.upload(file)).id
  await fleet.until(
    '1/1',
    () => fleet.api.patch(patch),
    ({ replications }) => replications.complete === 1,
  )
  for (const name of MEMBERS) await mkdir(join(fleet.folderOf(name), 'root'), { recursive: true })
  const token = readToken(await fleet.token(slotOf({ ...PROVIDER, name: 'another', role: 'secondary' })))
  assert.ok('dial' in token)
  centerAddress = token.dial[0] ?? ''
})
after(() => fleet.stop())

function forge(to: PeerId, organization: string, signer: SigningKey, addressee = to) {
  const order = Order.schema.parse({
    ...{ to: addressee, orderId: OrderId.parse(randomBytes(16).toString('hex')), sequence: 1_000_000 },
    ...{
      install: InstallId.parse(randomBytes(16).toString('hex')),
      attempt: 1,
      action: 'install',
      patch,
      allowOutage: true,
      organization,
    },
    ...{ dataCenter: 'Paris', issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 },
    after: null,
    continues: null,
    stages: [],
  })
  return { to, envelope: seal(Order, order, signer) }
}

/** A Service Center with the real network key and without the signing key: says these letters to whoever greets it. */
async function fakeServiceCenter(letters: { to: PeerId; envelope: ReturnType<typeof seal> }[]) {
  const { meshSeed, mesh } = await loadAuthority(join(fleet.folder, 'service-center'))
  const host = await startHost({
    seed: meshSeed,
    listen: [centerAddress.replace(/\/p2p\/.*/, '')],
    mayConnect: () => true,
  })
  await host.handle(CONTROL_PROTOCOL, (stream) => {
    const messages: MessageStream<ControlMessage> = new MessageStream(stream, {
      schema: ControlMessage,
      maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
      what: 'a control message',
      onMessage: ({ kind }) => {
        if (kind !== 'greeting') return
        for (const letter of letters) messages.send({ kind: 'letter', letter: { ...letter, from: mesh } })
      },
      onEnd: () => {},
    })
  })
  return host
}

test('I1 I2 I11 orders by stolen keys, and orders for others, are refused by whoever gets them, and change nothing', async () => {
  const peers = new Map((await fleet.api.appliances()).map(({ name, peer }) => [name, peer as PeerId]))
  const [depot, tenant] = MEMBERS.map((name) => peers.get(name) as PeerId) as [PeerId, PeerId]
  const { meshSeed, signing } = await loadAuthority(join(fleet.folder, 'service-center'))
  const stolen = [
    signingKeyFromSeed(randomBytes(32)),
    signingKeyFromSeed(meshSeed),
    ...(await Promise.all(MEMBERS.map(async (name) => signingKeyFromSeed(await stolenIdentity(fleet.folderOf(name)))))),
  ]
  const forged = stolen.flatMap((key) => [forge(depot, 'Provider', key), forge(tenant, 'Acme', key)])
  // Writing the name of the root under a signature does not make it the root's.
  const renamed = forged.map(({ to, envelope }) => {
    const signatures = envelope.signatures.map(({ sig }) => ({ keyid: signing.peer, sig }))
    return { to, envelope: { ...envelope, signatures } }
  })
  const astray = [forge(depot, 'Acme', signing, tenant), forge(tenant, 'Provider', signing, depot)]
  const letters = [...forged, ...renamed, ...astray]
  await fleet.serviceCenter.stop()
  const host = await fakeServiceCenter(letters)
  for (const name of MEMBERS) {
    await eventually(
      `${name} has refused them all`,
      () => [...fleet.daemon(name).log.matchAll(/order refused/g)].length >= letters.length / 2,
    )
    assert.deepEqual(await readdir(join(fleet.folderOf(name), 'root')), [])
  }
  await host.stop()
  await fleet.restartServiceCenter()
  await fleet.reachable(MEMBERS)
  for (const organization of ['Provider', 'Acme']) {
    const started = await fleet.api.startInstall({
      patch,
      organizations: [organization],
      dataCenter: 'All',
      allowOutage: true,
    })
    const ended = await fleet.until(
      'the install ends',
      () => fleet.api.install(started.id),
      ({ state }) => !isUnderWay(state),
    )
    assert.equal(ended.state, 'done', JSON.stringify(ended))
  }
  for (const name of MEMBERS) assert.equal(await readFile(join(fleet.folderOf(name), 'root/attempts'), 'utf8'), 'run\n')
})

test('N8 an appliance that the Service Center does not know any more is cut, and stays out', async () => {
  await fleet.serviceCenter.stop()
  const database = new DatabaseSync(databaseFile(join(fleet.folder, 'service-center')))
  database.prepare('DELETE FROM appliances WHERE name = ?').run('depot')
  database.close()
  await fleet.restartServiceCenter()
  const unknown = await HostilePeer.start(await stolenIdentity(fleet.folderOf('depot')))
  for (const protocol of [CONTROL_PROTOCOL, PIECES_PROTOCOL]) {
    await assert.rejects(async () => {
      const talk = await unknown.open(centerAddress, protocol)
      talk.say({ kind: 'ping' })
      await talk.ended
      if (talk.received.length === 0) throw new Error('closed without a word')
    })
  }
  await unknown.stop()
  assert.ok((await fleet.api.appliances()).every(({ name }) => name !== 'depot'))
  assert.ok(fleet.daemon('depot').running)
})
