/**
 * The lanes to one source: what is asked for over which, and what happens when there is none, or one ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { Beats } from '../../agent/shell/network/lanes/beats.ts'
import { laneAddresses } from '../../agent/shell/network/lanes/lane-addresses.ts'
import { type LaneStream, Lanes } from '../../agent/shell/network/lanes/lanes.ts'
import { PieceMemory } from '../../agent/shell/network/piece-memory.ts'
import type { DialAddress, Sha256 } from '../../protocol/identifiers.ts'
import type { PiecesMessage } from '../../protocol/messages.ts'

const patch = 'a'.repeat(64) as Sha256

class Recorded implements LaneStream {
  aborted = false
  abort(): void {
    this.aborted = true
  }
}

/** Each dial ends when the test says so. */
function recorded({ dials = true } = {}) {
  const said: PiecesMessage[] = []
  const streams = new Map<number, Recorded>()
  const ends = new Map<number, () => void>()
  const waiting: { lane: number; come: () => void; fail: () => void }[] = []
  const lanes = new Lanes({
    say: (message) => said.push(message),
    dial: dials
      ? (lane, onEnd) =>
          new Promise((resolve, reject) => {
            ends.set(lane, onEnd)
            const come = (): void => {
              const stream = new Recorded()
              streams.set(lane, stream)
              resolve(stream)
            }
            waiting.push({ lane, come, fail: () => reject(new Error('nobody answers')) })
          })
      : null,
  })
  const ask = (...indexes: number[]): void => {
    for (const index of indexes) lanes.send({ kind: 'request', patch, index })
  }
  /** The lanes that are being dialled come, one after the other. */
  const dialled = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      one.come()
      await soon()
    }
  }
  const asked = (lane?: number): number[] =>
    said.flatMap((message) => (message.kind === 'request' && message.lane === lane ? [message.index] : []))
  return { lanes, said, streams, ends, waiting, ask, asked, dialled }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

test('without lanes everything is asked for over the stream at once', () => {
  const { ask, asked } = recorded({ dials: false })
  ask(0, 1, 2, 3)
  assert.deepEqual(asked(), [0, 1, 2, 3])
})

test('while the first lane is dialled one piece is asked for over the stream, and then the rest over the lane', async () => {
  const { ask, asked, dialled } = recorded()
  ask(0, 1, 2, 3)
  assert.deepEqual(asked(), [0])
  await dialled()
  assert.deepEqual(asked(1), [1, 2, 3])
})

test('a lane that cannot be dialled costs nothing but itself: everything is asked for over the stream', async () => {
  const { ask, asked, waiting } = recorded()
  ask(0, 1, 2, 3)
  waiting.shift()?.fail()
  await soon()
  assert.deepEqual(asked(), [0, 1, 2, 3])
  ask(4)
  assert.deepEqual(waiting, [], 'and it is not dialled again at once')
})

test('over several lanes each has two unanswered at most, and an answer lets the next one go', async () => {
  const { lanes, ask, asked, dialled } = recorded()
  ask(99)
  await dialled()
  lanes.answered(patch, 99)
  lanes.widen(3)
  await dialled()
  ask(0, 1, 2, 3, 4, 5, 6, 7)
  assert.deepEqual(
    [1, 2, 3].map((lane) => asked(lane).length),
    [2, 2, 2],
  )
  const [first] = asked(2)
  lanes.answered(patch, first as number)
  assert.equal(asked(2).at(-1), 6)
})

test('what a lane had not answered when it ended is asked for elsewhere', async () => {
  const { lanes, ends, ask, asked, dialled } = recorded()
  lanes.widen(2)
  ask(99)
  await dialled()
  lanes.answered(patch, 99)
  ask(0, 1, 2, 3)
  const lost = asked(2)
  assert.equal(lost.length, 2)
  ends.get(2)?.()
  for (const index of asked(1)) lanes.answered(patch, index)
  assert.ok(lost.every((index) => asked(1).includes(index)))
  ask(4, 5)
  ends.get(1)?.()
  assert.ok(
    [4, 5].every((index) => asked().includes(index)),
    'over the stream, where no lane is left',
  )
})

test('a request that waits is taken back without a word, one that was sent is cancelled', async () => {
  const { lanes, said, ask, asked, dialled } = recorded()
  lanes.widen(2)
  ask(99)
  await dialled()
  lanes.answered(patch, 99)
  ask(0, 1, 2, 3, 4)
  lanes.send({ kind: 'cancel', patch, index: 4 })
  assert.ok(said.every(({ kind }) => kind === 'request'))
  const [sent] = asked(1)
  lanes.send({ kind: 'cancel', patch, index: sent as number })
  assert.deepEqual(said.at(-1), { kind: 'cancel', patch, index: sent })
})

test('when the source ends, its lanes end, and none is dialled any more', async () => {
  const { lanes, streams, ask, dialled, waiting } = recorded()
  lanes.widen(3)
  ask(0)
  await dialled()
  assert.equal(streams.size, 3)
  lanes.end()
  assert.ok([...streams.values()].every(({ aborted }) => aborted))
  lanes.widen(8)
  ask(1)
  assert.deepEqual(waiting, [])
})

test('where lanes may be dialled: where the other end answered, else where it says that it listens', () => {
  const addresses = ['/ip4/10.0.0.1/tcp/4001', '/dns/paris.example/tcp/4002'] as DialAddress[]
  const remoteAddr = multiaddr('/ip4/10.0.0.9/tcp/51000')
  assert.deepEqual(laneAddresses({ direction: 'outbound', remoteAddr }, addresses), [
    { host: '10.0.0.9', port: 51_000 },
  ])
  assert.deepEqual(laneAddresses({ direction: 'inbound', remoteAddr }, addresses), [
    { host: '10.0.0.1', port: 4001 },
    { host: 'paris.example', port: 4002 },
  ])
  assert.deepEqual(laneAddresses({ direction: 'inbound', remoteAddr }, []), [])
})

test('who waits for a beat goes on in the same turn as all others', async () => {
  const beats = new Beats()
  const turns: number[] = []
  let turn = 0
  await new Promise<void>((resolve) => {
    beats.wait(() => turns.push(turn))
    setImmediate(() => {
      turn += 1
      beats.wait(() => {
        turns.push(turn)
        resolve()
      })
    })
  })
  assert.deepEqual(turns, [1, 1])
})

test('the memory of a piece is used again for one of the same length, and for no other', () => {
  const memory = new PieceMemory()
  const first = memory.take(1000)
  memory.giveBack(first)
  assert.notEqual(memory.take(999), first)
  assert.equal(memory.take(1000), first)
  assert.notEqual(memory.take(1000), first, 'while it is in use')
})
