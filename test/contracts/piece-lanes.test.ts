/**
 * Pieces over lanes, on real connections: the product at both ends, and each end against a hostile other one.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlainly, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { startHost } from '../../agent/shell/network/host.ts'
import { ExpectedLanes } from '../../agent/shell/network/lanes/expected-lanes.ts'
import { LANE_SECURITY } from '../../agent/shell/network/lanes/lane-security.ts'
import { HEADER_BYTES, readHeader, writeHeader } from '../../agent/shell/network/lanes/piece-header.ts'
import { type PieceEvent, PieceStreams } from '../../agent/shell/network/piece-streams.ts'
import { decode } from '../../protocol/codec.ts'
import { toHex } from '../../protocol/hashing.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_LANES, MAX_PIECE_BYTES } from '../../protocol/limits.ts'
import {
  type LaneTicket,
  PIECES_PROTOCOL,
  PIECES_PROTOCOL_BEFORE,
  PieceStreamMessage,
} from '../../protocol/messages.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { eventually } from '../support/eventually.ts'
import { Talk } from '../support/hostile-peer.ts'

const patch = 'ab'.repeat(32) as Sha256
const pieces = [MAX_PIECE_BYTES, 300_000, 16_384, 1].map((bytes) => randomBytes(bytes))

let source: Libp2p
let reader: Libp2p
let sender: PieceStreams
let told: PieceEvent[]
/** What the source does with a stream of pieces; the product, unless a test says otherwise. */
let accept: (stream: Stream) => void
const readerPeer = (): PeerId => reader.peerId.toString() as PeerId
const sourcePeer = (): PeerId => source.peerId.toString() as PeerId

function piecesOf(events: PieceEvent[]): PieceStreams {
  return new PieceStreams({
    deliver: (event) => events.push(event),
    room: () => undefined,
    isOverWan: () => false,
    readPiece: async (_, index) => pieces[index] ?? Promise.reject(new Error('EIO: the disk refuses')),
  })
}

before(async () => {
  const options = { listen: ['/ip4/127.0.0.1/tcp/0'], mayConnect: () => true, seed: randomBytes(32) }
  source = await startHost({
    ...options,
    acceptLane: (socket, proven) => sender.expectedLanes.accept(socket, proven),
  })
  reader = await startHost({ ...options, listen: [], seed: randomBytes(32) })
  await source.handle([PIECES_PROTOCOL, PIECES_PROTOCOL_BEFORE], (stream) => accept(stream))
})
after(() => Promise.all([source.stop(), reader.stop()]))

function address(): { host: string; port: number } {
  const [listening] = source.getMultiaddrs()
  return { host: '127.0.0.1', port: Number(listening?.getComponents().find(({ name }) => name === 'tcp')?.value) }
}

async function dial(protocol: string): Promise<{ connection: Connection; stream: Stream }> {
  for (const before of reader.getConnections()) before.abort(new Error('another test begins'))
  told = []
  sender = piecesOf(told)
  const connection = await reader.dial(multiaddr(source.getMultiaddrs()[0]?.toString()))
  return { connection, stream: await connection.newStream(protocol) }
}

let readersGone = 0
function productAccepts(): void {
  readersGone = 0
  accept = (stream) => {
    sender.openReader(readerPeer(), stream, {
      onEnd: () => {
        readersGone += 1
      },
    })
  }
}

const asksFor = (index: number): ((event: PieceEvent) => boolean) => {
  return (event) =>
    event.kind === 'pieces-received' && event.message.kind === 'request' && event.message.index === index
}
const received = (events: PieceEvent[]) => events.flatMap((event) => (event.kind === 'piece-received' ? [event] : []))
const lanesOf = (events: PieceEvent[]) =>
  events.flatMap((event) => (event.kind === 'reader-widened' ? [event.lanes] : []))

/** The product reads, from the product. */
async function open(protocol = PIECES_PROTOCOL) {
  productAccepts()
  const { stream } = await dial(protocol)
  const events: PieceEvent[] = []
  const receiver = piecesOf(events)
  const ended = Promise.withResolvers<string>()
  receiver.openSource(sourcePeer(), stream, { addresses: [address()], onEnd: ended.resolve })
  receiver.toSource(sourcePeer(), { kind: 'want', patch })
  const ask = async (index: number): Promise<void> => {
    receiver.toSource(sourcePeer(), { kind: 'request', patch, index })
    await eventually(`the source is asked for piece ${index}`, () => told.some(asksFor(index)))
    sender.sendPiece(readerPeer(), patch, index)
    await eventually(`piece ${index} arrives`, () => received(events).some((event) => event.index === index))
  }
  return { events, receiver, ask, ended: ended.promise }
}

test('pieces of any size arrive over a lane, whole and with their leaf', async () => {
  const { events, receiver, ask } = await open()
  await ask(3)
  await eventually('the lane is there', () => lanesOf(told).length > 0)
  for (const index of [0, 1, 2]) await ask(index)
  for (const { index, hash, slot } of received(events)) {
    const piece = pieces[index] as Buffer
    const bytes = receiver.received.take(slot)
    assert.ok(bytes !== undefined && piece.equals(bytes))
    assert.equal(toHex(hash), toHex(pieceHash(piece)))
  }
  const asked = told.flatMap((event) =>
    event.kind === 'pieces-received' && event.message.kind === 'request' ? [event.message.lane] : [],
  )
  assert.deepEqual(asked, [undefined, 1, 1, 1], 'all but what was asked for before it was there')
})

test('an agent of the release before gets its pieces over the stream, and gives them so', async () => {
  const { ask } = await open(PIECES_PROTOCOL_BEFORE)
  for (const index of pieces.keys()) await ask(index)
  assert.deepEqual(lanesOf(told), [])
})

test('when the stream of a source ends, its lanes end with it', async () => {
  const { receiver, ask, ended } = await open()
  await ask(3)
  await eventually('the lane is there', () => lanesOf(told).length > 0)
  receiver.toSource(sourcePeer(), { kind: 'lane-wanted', lane: 99 } as never)
  await ended
  await eventually('the source has none of its lanes any more', () => lanesOf(told).length === 2)
})

/** A reader that is not the product, with a stream to the product. */
async function hostileReader() {
  productAccepts()
  const { stream } = await dial(PIECES_PROTOCOL)
  const talk = new Talk(stream)
  talk.say({ kind: 'want', patch })
  const ticket: LaneTicket = { id: randomBytes(16), secret: randomBytes(32) }
  const expected = (lane: number) =>
    eventually(`lane ${lane} is expected`, () =>
      talk.received.some((bytes) => {
        const message = decode(PieceStreamMessage, bytes, 'a message')
        return !isRefusal(message) && message.kind === 'lane-expected' && message.lane === lane
      }),
    )
  const announce = async (lane: number, told = ticket): Promise<void> => {
    talk.say({ kind: 'lane-wanted', lane, ticket: told })
    await expected(lane)
  }
  return { talk, ticket, announce }
}

/** Of sockets that the other end cuts, as it should. */
const errors: string[] = []
const noted = (error: Error): void => void errors.push(error.message)

function dialLane({ id, secret }: LaneTicket): TLSSocket {
  const options: ConnectionOptions = {
    ...{ ...address(), ...LANE_SECURITY },
    pskCallback: () => ({ psk: secret, identity: Buffer.from(id).toString('hex') }),
    checkServerIdentity: () => undefined,
  }
  return connect(options).on('error', noted)
}

const closed = (socket: Socket): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))

async function ask(talk: Talk, index: number, lane: number): Promise<void> {
  talk.say({ kind: 'request', patch, index, lane })
  await eventually('the core hears of it', () => told.some(asksFor(index)))
  sender.sendPiece(readerPeer(), patch, index)
}

test('the key exchange of a lane is ephemeral, and of TLS 1.3', async () => {
  const { ticket, announce } = await hostileReader()
  await announce(1)
  const socket = dialLane(ticket)
  await once(socket, 'secureConnect')
  assert.deepEqual(
    [socket.getProtocol(), socket.getCipher().name, socket.getEphemeralKeyInfo()],
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', { type: 'ECDH', name: 'X25519', size: 253 }],
  )
  socket.destroy()
})

describe('a lane is not let in', () => {
  const table: [why: string, attempt: () => Promise<TLSSocket>][] = [
    [
      'N29 that no stream announced',
      async () => {
        await hostileReader()
        return dialLane({ id: randomBytes(16), secret: randomBytes(32) })
      },
    ],
    [
      'N29 with a wrong secret',
      async () => {
        const { ticket, announce } = await hostileReader()
        await announce(1)
        return dialLane({ ...ticket, secret: randomBytes(32) })
      },
    ],
    [
      'N29 that comes for the second time',
      async () => {
        const { ticket, announce } = await hostileReader()
        await announce(1)
        await once(dialLane(ticket), 'secureConnect')
        return dialLane(ticket)
      },
    ],
    [
      'N29 whose stream has ended meanwhile',
      async () => {
        const { talk, ticket, announce } = await hostileReader()
        await announce(1)
        talk.stream.abort(new Error('gone'))
        await eventually('the source has heard of it', () => readersGone > 0)
        return dialLane(ticket)
      },
    ],
  ]
  for (const [why, attempt] of table) {
    test(why, async () => {
      const socket = await attempt()
      let isOpen = false
      socket.once('secureConnect', () => {
        isOpen = true
      })
      await closed(socket)
      assert.equal(isOpen, false)
    })
  }

  test('N29 without a handshake: whoever says nothing, or something else, is cut', async () => {
    await hostileReader()
    const nonsense = [null, randomBytes(1000).fill(0x16, 0, 1), Buffer.from([0x16, 3, 1])]
    const sockets = nonsense.map((bytes) => {
      const socket = connectPlainly(address()).on('error', noted)
      if (bytes !== null) socket.write(bytes)
      return socket
    })
    await Promise.all(sockets.map(closed))
  })

  test(`N29 above ${MAX_LANES} of one reader: the stream ends; one with the number of another takes its place`, async () => {
    const { talk, ticket, announce } = await hostileReader()
    await announce(MAX_LANES)
    const first = dialLane(ticket)
    await once(first, 'secureConnect')
    await eventually('the source has it', () => lanesOf(told).length > 0)
    const next: LaneTicket = { id: randomBytes(16), secret: randomBytes(32) }
    talk.say({ kind: 'lane-wanted', lane: MAX_LANES, ticket: next })
    await closed(first)
    await once(dialLane(next), 'secureConnect')
    talk.say({ kind: 'lane-wanted', lane: MAX_LANES + 1, ticket })
    await talk.ended
  })
})

test('N30 a lane that is announced and never comes leaves its number, and pieces come over the stream', async () => {
  const gone = Promise.withResolvers<void>()
  const expected = new ExpectedLanes(20)
  expected.expect({ id: randomBytes(16), secret: randomBytes(32) }, { opened: () => assert.fail(), gone: gone.resolve })
  await gone.promise
  const { events } = await open()
  // Nobody listens there.
  const receiver = piecesOf(events)
  const { stream } = await dial(PIECES_PROTOCOL)
  receiver.openSource(sourcePeer(), stream, { addresses: [{ host: '127.0.0.1', port: 1 }], onEnd: () => {} })
  receiver.toSource(sourcePeer(), { kind: 'want', patch })
  for (const index of [3, 2]) {
    receiver.toSource(sourcePeer(), { kind: 'request', patch, index })
    await eventually('the source is asked', () => told.some(asksFor(index)))
    sender.sendPiece(readerPeer(), patch, index)
  }
  await eventually('both arrive', () => received(events).length === 2)
})

test('of several addresses each is tried, and the lane is dialled where somebody answers', async () => {
  const { events } = await open()
  const receiver = piecesOf(events)
  const { stream } = await dial(PIECES_PROTOCOL)
  const addresses = [{ host: '127.0.0.1', port: 1 }, address()]
  receiver.openSource(sourcePeer(), stream, { addresses, onEnd: () => {} })
  receiver.toSource(sourcePeer(), { kind: 'want', patch })
  // Over the stream: it begins the first lane.
  for (const index of [3, 2, 1]) receiver.toSource(sourcePeer(), { kind: 'request', patch, index })
  await eventually('the source hears of a lane', () => lanesOf(told).length > 0)
  for (const index of [3, 2, 1]) {
    await eventually(`piece ${index} is asked for`, () => told.some(asksFor(index)))
    sender.sendPiece(readerPeer(), patch, index)
  }
  await eventually('all arrive', () => received(events).length === 3)
})

test('N31 a piece goes over the lane that its request named, and over no other', async () => {
  const { talk, ticket, announce } = await hostileReader()
  await announce(7)
  const socket = dialLane(ticket)
  await once(socket, 'secureConnect')
  await eventually('the source has it', () => lanesOf(told).length > 0)
  await ask(talk, 1, 7)
  const bytes = await read(socket, HEADER_BYTES + 300_000)
  assert.deepEqual(readHeader(bytes), { patch, index: 1, bytes: 300_000 })
  assert.ok(bytes.subarray(HEADER_BYTES).equals(pieces[1] as Buffer))
  talk.say({ kind: 'request', patch, index: 2, lane: 8 })
  talk.say({ kind: 'request', patch, index: 3, lane: 7 })
  await eventually('what is asked over a lane that is there comes to the core', () => told.some(asksFor(3)))
  assert.ok(!told.some(asksFor(2)), 'and what is asked over another does not')
  socket.write('anything')
  await closed(socket)
})

async function read(socket: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let got = 0; got < length; ) {
    const part: Buffer | null = socket.read()
    if (part === null) await once(socket, 'readable')
    else {
      parts.push(part)
      got += part.byteLength
    }
  }
  return Buffer.concat(parts)
}

describe('a source that lies on its lane', () => {
  /** The product reads from a source that is none: it says and sends what a test wants. */
  async function lying(send: (lane: TLSSocket) => void) {
    const lanes = new ExpectedLanes()
    const server = createServer((socket) => lanes.accept(socket, () => {})).listen(0, '127.0.0.1')
    await once(server, 'listening')
    let talk: Talk | undefined
    accept = (stream) => {
      talk = new Talk(stream)
    }
    const { stream } = await dial(PIECES_PROTOCOL)
    const events: PieceEvent[] = []
    const receiver = piecesOf(events)
    const { port } = server.address() as { port: number }
    receiver.openSource(sourcePeer(), stream, { addresses: [{ host: '127.0.0.1', port }], onEnd: () => {} })
    const messages = () =>
      (talk?.received ?? []).flatMap((bytes) => {
        const message = decode(PieceStreamMessage, bytes, 'a message')
        return isRefusal(message) ? [] : [message]
      })
    const requests = () => messages().flatMap((message) => (message.kind === 'request' ? [message] : []))
    receiver.toSource(sourcePeer(), { kind: 'request', patch, index: 0 })
    receiver.toSource(sourcePeer(), { kind: 'request', patch, index: 1 })
    const wanted = await eventually('a lane is wanted', () =>
      messages().find((message) => message.kind === 'lane-wanted'),
    )
    lanes.expect(wanted.ticket, { opened: (socket) => send(socket.on('error', noted)), gone: () => {} })
    talk?.say({ kind: 'lane-expected', lane: wanted.lane })
    return { events, requests, close: () => server.close() }
  }

  const piece = pieces[1] as Buffer
  const header = (bytes: number): Uint8Array => writeHeader({ patch, index: 1, bytes })
  const table: [what: string, send: (lane: TLSSocket) => void][] = [
    ['N32 a piece of no bytes', (lane) => lane.write(header(0))],
    ['N32 a piece above the limit', (lane) => lane.write(header(MAX_PIECE_BYTES + 1))],
    [
      'N32 fewer bytes than it said, and then the end',
      (lane) => lane.end(Buffer.concat([header(1000), piece.subarray(0, 999)])),
    ],
    [
      'N32 an end in the middle of a record',
      (lane) => {
        lane.write(Buffer.concat([header(1000), piece.subarray(0, 10)]), () => lane.destroy())
      },
    ],
    ['N32 an end before anything', (lane) => lane.end()],
  ]
  for (const [what, send] of table) {
    test(`${what}: nothing is delivered, and what was asked for over the lane is asked for over the stream`, async () => {
      const { events, requests, close } = await lying(send)
      await eventually('it is asked for again', () =>
        requests().some(({ index, lane }) => index === 1 && lane === undefined),
      )
      assert.deepEqual(received(events), [])
      close()
    })
  }

  test('N32 other bytes are told with their own leaf, by which the core judges them', async () => {
    const other = randomBytes(1000)
    const { events, close } = await lying((lane) => lane.write(Buffer.concat([header(1000), other])))
    const [found] = await eventually('they come', () => (received(events).length > 0 ? received(events) : null))
    assert.equal(toHex(found?.hash as Uint8Array), toHex(pieceHash(other)))
    close()
  })

  test('N32 more bytes than it said are the beginning of another piece, and end the lane when they are none', async () => {
    const ended = Promise.withResolvers<void>()
    const { events, close } = await lying((lane) => {
      lane.once('close', () => ended.resolve())
      lane.write(Buffer.concat([header(1000), piece.subarray(0, 1000), Buffer.alloc(HEADER_BYTES)]))
    })
    await eventually('the first one comes', () => received(events).length > 0)
    await ended.promise
    assert.equal(received(events).length, 1)
    close()
  })
})
