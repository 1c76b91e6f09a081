import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTime } from '../../protocol/clock.ts'

const told = { monotonicMs: 50_000, wallMs: 900_000 }
const event = { kind: 'letter' } as const

const later: readonly [string, { monotonicMs: number; wallMs: number }, boolean][] = [
  ['a moment later', { monotonicMs: 50_400, wallMs: 900_400 }, false],
  ['after the process stood still', { monotonicMs: 80_000, wallMs: 930_000 }, true],
  [
    'after the machine was suspended, which the monotonic clock does not count',
    { monotonicMs: 50_001, wallMs: 930_000 },
    true,
  ],
  ['after the wall clock was set forward', { monotonicMs: 50_100, wallMs: 8_000_000 }, true],
  ['after the wall clock was set back', { monotonicMs: 50_100, wallMs: 100_000 }, true],
]

for (const [when, now, isTold] of later) {
  test(`an event ${when} is ${isTold ? '' : 'not '}heard after the time`, () => {
    const tick = { kind: 'tick', clock: now }
    assert.deepEqual(inTime<{ kind: string }>(event, { told, now }), isTold ? [tick, event] : [event])
  })
}

test('a tick that stood in line tells the time at which its turn comes', () => {
  const now = { monotonicMs: 90_000, wallMs: 940_000 }
  assert.deepEqual(inTime({ kind: 'tick', clock: told }, { told, now }), [{ kind: 'tick', clock: now }])
})
