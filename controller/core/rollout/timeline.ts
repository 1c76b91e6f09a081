/**
 * An install over time: in which wave each pair begins, when it began and ended, and when it is expected to where it has
 * not; how long waves stand, when windows are open, and for how long pairs were without a stand-in. What is to come is
 * worked out as for a plan, and supposes that nobody has to wait for what has no moment.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { groupKey } from '../census.ts'
import type { InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { type Applying, nextRoom } from '../windows/room.ts'
import { neededMs } from '../windows/waiting.ts'
import { hasEndedWell, isNotMeant, type Placed, stands } from './groups.ts'
import { isFailure, isFinal, isUnderWay } from './install-states.ts'
import { isWaiting } from './ongoing.ts'
import { spansOf } from './spans.ts'
import { type Around, expectedAt } from './time-left.ts'

export const PAIR_STANDINGS = ['waits', 'runs', 'stands', 'done', 'failed', 'ended'] as const
/** `stands`: it has the patch, and others wait until it has stood; `ended`: without the patch, and without a failure. */
export type PairStanding = (typeof PAIR_STANDINGS)[number]

/** Wall milliseconds; null where it has not begun, or nobody knows. */
export type PairTimes = {
  readonly wave: number
  readonly organization: string
  readonly dataCenter: string
  readonly kind: string
  readonly group: string
  readonly standing: PairStanding
  readonly installed: number
  readonly appliances: number
  readonly from: number | null
  readonly until: number | null
  /** What of this is expected, and did not happen yet: nothing, its end, or both. */
  readonly expected: 'nothing' | 'end' | 'both'
}

export type Timeline = {
  readonly pairs: readonly PairTimes[]
  /** When it ended or is expected to; null where nobody knows. */
  readonly endsAt: number | null
  /** So long members had to do without another, or an only member was interrupted. */
  readonly unprotectedSeconds: number
}

type Group = { readonly members: readonly Placed[]; readonly wave: number }

/** `groups` in the order in which they begin. */
export function timelineOf(state: ServiceCenterState, groups: readonly Group[], around: Around): Timeline {
  const known = groups.map((group) => happened(state, group, around))
  const pairs =
    isUnderWay(around.install.state) && around.install.state !== 'paused'
      ? forecast(state, groups, known, around)
      : known
  const isKnown = pairs.every(({ standing, until }) => until !== null || (standing !== 'waits' && standing !== 'runs'))
  const ends = pairs.flatMap(({ until }) => until ?? [])
  return {
    pairs,
    endsAt: isKnown && ends.length > 0 ? Math.max(...ends) : null,
    unprotectedSeconds: unprotected(state, groups, around.manifest),
  }
}

/** What is known of it without looking ahead, but for the end of what runs. */
function happened(state: ServiceCenterState, { members, wave }: Group, around: Around): PairTimes {
  const [first] = members
  const { organization = '', dataCenter = '', kind = '', group = '' } = first?.appliance ?? {}
  const targets = members.map(({ target }) => target)
  const standing = standingOf(members, around.install)
  const begun = targets.flatMap(({ orderedAt }) => orderedAt ?? [])
  const from = begun.length === 0 ? null : Math.min(...begun)
  const common = { wave, organization, dataCenter, kind, group, standing, appliances: members.length, from }
  const installed = targets.filter((target) => target.state === 'installed').length
  if (standing !== 'runs') {
    const until = from === null ? null : Math.max(...targets.map(({ changedAt }) => changedAt))
    return { ...common, installed, until, expected: 'nothing' }
  }
  const ordered = members.filter(({ target }) => target.order !== null && !isFinal(target.state))
  const until = Math.max(...ordered.map((member) => expectedAt(state, member, around.secondsOn)))
  return { ...common, installed, until: until > state.clock.wallMs ? until : null, expected: 'end' }
}

function standingOf(members: readonly Placed[], install: InstallRecord): PairStanding {
  if (members.some(({ target }) => target.order !== null && !isFinal(target.state))) return 'runs'
  if (members.some(({ target }) => isFailure(target.state))) return 'failed'
  if (members.some(({ target }) => isWaiting(target))) return 'waits'
  if (!hasEndedWell(members)) return members.every(({ target }) => isNotMeant(target)) ? 'done' : 'ended'
  return isUnderWay(install.state) && stands(members, install) ? 'stands' : 'done'
}

/** When those that wait would begin, one wave after the other, each in its window. */
function forecast(
  state: ServiceCenterState,
  groups: readonly Group[],
  known: readonly PairTimes[],
  around: Around,
): PairTimes[] {
  const { wallMs } = state.clock
  const { secondsOn, install } = around
  const soakMs = install.waveSoakSeconds * 1000
  const secondsOf = (pair: PairTimes, index: number): number =>
    pair.standing === 'waits'
      ? remaining(groups[index]?.members ?? [], secondsOn)
      : Math.max(0, ((pair.until ?? wallMs) - wallMs) / 1000)
  const room = (index: number, earliest: number): number | null =>
    begins(groups[index]?.members ?? [], around, earliest)
  let earliest = Math.max(wallMs, around.stoodAt ?? wallMs)
  let canary = -1
  if (!known.some(isDone)) {
    canary = known.findIndex(({ standing }) => standing === 'runs')
    if (canary < 0) canary = known.findIndex(({ standing }) => standing === 'waits')
    const first = known[canary]
    if (first !== undefined) {
      const from = first.standing === 'runs' ? wallMs : room(canary, wallMs)
      earliest = (from ?? wallMs) + secondsOf(first, canary) * 1000 + soakMs
    }
  }
  // Where all have it already the next ones begin as wide as that lets them.
  const others = known.flatMap((pair, index) =>
    pair.standing === 'failed' || pair.standing === 'ended'
      ? []
      : [{ ...placeOf(pair), seconds: index === canary || isDone(pair) ? 0 : secondsOf(pair, index) }],
  )
  const spans = spansOf(others, install.waveSoakSeconds)
  return known.map((pair, index) => {
    if (pair.standing !== 'waits') return pair
    const { dataCenter, organization } = placeOf(pair)
    const begins = spans.get(dataCenter)?.begins.get(organization) ?? 0
    const from = room(index, index === canary ? wallMs : earliest + begins * 1000)
    return { ...pair, from, until: from === null ? null : from + secondsOf(pair, index) * 1000, expected: 'both' }
  })
}

function isDone({ standing }: PairTimes): boolean {
  return standing === 'done' || standing === 'stands'
}

/** Of those that have not got it, one after the other. */
function remaining(members: readonly Placed[], secondsOn: Around['secondsOn']): number {
  const lacking = members.filter(({ target }) => target.state !== 'installed')
  return lacking.reduce((sum, { appliance }) => sum + secondsOn(appliance), 0)
}

function placeOf({ organization, dataCenter }: PairTimes): Pick<Placed['appliance'], 'organization' | 'dataCenter'> {
  return { organization, dataCenter } as Pick<Placed['appliance'], 'organization' | 'dataCenter'>
}

/** The first moment from then on at which its windows let it begin. */
function begins(members: readonly Placed[], { install, manifest, windowsAt }: Around, earliest: number): number | null {
  const [first] = members
  if (first === undefined || install.outsideWindows) return earliest
  const applying: Applying = windowsAt(first.appliance)
  if (applying.windows.length === 0 && applying.blackouts.length === 0) return earliest
  const together = nextRoom(applying, earliest, neededMs(manifest, members.length))
  return (together ?? nextRoom(applying, earliest, neededMs(manifest, 1)))?.from ?? null
}

function unprotected(state: ServiceCenterState, groups: readonly Group[], { impact }: Manifest): number {
  if (impact.restart === 'none') return 0
  const interrupted = ({ beganAt, changedAt, state: at }: TargetRecord): number =>
    beganAt === null ? 0 : Math.max(0, (isFinal(at) ? changedAt : state.clock.wallMs) - beganAt)
  const all = groups.flatMap(({ members }) => members.map(({ target }) => interrupted(target)))
  return Math.ceil(all.reduce((sum, ms) => sum + ms, 0) / 1000)
}

export function grouped<Member extends Placed>(
  inOrder: readonly Member[],
  waves: ReadonlyMap<TargetRecord, number>,
): { members: Member[]; wave: number }[] {
  return [...Map.groupBy(inOrder, ({ appliance }) => groupKey(appliance)).values()].map((members) => ({
    members,
    wave: Math.min(...members.map(({ target }) => waves.get(target) ?? 1)),
  }))
}
