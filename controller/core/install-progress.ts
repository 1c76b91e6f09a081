/**
 * How an install goes on in time, as people and scripts are shown it: its pairs from when to when, what is expected, the
 * windows of their places, and what each target has left (rollout/timeline.ts, rollout/time-left.ts).
 */
import type { ApplianceRecord, InstallRecord, TargetRecord } from './records.ts'
import { expectInstall } from './rollout/expecting.ts'
import type { Placed } from './rollout/groups.ts'
import { isUnderWay } from './rollout/install-states.ts'
import { type Around, type TimeLeft, timeLeft } from './rollout/time-left.ts'
import { grouped, type PairTimes, timelineOf } from './rollout/timeline.ts'
import { wavesOf } from './rollout/waves.ts'
import type { ServiceCenterState } from './state.ts'
import { type Applying, nextRoom } from './windows/room.ts'
import { windowsByPlace } from './windows/targets.ts'

/** Of one Data Center so many are shown. */
const MOST_OPENINGS = 12

export type PairView = Omit<PairTimes, 'from' | 'until'> & { from: string | null; until: string | null }
/** When installs may begin somewhere, by the windows and blackouts there. */
export type OpeningView = { dataCenter: string; from: string; until: string }

export type InstallProgress = {
  /** By the clock of the Service Center. */
  toldAt: string
  waveSoakSeconds: number
  /** Until when whoever waits may begin. */
  deadline: string
  /** When it has ended, or is expected to where nobody has to wait for what has no moment; null where nobody knows. */
  expectedEnd: string | null
  /** So long, all pairs together, members had to do without another, or an only one was interrupted. */
  unprotectedSeconds: number
  /** In the order in which they begin. */
  pairs: PairView[]
  openings: OpeningView[]
}

/** `members` in the order in which they begin, and in which wave each is. */
export function progressOf(
  state: ServiceCenterState,
  install: InstallRecord,
  members: readonly Placed[],
  waves: ReadonlyMap<TargetRecord, number>,
): InstallProgress & { leftOf(placed: Placed): TimeLeft } {
  const around = aroundOf(state, install, members)
  const common = {
    toldAt: new Date(state.clock.wallMs).toISOString(),
    waveSoakSeconds: install.waveSoakSeconds,
    deadline: new Date(install.deadlineAt).toISOString(),
  }
  if (around === null) {
    const nothing = { expectedEnd: null, unprotectedSeconds: 0, pairs: [], openings: [] }
    return { ...common, ...nothing, leftOf: () => ({ secondsLeft: null, leftUntil: '' }) }
  }
  const groups = grouped(members, waves)
  const { pairs, endsAt, unprotectedSeconds } = timelineOf(state, groups, around)
  return {
    ...common,
    ...{ expectedEnd: iso(endsAt), unprotectedSeconds },
    pairs: pairs.map((pair) => ({ ...pair, from: iso(pair.from), until: iso(pair.until) })),
    openings: openings(members, around, { from: install.startedAt, until: Math.max(endsAt ?? 0, state.clock.wallMs) }),
    leftOf: (placed) => timeLeft(state, placed, around),
  }
}

function aroundOf(state: ServiceCenterState, install: InstallRecord, members: readonly Placed[]): Around | null {
  const patch = state.patches.get(install.patch)
  if (patch === undefined) return null
  const { on } = expectInstall(state, patch)
  const standing = isUnderWay(install.state) ? [...wavesOf(install, members, () => true).standing.values()] : []
  return {
    ...{ install, manifest: patch.publication.manifest, windowsAt: windowsByPlace(state) },
    secondsOn: (appliance) => on(appliance).seconds,
    stoodAt: standing.length === 0 ? null : Math.min(...standing) + install.waveSoakSeconds * 1000,
  }
}

function openings(
  members: readonly Placed[],
  { install, windowsAt }: Around,
  span: { readonly from: number; readonly until: number },
): OpeningView[] {
  if (install.outsideWindows) return []
  const seen = new Map<string, Set<Applying>>()
  const fresh = members.filter(({ appliance }) => isNew(seen, appliance, windowsAt(appliance)))
  return fresh.flatMap(({ appliance }) => {
    const { dataCenter } = appliance
    return roomsIn(windowsAt(appliance), span).map(({ from, to }) => ({
      ...{ dataCenter, from: new Date(from).toISOString(), until: new Date(to).toISOString() },
    }))
  })
}

function isNew(seen: Map<string, Set<Applying>>, { dataCenter }: ApplianceRecord, applying: Applying): boolean {
  if (applying.windows.length === 0 && applying.blackouts.length === 0) return false
  const there = seen.get(dataCenter) ?? new Set<Applying>()
  seen.set(dataCenter, there)
  return there.size !== there.add(applying).size
}

function roomsIn(applying: Applying, { from, until }: { from: number; until: number }): { from: number; to: number }[] {
  const rooms: { from: number; to: number }[] = []
  for (let at = from; at < until && rooms.length < MOST_OPENINGS; ) {
    const room = nextRoom(applying, at, 1)
    if (room === null || room.from >= until) break
    rooms.push({ from: room.from, to: Math.min(room.to, until) })
    at = room.to + 1
  }
  return rooms
}

function iso(wallMs: number | null): string | null {
  return wallMs === null ? null : new Date(wallMs).toISOString()
}
