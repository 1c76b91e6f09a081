/**
 * The policies of the rollout, each a table: what is known of a target gives nothing, or the sentence that says why it waits.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groupKey } from '../../../controller/core/census.ts'
import {
  INSTALL_MOVES,
  INSTALL_STATES,
  isFinal,
  isUnderWay,
  mayFollow,
  TARGET_MOVES,
  TARGET_STATES,
} from '../../../controller/core/rollout/install-states.ts'
import { siteKey } from '../../../controller/core/rollout/ongoing.ts'
import { approved } from '../../../controller/core/rollout/policies/approved.ts'
import { clockAhead } from '../../../controller/core/rollout/policies/clock-ahead.ts'
import { continuing } from '../../../controller/core/rollout/policies/continuing.ts'
import { keyDoubtful } from '../../../controller/core/rollout/policies/key-doubtful.ts'
import { keyHeld } from '../../../controller/core/rollout/policies/key-held.ts'
import { maintenanceWindow } from '../../../controller/core/rollout/policies/maintenance-window.ts'
import { oneDataCenter } from '../../../controller/core/rollout/policies/one-data-center.ts'
import { oneOfAPair } from '../../../controller/core/rollout/policies/one-of-a-pair.ts'
import { outage } from '../../../controller/core/rollout/policies/outage.ts'
import { paused } from '../../../controller/core/rollout/policies/paused.ts'
import { peerVersions } from '../../../controller/core/rollout/policies/peer-versions.ts'
import type { Policy } from '../../../controller/core/rollout/policies/policy.ts'
import { reachable } from '../../../controller/core/rollout/policies/reachable.ts'
import { relaying } from '../../../controller/core/rollout/policies/relaying.ts'
import { replicated } from '../../../controller/core/rollout/policies/replicated.ts'
import { unheardMembers } from '../../../controller/core/rollout/policies/unheard-members.ts'
import { wave } from '../../../controller/core/rollout/policies/wave.ts'
import { waveSoak } from '../../../controller/core/rollout/policies/wave-soak.ts'
import { POLICIES } from '../../../controller/core/rollout/policies.ts'
import { NO_WAVES } from '../../../controller/core/rollout/waves.ts'
import { localTime, nearby } from '../../../controller/core/windows/recurrence.ts'
import { inTime } from '../../../controller/core/windows/waiting.ts'
import { MaintenanceWindow } from '../../../controller/core/windows/window.ts'
import { type Around, appliance, HOUR_MS, judged, NOON, primary, secondary } from './rollout-facts.ts'

type Row = readonly [title: string, around: Around, says: string | null]
const tabled = new Set<Policy>()

function table(what: string, policy: Policy, rows: readonly Row[]): void {
  tabled.add(policy)
  describe(what, () => {
    for (const [title, around, says] of rows) test(title, () => assert.equal(judged(policy, around), says))
  })
}

table('approvals', approved, [
  ['where nothing has to be approved, or enough have', {}, null],
  ['it waits, and says for whom', { fact: { unapproved: 'waits for approval' } }, 'waits for approval'],
])

const isPaused = { install: { state: 'paused' } } as const
table('a paused install', paused, [
  ['what runs is not paused', {}, null],
  ['no pair begins', isPaused, 'waits until somebody resumes its install'],
  [
    'a pair that has begun is finished',
    { ...isPaused, waves: { ...NO_WAVES, begun: new Set([groupKey(primary)]) } },
    null,
  ],
])

table('an install that goes on from another one', continuing, [
  ['has its turn where nothing goes before it', {}, null],
  ['waits for the other one', { fact: { goesOnFrom: 'goes on from a@1' } }, 'goes on from a@1'],
])

table('a key that two machines use', keyHeld, [
  ['one machine has the key', {}, null],
  [
    'nothing is ordered until a person has decided',
    { fact: { appliance: { ...secondary, heldAt: NOON } } },
    'two machines use the key of paris/acme/secondary: switch the copy off and say that one is left (appliances trust paris/acme/secondary), or give the place to a new key',
  ],
])

table('a proven copy', replicated, [
  ['the copy that it will use is proven', {}, null],
  ['without one it says whose copy is missing', { fact: { ready: 'no depot has it' } }, 'no depot has it'],
])

table('whoever is reachable', reachable, [
  ['it is heard', {}, null],
  ['it is not heard', { fact: { reachable: false } }, 'paris/acme/secondary is not reachable'],
])

const other = appliance('paris/acme/other', { kind: 'firewall' })
const oslo = appliance('oslo/acme/primary', { dataCenter: 'Oslo' })
const globex = appliance('oslo/globex/primary', { dataCenter: 'Oslo', organization: 'Globex' })

table('never two members of a group for two installs at once', oneOfAPair, [
  ['nobody is at it', {}, null],
  ['another group of the same organization and Data Center is', { inFlight: [other] }, null],
  ['its peer is', { inFlight: [primary] }, 'waits for paris/acme/primary of the same pair to finish'],
  ['its peer is for the same install: it comes after that one', { begun: [primary] }, null],
  [
    'it is at it itself, for another install',
    { inFlight: [secondary] },
    'waits for another install on paris/acme/secondary to finish',
  ],
])

table('one Data Center of an organization at a time', oneDataCenter, [
  ['nobody is at it', {}, null],
  ['the same Data Center does not hold it', { inFlight: [primary, other] }, null],
  ['another organization elsewhere does not hold it', { inFlight: [globex] }, null],
  [
    'another Data Center holds it',
    { inFlight: [oslo] },
    'waits for Oslo: one Data Center of an organization at a time',
  ],
])

const saysUnheard = 'waits until something is heard of paris/acme/primary, which was ordered to install'
table('members of which nothing is heard', unheardMembers, [
  ['everybody is heard', {}, null],
  ['another Data Center that is away holds nobody here', { silent: new Map([[siteKey(oslo), oslo]]) }, null],
  ['in this install one holds its Data Center', { silent: new Map([[siteKey(primary), primary]]) }, saysUnheard],
  ['in another install one holds its pair', { silent: new Map([[groupKey(primary), primary]]) }, saysUnheard],
  ['in another install one holds no other pair', { silent: new Map([[groupKey(other), other]]) }, null],
])

const sundays = MaintenanceWindow.parse({
  ...{ name: 'sundays', kind: 'window', organization: 'acme', dataCenter: null, zone: 'Europe/Berlin' },
  ...{ begins: '2026-01-04T02:00', rule: 'FREQ=WEEKLY;BYDAY=SU', minutes: 240 },
})
const WINDOWS = { windows: [sundays], blackouts: [] }
const OPENS = 'waits for the maintenance window of acme, which opens on'

table('the maintenance windows of its place', maintenanceWindow, [
  ['without any it may begin at any time', {}, null],
  [
    'it waits until its window opens',
    { fact: { windows: WINDOWS } },
    `${OPENS} ${localTime(nearby(sundays, NOON).next?.from ?? 0, 'Europe/Berlin')} (${inTime((nearby(sundays, NOON).next?.from ?? 0) - NOON)})`,
  ],
  [
    'an install that may begin outside of them waits for none',
    { fact: { windows: WINDOWS }, install: { outsideWindows: true } },
    null,
  ],
])

table('a clock that is ahead', clockAhead, [
  ['nobody has heard of its clock', { fact: { clockAheadMs: null } }, null],
  ['an hour does not matter before the deadline', { fact: { clockAheadMs: HOUR_MS } }, null],
  [
    'beyond the deadline every order has expired there',
    { fact: { clockAheadMs: 72 * HOUR_MS } },
    'its clock is 3 days ahead, so that every order has expired there: set its clock',
  ],
])

const beside = (version: string | null, isKnown = true): Around => ({
  manifest: { pair: { peerCompat: ['2'], maxSkewSeconds: 60, order: 'any' } },
  fact: { peerVersions: [{ name: 'paris/acme/primary', version, isKnown }] },
})
const BESIDE = 'waits: the patch runs beside 2 only, and its peer paris/acme/primary'
table('versions of its peers', peerVersions, [
  [
    'an empty list tolerates every version',
    { fact: { peerVersions: [{ name: 'p', version: '9', isKnown: true }] } },
    null,
  ],
  ['a version that is named passes', beside('2'), null],
  ['the same version passes', beside('1'), null],
  ['another version holds it', beside('9'), `${BESIDE} has 9`],
  ['what nobody has told of is not tolerated', beside(null, false), `${BESIDE} has not told what it has`],
])

const lacking: Around['fact'] = { lackingPeers: [{ peer: primary, lacks: 'kernel 6' }] }
const alone = { fact: { hasPeers: false } }
const none = { manifest: { impact: { restart: 'none', estimateSeconds: 5 } } } as const
table('the last member that serves', outage, [
  ['its peer can be reached', {}, null],
  [
    'its peer cannot be reached',
    { fact: { missingPeers: [primary] } },
    'waits until its peer paris/acme/primary can be reached, so that one of them always serves',
  ],
  ['what disrupts nothing does not wait for a peer', { fact: { missingPeers: [primary] }, ...none }, null],
  [
    'who allows an outage waits for nobody',
    { fact: { missingPeers: [primary] }, install: { allowOutage: true } },
    null,
  ],
  [
    'an empty successor does not stand in',
    { fact: lacking },
    'waits until paris/acme/primary, which took the place of another appliance, has kernel 6 installed too',
  ],
  [
    'an only member is interrupted by nobody who did not allow it',
    alone,
    'is the only member of its group, and installing would interrupt it: it begins only in an install that allows an outage (--allow-outage)',
  ],
  ['an only member is not interrupted by what disrupts nothing', { ...alone, ...none }, null],
])

const saysDoubtful =
  'waits until it is certain that only one machine has the key of paris/acme/primary: two processes with it were heard in turn, as if a copy ran beside it; where none does, this passes within ten minutes'
table('a key that two machines may have', keyDoubtful, [
  ['nobody doubts', {}, null],
  ['the key of its peer is doubtful', { fact: { doubtful: primary } }, saysDoubtful],
  ['what disrupts nothing does not wait', { fact: { doubtful: primary }, ...none }, null],
  ['who allows an outage waits for nobody', { fact: { doubtful: primary }, install: { allowOutage: true } }, null],
])

table('a depot that relays', relaying, [
  ['nobody takes anything from it', {}, null],
  [
    'a depot waits for whoever takes a patch from it',
    { fact: { isRelaying: true } },
    'waits until another appliance of its Data Center, which takes a patch from it, has that',
  ],
  ['what disrupts nothing does not wait', { fact: { isRelaying: true }, ...none }, null],
  ['whoever comes after another member does not begin now', { fact: { isRelaying: true }, begun: [primary] }, null],
])

/** Whose groups are at it, in an install of which a pair has it. */
const at = (width: number, ...busy: ReturnType<typeof appliance>[]): Around => ({
  waves: {
    groups: new Map(busy.map((one) => [groupKey(one), one])),
    dataCenters: new Map(busy.map((one) => [one.dataCenter, one])),
    standing: new Map(),
    begun: new Set(),
    isProven: true,
    width,
    hasRest: true,
  },
})
const canary = (busy: ReturnType<typeof appliance>, begun: ReturnType<typeof appliance>[] = []): Around => ({
  waves: {
    groups: new Map([[groupKey(busy), busy]]),
    dataCenters: new Map([[busy.dataCenter, busy]]),
    standing: new Map(),
    begun: new Set(begun.map(groupKey)),
    isProven: false,
    width: 1,
    hasRest: true,
  },
})
const lima = appliance('lima/globex/primary', { dataCenter: 'Lima', organization: 'Globex' })
table('waves', wave, [
  ['the first pair begins when nobody is at it', {}, null],
  [
    'no other pair begins beside the first, in the same Data Center either',
    canary(other),
    'waits until the first pair of its install has the patch',
  ],
  ['the other member of the first pair does not wait for it', canary(primary, [primary]), null],
  ['a pair that has begun is finished beside another first pair', canary(other, [primary]), null],
  ['then one Data Center goes on with all its pairs', at(1, other), null],
  [
    'and no other, until that has it',
    at(1, globex),
    'waits for others to end: one Data Center of its install at a time until more have the patch',
  ],
  ['then a second one beside it', at(2, globex), null],
  [
    'and no third',
    at(2, globex, lima),
    'waits for others to end: 2 Data Centers of its install at a time until more have the patch',
  ],
])

/** Whose Data Centers stand with the patch, in an install that asks for ten minutes, since so long ago. */
const standing = (
  minutesAgo: number,
  { waves = NO_WAVES }: Around,
  ...there: ReturnType<typeof appliance>[]
): Around => ({
  install: { waveSoakSeconds: 600 },
  waves: {
    ...waves,
    standing: new Map(there.map((one, index) => [one.dataCenter, NOON - (minutesAgo + index) * 60_000])),
  },
})
const UNTIL = (minute: number) =>
  `waits until 2026-11-30T12:0${minute}:00.000Z: until then whoever has the patch stands with it, before more begin`
const begun = (...pairs: ReturnType<typeof appliance>[]): Around => ({
  waves: { ...NO_WAVES, begun: new Set(pairs.map(groupKey)) },
})
table('a wave that stands', waveSoak, [
  ['nobody stands', {}, null],
  ['no other pair begins until the first one has stood', standing(4, {}, globex), UNTIL(6)],
  ['nor one of the same Data Center', standing(4, {}, other), UNTIL(6)],
  ['the first pair itself does not wait', standing(4, begun(primary), primary), null],
  [
    'its time over, it waits for who is not heard or has lost the patch',
    standing(10, {}, globex),
    'waits until all that have the patch are heard and have it still: only then do more begin',
  ],
  ['later a Data Center that stands holds its place', standing(4, at(1), globex), UNTIL(6)],
  ['and no other', standing(4, at(2), globex), null],
  ['beside one that is at it there is no place for a third', standing(4, at(2, lima), globex), UNTIL(6)],
  ['of two that stand the first that has stood gives its place', standing(4, at(2), globex, lima), UNTIL(5)],
  ['who belongs to the Data Center that stands joins it', standing(4, at(1), other), null],
])

describe('the list of policies', () => {
  test('each of them has a table, and stands in it once', () => {
    assert.deepEqual(POLICIES.map(({ judge }) => judge.name).toSorted(), [...tabled].map(({ name }) => name).toSorted())
  })
})

describe('the moves of an install and of its targets', () => {
  test('every state but the first is entered from another one', () => {
    const entered = new Set(INSTALL_STATES.flatMap((state) => INSTALL_MOVES[state]))
    assert.deepEqual(
      INSTALL_STATES.filter((state) => !entered.has(state)),
      ['planned'],
    )
    const told = new Set(TARGET_STATES.flatMap((state) => TARGET_MOVES[state]))
    assert.deepEqual(
      TARGET_STATES.filter((state) => !told.has(state)),
      [],
    )
  })

  test('from each state that has not ended there is a way to one that has', () => {
    for (const state of INSTALL_STATES.filter(isUnderWay))
      assert.ok(
        INSTALL_MOVES[state].some((next) => !isUnderWay(next)),
        state,
      )
    for (const state of TARGET_STATES) assert.ok(isFinal(state) || TARGET_MOVES[state].some(isFinal), state)
  })

  test('what a person has cancelled is final, and a target that was not started is queued again by whoever resumes', () => {
    assert.deepEqual(INSTALL_MOVES.cancelled, [])
    assert.ok(TARGET_MOVES.cancelled.includes('queued'))
    assert.ok(mayFollow(INSTALL_MOVES, 'cancelled', 'cancelled'), 'a record that changes otherwise keeps its state')
  })

  test('a done install goes on only as a running one, and is never called halted or cancelled', () => {
    assert.deepEqual(INSTALL_MOVES.done, ['running'])
  })
})
