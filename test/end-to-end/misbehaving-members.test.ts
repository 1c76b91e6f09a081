/**
 * A member that says what no member says loses its stream and nothing else happens: the process lives, its memory stays,
 * and the others go on.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { CONTROL_PROTOCOL, PIECES_PROTOCOL } from '../../protocol/messages.ts'
import { readToken } from '../../protocol/token.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { HostilePeer, stolenIdentity, type Talk, varint } from '../support/hostile-peer.ts'
import { auditStore } from '../support/store-audit.ts'

const MiB = 1024 * 1024
const MAY_GROW_BYTES = 120 * MiB
let fleet: Fleet
let patch: string
/** Of the member whose key was stolen. */
let seed: Uint8Array
let depot: string
const peers: HostilePeer[] = []

before(async () => {
  fleet = await Fleet.start()
  const paris = { dataCenter: 'Paris', organization: 'Provider', kind: 'service-provider' }
  await fleet.addAll([
    slotOf({ ...paris, name: 'paris', role: 'primary' }),
    slotOf({ ...paris, name: 'paris 2', role: 'secondary' }),
    slotOf({ name: 'acme', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' }),
  ])
  await fleet.daemon('acme').stop()
  seed = await stolenIdentity(fleet.folderOf('acme'))
  const another = {
    name: 'another',
    organization: 'Acme',
    dataCenter: 'Paris',
    kind: 'tenant',
    role: 'secondary',
  } as const
  const token = readToken(await fleet.token(slotOf(another)))
  assert.ok('dial' in token)
  depot = token.dial[0] ?? ''
  patch = await replicate('sample')
})
after(async () => {
  await Promise.all(peers.map((peer) => peer.stop()))
  await fleet.stop()
})

async function replicate(name: string): Promise<string> {
  const file = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: 3 * MiB, out: file })
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  for (const member of ['paris', 'paris 2']) assert.ok((await auditStore(fleet.folderOf(member))).includes(id))
  return id
}

async function thief(): Promise<HostilePeer> {
  const peer = await HostilePeer.start(seed)
  peers.push(peer)
  return peer
}

async function memoryBytes(name: string): Promise<number> {
  const status = await readFile(`/proc/${fleet.daemon(name).pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

const request = (index: number) => ({ kind: 'request', patch, index })
const BAD: [title: string, protocol: string, say: (talk: Talk) => void][] = [
  ['N12 an oversized length', PIECES_PROTOCOL, (talk) => talk.sendRaw(varint(2 ** 40))],
  ['N12 an oversized length', CONTROL_PROTOCOL, (talk) => talk.sendRaw(varint(2n ** 62n))],
  ['N12 a length without an end', CONTROL_PROTOCOL, (talk) => talk.sendRaw(new Uint8Array(4096).fill(0xff))],
  ['N12 a length just over the limit', CONTROL_PROTOCOL, (talk) => talk.sendFrame(new Uint8Array(MiB + 1))],
  ['N12 frames of no bytes', CONTROL_PROTOCOL, (talk) => talk.sendRaw(new Uint8Array(10_000))],
  ['N13 random bytes of the right size', CONTROL_PROTOCOL, (talk) => talk.sendFrame(randomBytes(500))],
  ['N13 a message of the other protocol', PIECES_PROTOCOL, (talk) => talk.say({ kind: 'ping' })],
  ['N13 a field too many', PIECES_PROTOCOL, (talk) => talk.say({ kind: 'want', patch, more: 1 })],
  ['N13 what only a source says', PIECES_PROTOCOL, (talk) => talk.say({ kind: 'have', patch, index: 0 })],
  [
    'N14 a piece that nobody asked for',
    PIECES_PROTOCOL,
    (talk) => talk.say({ kind: 'piece', patch, index: 0, bytes: 9 }),
  ],
  [
    'N14 a piece beyond the end',
    PIECES_PROTOCOL,
    (talk) => [{ kind: 'want', patch }, request(4_000_000)].forEach((words) => talk.say(words)),
  ],
  [
    'N14 a negative piece',
    PIECES_PROTOCOL,
    (talk) => [{ kind: 'want', patch }, request(-1)].forEach((words) => talk.say(words)),
  ],
  [
    'N17 the same piece a thousand times',
    PIECES_PROTOCOL,
    (talk) =>
      [{ kind: 'want', patch }, ...Array.from({ length: 1000 }, () => request(0))].forEach((words) => talk.say(words)),
  ],
  [
    'N17 ten thousand wants',
    PIECES_PROTOCOL,
    (talk) => Array.from({ length: 10_000 }, () => talk.say({ kind: 'want', patch: randomBytes(32).toString('hex') })),
  ],
]

for (const [title, protocol, say] of BAD) {
  test(`${title} on ${protocol} ends the stream of the member that sent it`, async () => {
    const acme = await thief()
    const talk = await acme.open(depot, protocol)
    say(talk)
    await talk.ended
    await eventually('the stream is closed', () => talk.stream.status !== 'open')
    await acme.stop()
    assert.ok(fleet.daemon('paris').running)
  })
}

test('N18 a patch that was not offered is never sent, and asking for it ten thousand times costs no memory', async () => {
  const acme = await thief()
  const before = await memoryBytes('paris')
  const talk = await acme.open(depot, PIECES_PROTOCOL)
  for (let count = 0; count < 10_000; count++) talk.say(request(0))
  talk.say({ kind: 'want', patch })
  await eventually('the offer', () => talk.received.length > 0)
  assert.equal(talk.received.length, 1, 'no piece came before the patch was offered')
  assert.ok((await memoryBytes('paris')) - before < MAY_GROW_BYTES)
})

test('N26 a member that asks and never reads costs its depot no memory, and the others nothing', async () => {
  const acme = await thief()
  const before = await memoryBytes('paris')
  for (let count = 0; count < 30; count++) {
    const talk = await acme.open(depot, PIECES_PROTOCOL)
    talk.stream.pause()
    talk.say({ kind: 'want', patch })
    for (let index = 0; index < 12; index++) talk.say(request(index))
  }
  await replicate('while-nobody-reads')
  assert.ok((await memoryBytes('paris')) - before < MAY_GROW_BYTES)
})
