/**
 * Several connections to one source: what is asked over which, and what happens when one of them ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LaneStream, Lanes } from '../../agent/shell/network/lanes.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { PiecesMessage } from '../../protocol/messages.ts'

const patch = 'a'.repeat(64) as Sha256

class Recorded implements LaneStream {
  readonly sent: PiecesMessage[] = []
  aborted = false
  send(message: PiecesMessage): void {
    this.sent.push(message)
  }
  abort(): void {
    this.aborted = true
  }
  get indexes(): number[] {
    return this.sent.flatMap((message) => (message.kind === 'request' ? [message.index] : []))
  }
}

function recorded() {
  const streams = [new Recorded()]
  const ends: (() => void)[] = [() => {}]
  const lanes = new Lanes(streams[0] as Recorded, async (onEnd) => {
    const stream = new Recorded()
    streams.push(stream)
    ends.push(onEnd)
    return stream
  })
  const ask = (...indexes: number[]) => {
    for (const index of indexes) lanes.send({ kind: 'request', patch, index })
  }
  return { lanes, streams, ends, ask }
}

const dialled = () => new Promise((resolve) => setImmediate(resolve))

test('over one connection everything is asked at once', () => {
  const { streams, ask } = recorded()
  ask(0, 1, 2, 3)
  assert.deepEqual(streams[0]?.indexes, [0, 1, 2, 3])
})

test('over several, each has two unanswered at most, and an answer lets the next one go', async () => {
  const { lanes, streams, ask } = recorded()
  lanes.widen(3)
  await dialled()
  ask(0, 1, 2, 3, 4, 5, 6, 7)
  assert.deepEqual(
    streams.map(({ indexes }) => indexes.length),
    [2, 2, 2],
  )
  const [first] = streams[1]?.indexes ?? []
  lanes.answered(patch, first as number)
  assert.deepEqual(streams[1]?.indexes.at(-1), 6)
})

test('what a connection had not answered when it ended is asked over another', async () => {
  const { lanes, streams, ends, ask } = recorded()
  lanes.widen(2)
  await dialled()
  ask(0, 1, 2, 3)
  const lost = streams[1]?.indexes as number[]
  ends[1]?.()
  assert.deepEqual(
    lost.every((index) => streams[0]?.indexes.includes(index)),
    true,
  )
})

test('a request that waits is taken back without a word, one that was sent is cancelled where it was sent', async () => {
  const { lanes, streams, ask } = recorded()
  lanes.widen(2)
  await dialled()
  ask(0, 1, 2, 3, 4)
  lanes.send({ kind: 'cancel', patch, index: 4 })
  assert.ok(streams.every(({ sent }) => sent.every(({ kind }) => kind === 'request')))
  const [sent] = streams[1]?.indexes ?? []
  lanes.send({ kind: 'cancel', patch, index: sent as number })
  assert.equal(streams[1]?.sent.at(-1)?.kind, 'cancel')
})

test('when the source ends, its further connections end, and none is dialled any more', async () => {
  const { lanes, streams } = recorded()
  lanes.widen(3)
  await dialled()
  lanes.end()
  assert.ok(streams.slice(1).every(({ aborted }) => aborted))
  lanes.widen(8)
  await dialled()
  assert.equal(streams.length, 3)
})
