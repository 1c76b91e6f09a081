/**
 * Maintenance windows as tables: when they open and close, in which zone, what is refused when somebody sets one, and what a
 * place may do when several are set.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deadlineFor } from '../../controller/core/windows/deadline.ts'
import { judgeWindow } from '../../controller/core/windows/judging.ts'
import { nearby, type Span } from '../../controller/core/windows/recurrence.ts'
import { applyingAt, nextRoom, roomAt } from '../../controller/core/windows/room.ts'
import { inWords } from '../../controller/core/windows/setting.ts'
import { beginBy, inTime, neededMs, whyOutside } from '../../controller/core/windows/waiting.ts'
import { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import { DataCenterName, OrganizationName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { symbolicPatch } from '../../simulator/world/symbolic-patch.ts'
import { everyRecord } from '../contracts/sample-records.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const at = (text: string): number => Date.parse(text)
const iso = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 16)

type Given = Partial<Record<'name' | 'kind' | 'organization' | 'dataCenter' | 'begins' | 'zone' | 'rule', string>> & {
  minutes?: number
}

function windowOf(given: Given = {}): MaintenanceWindow {
  return MaintenanceWindow.parse({
    ...{ name: 'sundays', kind: 'window', organization: null, dataCenter: null },
    ...{ begins: '2026-01-04T02:00', zone: 'Europe/Berlin', rule: 'FREQ=WEEKLY;BYDAY=SU', minutes: 240 },
    ...given,
  })
}

/** The openings from a moment on, as `from/to`. */
function openings(window: MaintenanceWindow, from: string, count: number): string[] {
  const spans: string[] = []
  let moment = at(from)
  for (let index = 0; index < count; index += 1) {
    const span: Span | null = nearby(window, moment).next
    if (span === null) break
    spans.push(`${iso(span.from)}/${iso(span.to)}`)
    moment = span.from
  }
  return spans
}

describe('a window opens', () => {
  const cases: [title: string, given: Given, from: string, spans: string[]][] = [
    [
      'at the same time of day before and after clocks go back in Berlin, and is as long on that night',
      {},
      '2026-10-17T00:00Z',
      ['2026-10-18T00:00/2026-10-18T04:00', '2026-10-25T00:00/2026-10-25T04:00', '2026-11-01T01:00/2026-11-01T05:00'],
    ],
    [
      'at the first of two half past two, when clocks go back in Berlin',
      { begins: '2026-01-04T02:30' },
      '2026-10-24T00:00Z',
      ['2026-10-25T00:30/2026-10-25T04:30', '2026-11-01T01:30/2026-11-01T05:30'],
    ],
    [
      'not on the night on which clocks skip its time in Berlin',
      { begins: '2026-01-04T02:30' },
      '2027-03-20T00:00Z',
      ['2027-03-21T01:30/2027-03-21T05:30', '2027-04-04T00:30/2027-04-04T04:30'],
    ],
    [
      'before clocks go forward in Berlin, for as long as on any other night',
      { begins: '2026-01-04T01:00' },
      '2027-03-27T00:00Z',
      ['2027-03-28T00:00/2027-03-28T04:00', '2027-04-03T23:00/2027-04-04T03:00'],
    ],
    [
      'by the clocks of New York, which change on other days',
      { zone: 'America/New_York', begins: '2026-01-04T01:30', minutes: 60 },
      '2026-10-31T00:00Z',
      ['2026-11-01T05:30/2026-11-01T06:30', '2026-11-08T06:30/2026-11-08T07:30'],
    ],
    [
      'not on the night on which clocks skip its time in New York',
      { zone: 'America/New_York', begins: '2026-01-04T02:30', minutes: 60 },
      '2027-03-13T00:00Z',
      ['2027-03-21T06:30/2027-03-21T07:30'],
    ],
    [
      'at the same moment of the day the whole year where clocks are never changed',
      { zone: 'Asia/Kolkata', minutes: 60 },
      '2026-10-24T00:00Z',
      ['2026-10-24T20:30/2026-10-24T21:30', '2026-10-31T20:30/2026-10-31T21:30'],
    ],
    [
      'on 29 February in leap years alone',
      { zone: 'UTC', begins: '2024-02-29T02:00', rule: 'FREQ=YEARLY', minutes: 60 },
      '2026-01-01T00:00Z',
      ['2028-02-29T02:00/2028-02-29T03:00', '2032-02-29T02:00/2032-02-29T03:00'],
    ],
    [
      'as often as COUNT says, and then no more',
      { zone: 'UTC', rule: 'FREQ=WEEKLY;COUNT=2', minutes: 60 },
      '2026-01-01T00:00Z',
      ['2026-01-04T02:00/2026-01-04T03:00', '2026-01-11T02:00/2026-01-11T03:00'],
    ],
    [
      'until UNTIL, that moment included',
      { rule: 'FREQ=WEEKLY;UNTIL=20260118T010000Z', minutes: 60 },
      '2026-01-01T00:00Z',
      ['2026-01-04T01:00/2026-01-04T02:00', '2026-01-11T01:00/2026-01-11T02:00', '2026-01-18T01:00/2026-01-18T02:00'],
    ],
    [
      'on the first Sunday of each month',
      { zone: 'UTC', rule: 'FREQ=MONTHLY;BYDAY=1SU', minutes: 60 },
      '2026-01-05T00:00Z',
      ['2026-02-01T02:00/2026-02-01T03:00', '2026-03-01T02:00/2026-03-01T03:00'],
    ],
    [
      'every second week, counted from its first day',
      { zone: 'UTC', rule: 'FREQ=WEEKLY;INTERVAL=2', minutes: 60 },
      '2026-01-05T00:00Z',
      ['2026-01-18T02:00/2026-01-18T03:00', '2026-02-01T02:00/2026-02-01T03:00'],
    ],
    ['once, without a rule', { rule: '', minutes: 60 }, '2026-01-01T00:00Z', ['2026-01-04T01:00/2026-01-04T02:00']],
  ]
  for (const [title, given, from, spans] of cases) {
    test(title, () => assert.deepEqual(openings(windowOf(given), from, spans.length + 1).slice(0, spans.length), spans))
  }
  test('no more after the last, whatever was asked before', () => {
    const window = windowOf({ zone: 'UTC', rule: 'FREQ=WEEKLY;COUNT=2', minutes: 60 })
    assert.equal(openings(window, '2026-01-01T00:00Z', 9).length, 2)
    assert.deepEqual(nearby(window, at('2026-01-11T02:30Z')).now, {
      ...{ from: at('2026-01-11T02:00Z'), to: at('2026-01-11T03:00Z') },
    })
    assert.deepEqual({ ...nearby(window, at('2026-01-11T03:00Z')) }.now, null)
    assert.deepEqual({ ...nearby(window, at('2026-01-11T03:00Z')) }.next, null)
    assert.equal(iso(nearby(window, at('2026-01-04T02:00Z')).now?.from ?? 0), '2026-01-04T02:00')
  })

  test('by what it is asked, and never by the clock of the machine', () => {
    const [now, zoned] = [Date.now, Temporal.Now.instant]
    const readsTheClock = (): never => {
      throw new Error('the clock was read')
    }
    const RealDate = globalThis.Date
    // Without an argument it is the time of the machine.
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, given: unknown[]) =>
        given.length === 0 ? readsTheClock() : Reflect.construct(target, given),
    })
    Date.now = readsTheClock
    Object.defineProperty(Temporal.Now, 'instant', { value: readsTheClock, configurable: true })
    try {
      for (const rule of ['FREQ=WEEKLY;BYDAY=SU', 'FREQ=DAILY;COUNT=30', 'FREQ=MONTHLY;UNTIL=20270101T000000Z', '']) {
        const window = windowOf({ rule })
        assert.equal(judgeWindow(window, RealDate.parse('2026-01-01T00:00Z')), null)
        assert.ok(nearby(window, RealDate.parse('2026-01-02T00:00Z')).next !== null, rule)
      }
    } finally {
      globalThis.Date = RealDate
      Date.now = now
      Object.defineProperty(Temporal.Now, 'instant', { value: zoned, configurable: true })
    }
  })
})

describe('a window is refused when it is set', () => {
  const NOW = at('2026-11-30T12:00Z')
  const cases: [title: string, given: Given, says: RegExp][] = [
    [
      'whose days there are not',
      { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' },
      /^sundays never opens: its rule names days/,
    ],
    [
      'that lies in the past',
      { rule: '' },
      /^sundays lies in the past and does not come again: it opened for the last time on 2026-01-04 at 02:00 Europe\/Berlin$/,
    ],
    ['that has come as often as it may', { rule: 'FREQ=WEEKLY;COUNT=3' }, /lies in the past .* on 2026-01-18 at 02:00/],
    ['that has ended with its UNTIL', { rule: 'FREQ=DAILY;UNTIL=20260110T000000Z' }, /lies in the past/],
    ['in a time zone that is none', { zone: 'Europe/Nowhere' }, /is in the time zone Europe\/Nowhere, which is none/],
    [
      'from a day that there is not',
      { begins: '2027-02-29T02:00' },
      /begins on 2027-02-29 at 02:00, and in Europe\/Berlin there is no such/,
    ],
    [
      'from a time that clocks skip',
      { begins: '2027-03-28T02:30' },
      /begins on 2027-03-28 at 02:30, and in Europe\/Berlin there is no such/,
    ],
    [
      'that opens again before it closes',
      { rule: 'FREQ=DAILY', minutes: 1500 },
      /opens again on .* before 1500 minutes are over/,
    ],
  ]
  for (const [title, given, says] of cases) {
    test(title, () => {
      const refusal = judgeWindow(windowOf(given), NOW)
      assert.equal(refusal?.refused, 'bad_window')
      assert.match(refusal?.message ?? '', says)
    })
  }
  const malformed: [what: string, given: Given][] = [
    ['a frequency that is none', { rule: 'FREQ=SOMETIMES' }],
    ['a day that is none', { rule: 'FREQ=WEEKLY;BYDAY=XX' }],
    ['a part that would change the time of day', { rule: 'FREQ=WEEKLY;BYHOUR=3' }],
    ['an unknown part', { rule: 'FREQ=WEEKLY;FOO=1' }],
    ['no frequency', { rule: 'BYDAY=SU' }],
    ['a part twice', { rule: 'FREQ=WEEKLY;FREQ=DAILY' }],
    ['both ends', { rule: 'FREQ=WEEKLY;COUNT=2;UNTIL=20270101T000000Z' }],
    ['a count of none', { rule: 'FREQ=WEEKLY;COUNT=0' }],
    ['a count that takes long to work out', { rule: 'FREQ=DAILY;COUNT=9999' }],
    ['a second line', { rule: 'FREQ=WEEKLY\nDTSTART:20200101T000000Z' }],
    ['an offset for a zone', { zone: '+01:00' }],
    ['a first day in another form', { begins: '06.12.2026 02:00' }],
    ['no length', { minutes: 0 }],
  ]
  for (const [what, given] of malformed) test(`with ${what}`, () => assert.throws(() => windowOf(given)))
  test('but not one that comes once more, or that is open now', () => {
    assert.equal(judgeWindow(windowOf(), NOW), null)
    assert.equal(judgeWindow(windowOf({ rule: '', begins: '2026-11-30T12:30', minutes: 60 }), NOW), null)
    assert.equal(judgeWindow(windowOf({ rule: 'rrule:freq=daily;interval=2' }), NOW), null)
  })
})

const acme = OrganizationName.parse('acme')
const [dc1, dc2] = [DataCenterName.parse('dc1'), DataCenterName.parse('dc2')]

describe('what may begin at a place', () => {
  const everywhere = windowOf({ name: 'all' })
  const inDc1 = windowOf({ name: 'dc1', dataCenter: 'dc1', rule: 'FREQ=WEEKLY;BYDAY=MO' })
  const ofAcme = windowOf({ name: 'acme', organization: 'acme', rule: 'FREQ=WEEKLY;BYDAY=TU' })
  const acmeInDc1 = windowOf({
    name: 'acme dc1',
    organization: 'acme',
    dataCenter: 'dc1',
    rule: 'FREQ=WEEKLY;BYDAY=WE',
  })
  const noted = (all: MaintenanceWindow[], dataCenter: DataCenterName, organization = acme) =>
    applyingAt(all, { organization, dataCenter }).windows.map(({ name }) => String(name))

  test('is said by those windows that name it most closely', () => {
    const all = [everywhere, inDc1, ofAcme, acmeInDc1]
    assert.deepEqual(noted(all, dc1), ['acme dc1'])
    assert.deepEqual(noted(all, dc2), ['acme'])
    assert.deepEqual(noted(all, dc1, OrganizationName.parse('globex')), ['dc1'])
    assert.deepEqual(noted(all, dc2, OrganizationName.parse('globex')), ['all'])
    assert.deepEqual(noted([inDc1], dc2), [])
  })

  test('is anything at any time without windows, and nothing within a blackout', () => {
    const place = { organization: acme, dataCenter: dc1 }
    assert.equal(roomAt(applyingAt([], place), 0), Number.POSITIVE_INFINITY)
    const blackout = windowOf({
      name: 'year end',
      kind: 'blackout',
      begins: '2026-12-24T00:00',
      rule: '',
      minutes: 10 * 1440,
    })
    const applying = applyingAt([blackout], place)
    assert.equal(roomAt(applying, at('2026-12-25T00:00Z')), null)
    assert.equal(iso(roomAt(applying, at('2026-12-20T00:00Z')) ?? 0), '2026-12-23T23:00')
    assert.equal(roomAt(applying, at('2027-02-01T00:00Z')), Number.POSITIVE_INFINITY)
    assert.equal(iso(nextRoom(applying, at('2026-12-25T00:00Z'), HOUR)?.from ?? 0), '2027-01-02T23:00')
  })

  test('ends with the window, with a blackout that begins in it, and goes on in a window that follows at once', () => {
    const night = windowOf({ zone: 'UTC', minutes: 120 })
    const morning = windowOf({ name: 'morning', zone: 'UTC', begins: '2026-01-04T04:00', minutes: 60 })
    const blackout = windowOf({
      name: 'b',
      kind: 'blackout',
      zone: 'UTC',
      begins: '2026-01-11T03:00',
      rule: '',
      minutes: 15,
    })
    const place = { organization: acme, dataCenter: dc1 }
    const end = (all: MaintenanceWindow[], moment: string) => iso(roomAt(applyingAt(all, place), at(moment)) ?? 0)
    assert.equal(end([night], '2026-01-04T02:30Z'), '2026-01-04T04:00')
    assert.equal(end([night, morning], '2026-01-04T02:30Z'), '2026-01-04T05:00')
    assert.equal(end([night, blackout], '2026-01-11T02:30Z'), '2026-01-11T03:00')
    assert.equal(end([night, blackout], '2026-01-11T03:05Z'), '1970-01-01T00:00')
    assert.equal(end([night, blackout], '2026-01-11T03:20Z'), '2026-01-11T04:00')
  })
})

describe('a target waits', () => {
  const { manifest: sample } = symbolicPatch().publication
  const manifest = { ...sample, impact: { ...sample.impact, estimateSeconds: 1800 } }
  const place = { organization: acme, dataCenter: dc1 }
  const window = windowOf({ organization: 'acme', dataCenter: 'dc1', begins: '2026-12-06T02:00' })
  const why = (moment: string, left = 1, all: MaintenanceWindow[] = [window]) =>
    whyOutside(applyingAt(all, place), { manifest, left }, at(moment))

  const cases: [title: string, said: () => string | null, says: RegExp | null][] = [
    [
      'until its window opens',
      () => why('2026-12-01T00:00Z'),
      /^waits for the maintenance window of acme in dc1, which opens on 2026-12-06 at 02:00 Europe\/Berlin \(in 5 days\)$/,
    ],
    ['with hours told, when it is near', () => why('2026-12-05T20:00Z'), /\(in 5 hours\)$/],
    ['for nothing in its window', () => why('2026-12-06T02:00Z'), null],
    ['for nothing as long as twice the estimate fits', () => why('2026-12-06T04:00Z'), null],
    [
      'for the next window when it does not fit any more',
      () => why('2026-12-06T04:01Z'),
      /^waits for the next maintenance window of acme in dc1, which opens on 2026-12-13 at 02:00 Europe\/Berlin \(in 7 days\): this one ends on 2026-12-06 at 06:00 Europe\/Berlin, too soon for it$/,
    ],
    [
      'as the first of a pair for the time of both',
      () => why('2026-12-06T03:30Z', 2),
      /waits for the next maintenance window/,
    ],
    ['no longer than that', () => why('2026-12-06T03:00Z', 2), null],
    [
      'as the first of a group that fits into no window for its own time alone',
      () => why('2026-12-06T04:00Z', 5),
      null,
    ],
    [
      'for a window that is long enough, where there is none',
      () => why('2026-12-06T02:00Z', 1, [windowOf({ organization: 'acme', minutes: 30 })]),
      /^no maintenance window of acme comes that is long enough for it: set one, or cancel/,
    ],
    [
      'for the end of a blackout',
      () =>
        why('2026-12-24T12:00Z', 1, [
          windowOf({ kind: 'blackout', name: 'year end', begins: '2026-12-24T00:00', rule: '', minutes: 1440 }),
        ]),
      /^waits for the end of the blackout year end, which is over on 2026-12-25 at 00:00 Europe\/Berlin \(in 11 hours\)$/,
    ],
  ]
  for (const [title, said, says] of cases) {
    test(title, () => {
      const sentence = said()
      if (says === null) assert.equal(sentence, null)
      else assert.match(sentence ?? 'nothing', says)
    })
  }

  test('what is ordered in a window may begin until twice its estimate would not fit any more', () => {
    const applying = applyingAt([window], place)
    const by = (left: number, now: string) => iso(beginBy(applying, { manifest, left }, at(now)) ?? 0)
    assert.equal(by(1, '2026-12-06T02:00Z'), '2026-12-06T04:00')
    assert.equal(by(2, '2026-12-06T02:00Z'), '2026-12-06T03:00', 'so that the one after it still may')
    assert.equal(by(2, '2026-12-06T03:30Z'), '2026-12-06T04:00', 'not both fit any more')
    assert.equal(beginBy(applyingAt([], place), { manifest, left: 1 }, 0), null)
    assert.equal(neededMs(manifest, 2), 2 * HOUR)
  })

  test('the time left is told in steps', () => {
    assert.deepEqual([MINUTE, 90 * MINUTE, 3 * HOUR, 47 * HOUR, 100 * HOUR].map(inTime), [
      'in less than two hours',
      'in 2 hours',
      'in 3 hours',
      'in 47 hours',
      'in 4 days',
    ])
  })
})

describe('the deadline of an install', () => {
  const { manifest: sample } = symbolicPatch().publication
  const manifest = { ...sample, impact: { ...sample.impact, estimateSeconds: 1800 } }
  const record = everyRecord().flatMap((change) => (change.table === 'appliances' ? [change.row] : []))[0]
  assert.ok(record)
  const appliance = (dataCenter: DataCenterName, peer: string) => ({
    ...record,
    organization: acme,
    dataCenter,
    peer: peer as never,
  })
  const pair = (dataCenter: DataCenterName) => [
    appliance(dataCenter, `${dataCenter} a`),
    appliance(dataCenter, `${dataCenter} b`),
  ]
  const wallMs = at('2026-12-01T00:00Z')
  const deadline = (all: MaintenanceWindow[], members: ReturnType<typeof pair>) => {
    const found = deadlineFor(all, manifest, members, { wallMs, atLeast: wallMs + 24 * HOUR })
    return isRefusal(found) ? found.refused : iso(found)
  }
  const weekly = windowOf({ begins: '2026-12-06T02:00' })

  test('is what it is without windows', () => assert.equal(deadline([], pair(dc1)), '2026-12-02T00:00'))
  test('is the end of the first window in which a pair fits', () =>
    assert.equal(deadline([weekly], pair(dc1)), '2026-12-06T05:00'))
  test('gives each Data Center of an organization a window of its own', () =>
    assert.equal(deadline([weekly], [...pair(dc1), ...pair(dc2)]), '2026-12-13T05:00'))
  test('gives each member a window where no window has room for both', () =>
    assert.equal(deadline([windowOf({ begins: '2026-12-06T02:00', minutes: 90 })], pair(dc1)), '2026-12-13T02:30'))
  test('is never less than without windows', () =>
    assert.equal(
      deadline([windowOf({ begins: '2026-12-01T02:00', rule: 'FREQ=DAILY' })], pair(dc1)),
      '2026-12-02T00:00',
    ))
  test('there is none where no window is long enough', () =>
    assert.equal(deadline([windowOf({ minutes: 30 })], pair(dc1)), 'no_window'))
})

test('a window is told by the length that was set, in whole days, hours or minutes', () => {
  const lengths = [90, 60, 240, 1_440, 14_400].map((minutes) => inWords(windowOf({ minutes, rule: '' })))
  assert.deepEqual(
    lengths,
    ['90 minutes', '1 hour', '4 hours', '1 day', '10 days'].map(
      (length) => `window of every organization: ${length} from 2026-01-04 02:00 Europe/Berlin, once`,
    ),
  )
})
