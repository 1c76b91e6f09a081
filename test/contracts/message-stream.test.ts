import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { startHost } from '../../agent/shell/network/host.ts'
import { MessageStream } from '../../agent/shell/network/message-stream.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { PIECES_PROTOCOL, PiecesMessage } from '../../protocol/messages.ts'
import { eventually } from '../support/eventually.ts'

const patch = 'a'.repeat(64) as Sha256

let listening: Libp2p
let dialling: Libp2p
const received: PiecesMessage[] = []

before(async () => {
  const options = { listen: ['/ip4/127.0.0.1/tcp/0'], mayConnect: () => true }
  listening = await startHost({ ...options, seed: randomBytes(32) })
  dialling = await startHost({ ...options, seed: randomBytes(32) })
  await listening.handle(PIECES_PROTOCOL, (stream) => {
    messages(stream)
  })
})
after(() => Promise.all([listening.stop(), dialling.stop()]))

function messages(stream: Stream): MessageStream<PiecesMessage> {
  return new MessageStream(stream, {
    schema: PiecesMessage,
    maxMessageBytes: 1024,
    what: 'a message',
    onMessage: (message) => void received.push(message),
    onEnd: () => undefined,
  })
}

test('what nobody waits for leaves in its order with what somebody waits for, and without that a moment later', async () => {
  const [address] = listening.getMultiaddrs()
  const connection = await dialling.dial(multiaddr(address?.toString()))
  const stream = await connection.newStream(PIECES_PROTOCOL)
  let chunks = 0
  const send = stream.send.bind(stream)
  stream.send = (chunk) => {
    chunks += 1
    return send(chunk)
  }
  const talk = messages(stream)
  for (const index of [1, 2, 3]) talk.send({ kind: 'have', patch, index }, 'soon')
  talk.send({ kind: 'request', patch, index: 4 })
  await eventually('all four arrive', () => received.length === 4)
  const indexes = received.map((message) => ('index' in message ? message.index : -1))
  assert.deepEqual([indexes, chunks], [[1, 2, 3, 4], 1])
  talk.send({ kind: 'have', patch, index: 5 }, 'soon')
  await eventually('it arrives with nothing behind it', () => received.length === 5)
})
