/**
 * The axis of a picture over time: broken where a wait is much longer than all that happens, whole otherwise.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { timeAxis } from '../../controller/page/time-axis.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const PLACE = { left: 100, width: 600 }
const stretch = (from: number, to: number) => ({ from: from * MINUTE, to: to * MINUTE })
const axis = (to: number, ...happens: [number, number][]) =>
  timeAxis(
    happens.map(([from, until]) => stretch(from, until)),
    stretch(0, to),
    PLACE,
  )

describe('the axis of time', () => {
  test('is whole where what happens can be seen beside what is waited for', () => {
    const { xOf, breaks, ticks } = axis(60, [0, 20], [50, 60])
    assert.deepEqual(breaks, [])
    assert.deepEqual(
      [0, 30, 60].map((at) => xOf(at * MINUTE)),
      [100, 400, 700],
    )
    assert.deepEqual(
      ticks.map(({ seconds }) => seconds / 60),
      [0, 10, 20, 30, 40, 50, 60],
    )
  })

  test('is broken where a wait is days long, and the rest has the room', () => {
    const { xOf, breaks, ticks } = axis(3000, [0, 20], [2980, 3000])
    assert.deepEqual(breaks, [{ x: 358, width: 84, seconds: 2960 * 60 }])
    assert.deepEqual(
      [0, 20, 2980, 3000].map((at) => xOf(at * MINUTE)),
      [100, 358, 442, 700],
    )
    assert.ok(
      ticks.some(({ x, seconds }) => x === 442 && seconds === 2980 * 60),
      'it says where it goes on',
    )
    for (const { x } of ticks) assert.ok(x <= 358 || x >= 442, 'nothing is written in the break')
  })

  test('never goes back, whatever happens when', () => {
    const { xOf, breaks } = axis(9000, [0, 5], [3, 9], [3000, 3010], [3005, 3006], [6000, 6000], [8990, 9000])
    assert.equal(breaks.length, 3)
    const xs = Array.from({ length: 9001 }, (_, at) => xOf(at * MINUTE))
    assert.ok(xs.every((x, index) => index === 0 || x >= (xs[index - 1] ?? 0)))
    assert.deepEqual([xs[0], xs.at(-1)], [100, 700])
  })

  test('of many breaks leaves half of the room to what happens', () => {
    const days = Array.from({ length: 12 }, (_, day): [number, number] => [day * 1440, day * 1440 + 10])
    const { breaks } = axis(11 * 1440 + 10, ...days)
    assert.equal(breaks.length, 11)
    assert.ok(Math.abs(breaks.reduce((sum, { width }) => sum + width, 0) - 300) < 1)
  })

  test('keeps its numbers apart, and needs nothing that happens', () => {
    for (const happens of [
      [],
      [[0, 1]],
      [
        [0, 1],
        [600, 601],
      ],
      [[599, 600]],
    ] as [number, number][][]) {
      const { ticks, xOf } = axis(601, ...happens)
      const xs = ticks.map(({ x }) => x).sort((left, right) => left - right)
      assert.ok(xs.length > 0)
      for (const [index, x] of xs.entries()) if (index > 0) assert.ok(x - (xs[index - 1] ?? 0) >= 56)
      assert.ok(Number.isFinite(xOf(10 * HOUR)))
    }
  })
})
