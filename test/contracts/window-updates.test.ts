import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '@libp2p/interface'
import { StreamState, YamuxStream } from '@libp2p/yamux/stream'
import { Uint8ArrayList } from 'uint8arraylist'
import { spareWindowUpdates } from '../../agent/shell/network/window-updates.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const ACKNOWLEDGED = 2

function silentLog(): Logger {
  const log: Logger = Object.assign(() => undefined, {
    enabled: false,
    error: () => undefined,
    trace: () => undefined,
    newScope: () => log,
  })
  return log
}

/** A stream of yamux as one end holds it, with the window updates that it has sent. */
function openStream(state = StreamState.Established) {
  const updates: { bytes: number; flag: number }[] = []
  const stream = new YamuxStream({
    id: '1',
    streamId: 1,
    direction: 'inbound',
    protocol: '/test/1',
    log: silentLog(),
    initialStreamWindowSize: WINDOW_BYTES,
    state,
    getRTT: () => -1,
    sendFrame: ({ length, flag }) => {
      updates.push({ bytes: length, flag })
      return true
    },
  })
  spareWindowUpdates(stream)
  return { stream, updates }
}

function arrives(stream: YamuxStream, bytes: number): void {
  const header = { type: 0, flag: 0, streamID: 1, length: bytes }
  stream.handleData({ header, data: new Uint8ArrayList(new Uint8Array(bytes)) })
}

test('small messages are read without a word about the window', () => {
  const { stream, updates } = openStream()
  stream.addEventListener('message', () => undefined)
  for (let count = 0; count < 1000; count++) arrives(stream, 100)
  assert.deepEqual(updates, [])
})

test('the other end is given back all that was used once it is a quarter of the window', () => {
  const { stream, updates } = openStream()
  stream.addEventListener('message', () => undefined)
  const eighth = WINDOW_BYTES / 8
  for (let count = 0; count < 8; count++) arrives(stream, eighth)
  const given = { bytes: 2 * eighth, flag: 0 }
  assert.deepEqual(updates, [given, given, given, given])
})

test('what opens a stream is said at once', () => {
  const { stream, updates } = openStream(StreamState.SYNReceived)
  stream.addEventListener('message', () => undefined)
  arrives(stream, 100)
  assert.deepEqual(updates, [{ bytes: 100, flag: ACKNOWLEDGED }])
})

test('a stream that was paused gives back what came meanwhile when it goes on', () => {
  const { stream, updates } = openStream()
  stream.addEventListener('message', () => undefined)
  stream.pause()
  arrives(stream, WINDOW_BYTES / 2)
  assert.deepEqual(updates, [])
  stream.resume()
  assert.equal(
    updates.reduce((sum, { bytes }) => sum + bytes, 0),
    WINDOW_BYTES / 2,
  )
})
