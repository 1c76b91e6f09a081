/**
 * The bytes of pieces over a real connection: sent and received by the product, and sent wrongly by a hostile source.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { startHost } from '../../agent/shell/network/host.ts'
import { type PieceEvent, PieceStreams } from '../../agent/shell/network/piece-streams.ts'
import { decode } from '../../protocol/codec.ts'
import { toHex } from '../../protocol/hashing.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_PIECE_BYTES, PIECE_FRAME_BYTES } from '../../protocol/limits.ts'
import { PIECES_PROTOCOL, PieceStreamMessage } from '../../protocol/messages.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import { eventually } from '../support/eventually.ts'
import { Talk } from '../support/hostile-peer.ts'

const patch = 'a'.repeat(64) as Sha256
const pieces = [MAX_PIECE_BYTES, MAX_PIECE_BYTES, PIECE_FRAME_BYTES, PIECE_FRAME_BYTES + 1, 1].map((size) =>
  randomBytes(size),
)

let source: Libp2p
let reader: Libp2p
let accept: (stream: Stream) => void

before(async () => {
  const options = { listen: ['/ip4/127.0.0.1/tcp/0'], mayConnect: () => true }
  source = await startHost({ ...options, seed: randomBytes(32) })
  reader = await startHost({ ...options, seed: randomBytes(32) })
  await source.handle(PIECES_PROTOCOL, (stream) => accept(stream))
})
after(() => Promise.all([source.stop(), reader.stop()]))

function streams(events: PieceEvent[]): PieceStreams {
  return new PieceStreams({
    deliver: (event) => events.push(event),
    room: () => undefined,
    isOverWan: () => false,
    readPiece: async (_, index) => pieces[index] ?? Promise.reject(new Error('EIO: the disk refuses')),
  })
}

/** The reading side, and what the other side answers with: the product, or whatever `hostile` does. */
async function open(hostile: ((talk: Talk) => void) | null) {
  const events: PieceEvent[] = []
  const told: PieceEvent[] = []
  const sender = streams(told)
  const receiver = streams(events)
  const readerPeer = reader.peerId.toString() as PeerId
  accept = (stream) => {
    if (hostile === null) sender.openReader(readerPeer, stream, { onEnd: () => {} })
    else hostile(new Talk(stream))
  }
  const [address] = source.getMultiaddrs()
  const connection = await reader.dial(multiaddr(address?.toString()))
  const ended = Promise.withResolvers<string>()
  const peer = source.peerId.toString() as PeerId
  receiver.openSource(peer, await connection.newStream(PIECES_PROTOCOL), { addresses: [], onEnd: ended.resolve })
  return { events, told, sender, receiver, readerPeer, ended: ended.promise }
}

test('pieces of any size arrive whole, in order, with their leaf', async () => {
  const { events, sender, receiver, readerPeer } = await open(null)
  // The stream is there for the sender with the first message only.
  receiver.toSource(source.peerId.toString() as PeerId, { kind: 'want', patch })
  await eventually('the sender has its reader', () => {
    sender.sendPiece(readerPeer, patch, 4)
    return events.some(({ kind }) => kind === 'piece-received')
  })
  for (const index of pieces.keys()) sender.sendPiece(readerPeer, patch, index)
  const received = () => events.flatMap((event) => (event.kind === 'piece-received' ? [event] : []))
  await eventually('all pieces arrive', () => received().filter(({ index }) => index === 4).length >= 2 && received())
  for (const { index, hash, slot } of received()) {
    const piece = pieces[index] as Buffer
    const bytes = receiver.received.take(slot)
    assert.ok(bytes !== undefined && piece.equals(bytes))
    assert.equal(toHex(hash), toHex(pieceHash(piece)))
    assert.equal(receiver.received.take(slot), undefined)
  }
})

test('a piece that the disk does not give is told to the core with its reason, and the next one follows', async () => {
  const { events, told, sender, receiver, readerPeer } = await open(null)
  receiver.toSource(source.peerId.toString() as PeerId, { kind: 'want', patch })
  const unreadable = { kind: 'piece-unreadable', peer: readerPeer, patch, index: 99, reason: 'EIO: the disk refuses' }
  const found = () => told.find(({ kind }) => kind === unreadable.kind)
  await eventually('the core hears of it', () => {
    sender.sendPiece(readerPeer, patch, 99)
    return found()
  })
  assert.deepEqual(found(), unreadable)
  sender.sendPiece(readerPeer, patch, 4)
  await eventually('another piece arrives', () => events.some(({ kind }) => kind === 'piece-received'))
  assert.ok(!events.some((event) => event.kind === 'pieces-received' && event.message.kind === 'gone'))
})

test('what is said in one turn arrives as one chunk, in order', async () => {
  const chunks: number[] = []
  const talks: Talk[] = []
  const { receiver } = await open((talk) => {
    talks.push(talk)
    talk.stream.addEventListener('message', ({ data }) => chunks.push(data.byteLength))
  })
  const peer = source.peerId.toString() as PeerId
  receiver.toSource(peer, { kind: 'want', patch })
  await eventually('the stream is there', () => talks[0]?.received.length === 1)
  for (let index = 0; index < 50; index++) receiver.toSource(peer, { kind: 'have', patch, index })
  await eventually('all of it arrives', () => talks[0]?.received.length === 51)
  assert.equal(chunks.length, 2)
  const heard = talks[0]?.received.slice(1).map((bytes) => decode(PieceStreamMessage, bytes, 'a message'))
  assert.deepEqual(
    heard,
    Array.from({ length: 50 }, (_, index) => ({ kind: 'have', patch, index })),
  )
})

const HEAD = { kind: 'piece', patch, index: 0, bytes: 100 }
const BAD: [what: string, say: (talk: Talk) => void, reason: RegExp][] = [
  [
    'more bytes than it said',
    (talk) => {
      talk.say(HEAD)
      talk.sendFrame(randomBytes(60))
      talk.sendFrame(randomBytes(41))
    },
    /longer than was said/,
  ],
  [
    'an end in the middle of a piece',
    (talk) => {
      talk.say(HEAD)
      talk.sendFrame(randomBytes(60))
      talk.stream.close().catch((error: Error) => talk.stream.abort(error))
    },
    /closed by the other side/,
  ],
  ['a piece of no bytes', (talk) => talk.say({ ...HEAD, bytes: 0 }), /has the wrong form at bytes/],
  [
    'a piece above the limit',
    (talk) => talk.say({ ...HEAD, bytes: MAX_PIECE_BYTES + 1 }),
    /has the wrong form at bytes/,
  ],
]
for (const [what, say, reason] of BAD) {
  test(`N14 ${what} ends the source, and nothing of it is delivered`, async () => {
    const { events, ended } = await open(say)
    assert.match(await ended, reason)
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'piece-received'),
      [],
    )
  })
}
