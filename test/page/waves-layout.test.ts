/**
 * Where the pairs of an install stand in the picture over time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PairView } from '../../controller/core/install-progress.ts'
import { LABELS, layOutWaves } from '../../controller/page/waves-layout.ts'

const START = Date.parse('2026-11-30T12:00:00.000Z')
const iso = (minutes: number): string => new Date(START + minutes * 60_000).toISOString()

/** Of one wave and Data Center, in minutes from the start. */
function pair(place: string, from: number | null, until: number | null, given: Partial<PairView> = {}): PairView {
  const [wave, dataCenter = ''] = place.split(' ')
  return {
    ...{ wave: Number(wave), dataCenter, organization: 'acme', kind: 'tenant', group: 'pair', standing: 'done' },
    ...{ installed: 2, appliances: 2, expected: 'nothing' },
    ...{ from: from === null ? null : iso(from), until: until === null ? null : iso(until) },
    ...given,
  }
}
const laidOut = (pairs: PairView[], nowMinutes: number | null, expectedEnd: number | null = null) =>
  layOutWaves(
    { pairs, openings: [], startedAt: iso(0), expectedEnd: expectedEnd === null ? null : iso(expectedEnd) },
    nowMinutes === null ? null : START + nowMinutes * 60_000,
  )

test('each pair has a row below its wave and Data Center', () => {
  const { headings, rows } = laidOut([pair('1 oslo', 0, 5), pair('2 oslo', 5, 9), pair('2 oslo', 5, 8)], 10)
  assert.deepEqual(
    headings.map(({ wave, dataCenter }) => `${wave} ${dataCenter}`),
    ['1 oslo', '2 oslo'],
  )
  assert.equal(rows.length, 3)
  assert.ok(rows.every((row, index) => index === 0 || row.y > (rows[index - 1]?.y ?? 0)))
})

test('what has begun is drawn to this moment, and what is expected of it from there', () => {
  const running = pair('1 oslo', 0, 10, { standing: 'runs', expected: 'end' })
  const { rows, nowX } = laidOut([running], 5, 10)
  const [expected, begun] = rows[0]?.bars ?? []
  assert.deepEqual([expected?.isExpected, begun?.isExpected], [true, false])
  assert.equal(begun?.x, LABELS)
  assert.equal(expected?.x, nowX)
})

test('nothing is drawn of a pair of which nobody knows when, and no moment of one that has ended', () => {
  const { rows, nowX } = laidOut([pair('1 oslo', null, null, { standing: 'ended' })], null)
  assert.deepEqual([rows[0]?.bars, nowX], [[], null])
})

test('many pairs share the row of their wave and Data Center, and what is too much is left to the table', () => {
  const many = Array.from({ length: 30 }, (_, index) => pair('2 oslo', 0, index + 1))
  const shared = laidOut([pair('1 oslo', 0, 1), ...many], 40)
  assert.deepEqual(
    shared.rows.map(({ label }) => label),
    ['acme', '30 pairs'],
  )
  const places = Array.from({ length: 60 }, (_, index) => pair(`3 site-${index}`, 0, 1))
  const { rows, leftOut } = laidOut(places, 40)
  assert.deepEqual([rows.length, leftOut], [40, 20])
})

test('nothing stands beyond the edge, and what took a moment can be seen', () => {
  const { rows, width } = laidOut([pair('1 oslo', 0, 0), pair('1 oslo', 600, 600)], 600)
  for (const { bars } of rows)
    for (const bar of bars) assert.ok(bar.width >= 4 && bar.x >= LABELS && bar.x + bar.width <= width)
})
