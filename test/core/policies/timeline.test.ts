/**
 * An install over time as tables: when its pairs began and ended, when they are expected to, and what each target has left.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InstallRecord, TargetRecord } from '../../../controller/core/records.ts'
import type { Placed } from '../../../controller/core/rollout/groups.ts'
import { type Around, timeLeft } from '../../../controller/core/rollout/time-left.ts'
import { grouped, type PairTimes, type Timeline, timelineOf } from '../../../controller/core/rollout/timeline.ts'
import { forecast } from '../../../controller/core/rollout/waves.ts'
import { emptyState, type ServiceCenterState } from '../../../controller/core/state.ts'
import { type Applying, NONE_APPLY } from '../../../controller/core/windows/room.ts'
import { MaintenanceWindow } from '../../../controller/core/windows/window.ts'
import { seededRandom } from '../../../protocol/random.ts'
import { signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { appliance, install, NOON, target } from './rollout-facts.ts'

const MINUTE_MS = 60_000
const EACH = 120

function at(wallMs: number): ServiceCenterState {
  const signing = signingKeyFromSeed(new Uint8Array(32))
  const state = emptyState({ mesh: signing.peer, signing }, seededRandom(1))
  state.clock = { wallMs, monotonicMs: 0 }
  return state
}

/** `oslo/acme/primary installed 20 10`: ordered and changed so many minutes ago. */
function member(words: string): Placed {
  const [name = '', state = 'queued', ordered, changed] = words.split(' ')
  const [dataCenter = '', organization = ''] = name.split('/')
  const group = name.split('/').slice(0, -1).join(' ')
  const of = appliance(name, { dataCenter, organization, group })
  const ago = (minutes: string | undefined) => (minutes === undefined ? null : NOON - Number(minutes) * MINUTE_MS)
  const times: Partial<TargetRecord> = {
    orderedAt: ago(ordered),
    beganAt: ago(ordered),
    changedAt: ago(changed) ?? NOON,
  }
  return { appliance: of, target: target(of, { ...times, state: state as TargetRecord['state'] }) }
}
const pair = (place: string, secondary: string, primary = secondary): string[] => [
  `${place}/secondary ${secondary}`,
  `${place}/primary ${primary}`,
]
const tonight = MaintenanceWindow.parse({
  ...{ name: 'tonight', kind: 'window', organization: null, dataCenter: null, zone: 'UTC' },
  ...{ begins: '2026-11-30T15:00', rule: '', minutes: 60 },
})
const WINDOW: Applying = { windows: [tonight], blackouts: [] }

function around(given: Partial<InstallRecord> = {}, applying: Applying = NONE_APPLY): Around {
  const { manifest } = symbolicPatch().publication
  return {
    install: { ...install, ...given },
    manifest,
    secondsOn: () => EACH,
    windowsAt: () => applying,
    stoodAt: null,
  }
}
function drawn(pairs: string[][], given = around()): Timeline {
  const members = pairs.flat().map(member)
  return timelineOf(at(NOON), grouped(members, forecast(members)), given)
}
/** `oslo waits +4 +8`, in minutes from now. */
const line = ({ dataCenter, standing, from, until }: PairTimes): string =>
  [dataCenter, standing, ...[from, until].map((ms) => (ms === null ? '?' : (ms - NOON) / MINUTE_MS))].join(' ')
const lines = (pairs: string[][], given = around()): string[] => drawn(pairs, given).pairs.map(line)

describe('the pairs of an install over time', () => {
  const done = pair('oslo/acme', 'installed 30 20')
  const rows: [title: string, pairs: string[][], given: Around, lines: string[]][] = [
    ['what is done says from when to when', [done], around(), ['oslo done -30 -20']],
    [
      'what is under way is expected to end, both members after each other',
      [done, pair('rome/acme', 'installing 1 1', 'queued')],
      around(),
      ['oslo done -30 -20', 'rome runs -1 1'],
    ],
    [
      'what takes longer than expected has no end that anybody knows',
      [done, pair('rome/acme', 'installing 9 1')],
      around(),
      ['oslo done -30 -20', 'rome runs -9 ?'],
    ],
    [
      'the first pair goes alone, then one Data Center, then more',
      [pair('oslo/acme', 'queued'), pair('oslo/b', 'queued'), pair('rome/c', 'queued'), pair('bern/d', 'queued')],
      around(),
      ['oslo waits 0 4', 'oslo waits 4 8', 'rome waits 8 12', 'bern waits 8 12'],
    ],
    [
      'each wave stands before the next',
      [pair('oslo/acme', 'queued'), pair('rome/c', 'queued')],
      around({ waveSoakSeconds: 600 }),
      ['oslo waits 0 4', 'rome waits 14 18'],
    ],
    [
      'what stands says so while others wait for it',
      [done, pair('rome/c', 'queued')],
      { ...around({ waveSoakSeconds: 3600 }), stoodAt: NOON + 40 * MINUTE_MS },
      ['oslo stands -30 -20', 'rome waits 40 44'],
    ],
    [
      'a pair begins in its window',
      [done, pair('rome/c', 'queued')],
      around({}, WINDOW),
      ['oslo done -30 -20', 'rome waits 180 184'],
    ],
    [
      'and at once where its install waits for none',
      [done, pair('rome/c', 'queued')],
      around({ outsideWindows: true }, WINDOW),
      ['oslo done -30 -20', 'rome waits 0 4'],
    ],
    [
      'nobody knows when a paused one goes on',
      [pair('rome/c', 'queued')],
      around({ state: 'paused' }),
      ['rome waits ? ?'],
    ],
    [
      'what failed, or ended without it, says so',
      [pair('oslo/acme', 'reverted 9 5', 'cancelled'), pair('rome/acme', 'cancelled')],
      around({ state: 'halted' }),
      ['oslo failed -9 0', 'rome ended ? ?'],
    ],
  ]
  for (const [title, pairs, given, expected] of rows) test(title, () => assert.deepEqual(lines(pairs, given), expected))

  test('its end is the last of what is expected, or of what happened, or nobody knows it', () => {
    const ends = (pairs: string[][], given = around()) => drawn(pairs, given).endsAt
    assert.equal(ends([pair('oslo/a', 'installed 30 20'), pair('rome/c', 'queued')]), NOON + 4 * MINUTE_MS)
    assert.equal(ends([pair('oslo/a', 'installed 30 20')], around({ state: 'done' })), NOON - 20 * MINUTE_MS)
    assert.equal(ends([pair('oslo/a', 'installing 30 20')]), null)
    assert.equal(ends([pair('oslo/a', 'queued')], around({ state: 'paused' })), null)
  })

  test('members are without a stand-in from the first change to the end, and not where nothing is interrupted', () => {
    const pairs = [pair('oslo/a', 'installed 30 20', 'installing 5 5'), pair('rome/c', 'queued')]
    assert.equal(drawn(pairs).unprotectedSeconds, 15 * 60)
    const { manifest } = symbolicPatch({ restart: 'none' }).publication
    assert.equal(drawn(pairs, { ...around(), manifest }).unprotectedSeconds, 0)
  })
})

describe('what a target has left', () => {
  const soaks = symbolicPatch({ soakSeconds: 300 }).publication.manifest
  const rows: [title: string, words: string, given: Partial<Around>, left: string | null][] = [
    ['an ordered one until it has the patch', 'installing 1 1', {}, '60 until it has the patch'],
    ['nobody knows of one that takes longer', 'installing 9 1', {}, null],
    [
      'one that is watched until the end of that',
      'verifying 9 1',
      { manifest: soaks },
      '240 until it has been watched',
    ],
    ['a waiting one until its window opens', 'queued', around({}, WINDOW), '10800 until its maintenance window opens'],
    [
      'or until those before it have stood',
      'queued',
      { stoodAt: NOON + 90_000 },
      '90 until those before it have stood',
    ],
    ['nobody knows of one that waits for others', 'queued', {}, null],
    ['nor while its install is paused', 'queued', around({ state: 'paused' }, WINDOW), null],
    ['one that has ended has nothing left', 'installed 9 1', {}, null],
  ]
  for (const [title, words, given, expected] of rows)
    test(title, () => {
      const { secondsLeft, leftUntil } = timeLeft(at(NOON), member(`oslo/acme/secondary ${words}`), {
        ...around(),
        ...given,
      })
      assert.equal(secondsLeft === null ? null : `${secondsLeft} until ${leftUntil}`, expected)
    })
})
