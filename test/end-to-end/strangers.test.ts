/**
 * Whoever is not a member gets nothing but a closed connection, and keeps nobody else from getting in.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { CONTROL_PROTOCOL, ENROLL_PROTOCOL, PIECES_PROTOCOL } from '../../protocol/messages.ts'
import { enrollingSeed, readToken } from '../../protocol/token.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { HostilePeer, stolenIdentity } from '../support/hostile-peer.ts'

const PROTOCOLS = [CONTROL_PROTOCOL, PIECES_PROTOCOL, ENROLL_PROTOCOL]
const MiB = 1024 * 1024
const FLOOD = fileURLToPath(new URL('../support/socket-flood.ts', import.meta.url))
let fleet: Fleet
let patch: Sha256
const addresses = new Map<string, string>()
const peers: HostilePeer[] = []
/** Sockets that the other side has ended hard, which it may. */
const resets: Error[] = []

before(async () => {
  fleet = await Fleet.start()
  const provider = { organization: 'Provider', kind: 'service-provider' }
  await fleet.addAll([
    slotOf({ ...provider, name: 'paris', dataCenter: 'Paris', role: 'primary' }),
    slotOf({ ...provider, name: 'tokyo', dataCenter: 'Tokyo', role: 'primary' }),
    slotOf({ name: 'acme', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' }),
  ])
  const file = join(fleet.folder, 'sample.patch')
  await writeExampleBundle({ name: 'sample', version: '1.0.0', bytes: 3 * MiB, out: file })
  patch = (await fleet.api.upload(file)).id
  await fleet.until(
    '2/2',
    () => fleet.api.patch(patch),
    ({ replications }) => replications.complete === 2,
  )
  for (const [name, dataCenter] of [
    ['paris', 'Paris'],
    ['tokyo', 'Tokyo'],
  ] as const) {
    const token = readToken(
      await fleet.token(
        slotOf({ name: `at ${name}`, organization: 'Acme', dataCenter, kind: 'tenant', role: 'secondary' }),
      ),
    )
    assert.ok('dial' in token)
    addresses.set(name, token.dial[0] ?? '')
  }
  const token = readToken(
    await fleet.token(slotOf({ ...provider, name: 'at the center', dataCenter: 'Oslo', role: 'primary' })),
  )
  assert.ok('dial' in token)
  addresses.set('', token.dial[0] ?? '')
})
after(async () => {
  await Promise.all(peers.map((peer) => peer.stop()))
  await fleet.stop()
})

async function peerWith(seed: Uint8Array): Promise<HostilePeer> {
  const peer = await HostilePeer.start(seed)
  peers.push(peer)
  return peer
}

function address(name: string): string {
  return addresses.get(name) ?? ''
}

/** Opens the protocol and says something; true when anything at all came back before the end. */
async function answers(peer: HostilePeer, to: string, protocol: string): Promise<boolean> {
  const greeting = {
    version: 1,
    addresses: [],
    rosterVersion: 0,
    counters: { gaps: [], newest: 0 },
    known: [],
    life: '0'.repeat(32),
    silenceMs: 30_000,
  }
  const words = protocol === CONTROL_PROTOCOL ? { kind: 'greeting', greeting } : { kind: 'want', patch }
  const talk = await peer.open(to, protocol).catch((cause: unknown) => new Error('it was not let in', { cause }))
  if (talk instanceof Error) return false
  talk.say(words)
  if (protocol === CONTROL_PROTOCOL) talk.say({ kind: 'ping' })
  let over = false
  void talk.ended.then(() => {
    over = true
  })
  await eventually('an answer or the end', () => over || talk.received.length > 0)
  return talk.received.length > 0
}

async function socketTo(name: string): Promise<Socket> {
  const [, , host, , port] = address(name).split('/')
  const socket = connect(Number(port), host)
  socket.on('error', (error) => resets.push(error))
  await once(socket, 'connect')
  return socket
}

test('N7 a stranger gets nothing but a closed connection, whatever it opens', async () => {
  for (const name of ['', 'paris']) {
    for (const protocol of [...PROTOCOLS, '/ipfs/id/1.0.0', '/patchmesh/control/999']) {
      assert.equal(
        await answers(await peerWith(randomBytes(32)), address(name), protocol),
        false,
        `${name} ${protocol}`,
      )
    }
  }
})

test('N7 the bearer of a token may enroll and open nothing else', async () => {
  const text = await fleet.token(
    slotOf({ name: 'new', organization: 'Provider', dataCenter: 'Lima', kind: 'service-provider', role: 'primary' }),
  )
  const token = readToken(text)
  assert.ok('secret' in token)
  const bearer = await peerWith(enrollingSeed(token.secret))
  const known = async () => (await bearer.open(address(''), ENROLL_PROTOCOL)).stream.status === 'open'
  await eventually('the token is known', known)
  for (const protocol of [CONTROL_PROTOCOL, PIECES_PROTOCOL])
    assert.equal(await answers(bearer, address(''), protocol), false)
  assert.equal(await answers(bearer, address('paris'), ENROLL_PROTOCOL), false)
})

test('N1 hundreds of idle sockets and sockets with random bytes keep no honest agent out', async () => {
  const idle = await Promise.all(Array.from({ length: 90 }, () => socketTo('')))
  for (const socket of idle.slice(0, 40)) socket.write(randomBytes(1000))
  const multistream = Buffer.from('\x13/multistream/1.0.0\n')
  for (const socket of idle.slice(40, 60)) socket.write(Buffer.concat([multistream, randomBytes(2000)]))
  for (const socket of idle.slice(60, 70))
    socket.write(Buffer.concat([multistream, Buffer.from('\x07/noise\n'), Buffer.alloc(20)]))
  await fleet.daemon('tokyo').stop()
  await fleet.startAgent('tokyo')
  await fleet.reachable(['tokyo'])
  await eventually('every idle socket is closed', () => idle.every((socket) => socket.closed))
})

for (const [from, only] of [
  ['a hundred addresses', ''],
  ['its own address', '127.0.0.1'],
] as const) {
  test(`R9 1,500 new sockets a second from ${from} keep no member out`, async () => {
    await fleet.daemon('tokyo').stop()
    const tokyo = await stolenIdentity(fleet.folderOf('tokyo'))
    const [, , host = '', , port = ''] = address('').split('/')
    const flood = spawn(process.execPath, ['--import', 'tsx', FLOOD, host, port, '1500', only])
    try {
      const opened = () => Number(told.trim().split('\n').at(-1))
      let told = ''
      flood.stdout.on('data', (chunk: Buffer) => {
        told += chunk.toString()
      })
      await eventually('the flood has come', () => opened() > 1_000)
      let attempts = 0
      for (let time = 0; time < 10; time++) {
        await eventually(`it is let in, for the ${time + 1}th time`, async () => {
          attempts += 1
          return answers(await peerWith(tokyo), address(''), CONTROL_PROTOCOL)
        })
      }
      // A member that dials again after half a second would be in within a second or two each time.
      assert.ok(attempts <= 20, `${attempts} attempts for ten times`)
    } finally {
      flood.kill('SIGKILL')
      await once(flood, 'exit')
    }
    await fleet.startAgent('tokyo')
    await fleet.reachable(['tokyo'])
  })
}

test('a tenant appliance speaks with its own depot, and with nobody else', async () => {
  await fleet.daemon('acme').stop()
  const acme = await peerWith(await stolenIdentity(fleet.folderOf('acme')))
  for (const protocol of PROTOCOLS) {
    assert.equal(await answers(acme, address(''), protocol), false, `the Service Center on ${protocol}`)
    assert.equal(await answers(acme, address('tokyo'), protocol), false, `another Data Center on ${protocol}`)
  }
  assert.equal(await answers(acme, address('paris'), ENROLL_PROTOCOL), false)
  assert.equal(await answers(acme, address('paris'), PIECES_PROTOCOL), true)
  assert.equal(await answers(acme, address('paris'), CONTROL_PROTOCOL), true)
})
