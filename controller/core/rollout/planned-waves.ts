/**
 * Who would begin in which wave, if all went well: the order is that of the rollout, as far as it can be told beforehand.
 * A pair of which nobody may begin now keeps nobody waiting: it is named in the wave of its Data Center, or at the end.
 */
import { assert } from '../../../protocol/assert.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { groupKey } from '../census.ts'
import { type Span, spansOf } from './expecting.ts'
import type { PlannedMember, PlannedPair, PlannedWave } from './install-plan.ts'
import { inOrder } from './plan.ts'
import type { TargetFacts } from './target-facts.ts'
import { forecast } from './waves.ts'

/** One target, and what is said of it. */
export type Judged = Pick<TargetFacts, 'target' | 'appliance' | 'isProvider'> &
  Omit<PlannedMember, 'appliance' | 'peer' | 'role'>
type Group = readonly [Judged, ...Judged[]]

/** `each`: what it takes on one appliance; `soak`: how long a wave has to stand before the next begins. */
export type Seconds = { readonly each: number; readonly soak: number }

export function inWaves(members: readonly Judged[], manifest: Manifest, { each, soak }: Seconds): PlannedWave[] {
  const groups = groupsInOrder(members, manifest)
  const secondsOf = (group: Group) => group.filter(installs).length * each
  const waveOf = forecast(groups.flat())
  // The first pair has begun before: of its Data Center it takes no time beside the others.
  const spans = spansOf(
    groups.map((group, index) => ({ ...placeOf(group), seconds: index === 0 ? 0 : secondsOf(group) })),
    soak,
  )
  const { restart, estimateSeconds } = manifest.impact
  const byWave = Map.groupBy(groups, ([first]) => waveOf.get(first.target) ?? 1)
  return [...byWave].map(([wave, there]): PlannedWave => {
    const dataCenters = [...new Set(there.map((group) => placeOf(group).dataCenter))]
    const [canary] = there
    const taken = dataCenters.flatMap((dataCenter) => spans.get(dataCenter) ?? [])
    return {
      ...{ wave, dataCenters, appliances: there.flat().length },
      expectedSeconds: wave === 1 && canary !== undefined ? secondsOf(canary) : lengthOf(taken),
      pairs: there.map((group) => asPair(group, restart === 'none' ? 0 : estimateSeconds)),
    }
  })
}

/** The first pair, then Data Centers in which somebody may begin, then the others; within each as the rollout would. */
function groupsInOrder(members: readonly Judged[], manifest: Manifest): Group[] {
  const ordered = inOrder(members, manifest.pair.order)
  const groups = [...Map.groupBy(ordered, ({ appliance }) => groupKey(appliance)).values()].map(readyFirst)
  const begin = groups.filter((group) => group.some(mayBegin))
  const busy = new Set(begin.map((group) => placeOf(group).dataCenter))
  const canary = begin[0] ?? groups[0]
  const rank = (group: Group) => (group === canary ? 0 : busy.has(placeOf(group).dataCenter) ? 1 : 2)
  return groups.sort((left, right) => rank(left) - rank(right))
}

function readyFirst(group: readonly Judged[]): Group {
  const [first, ...others] = [...group].sort((left, right) => Number(!mayBegin(left)) - Number(!mayBegin(right)))
  assert(first !== undefined, 'a group has members')
  return [first, ...others]
}

function placeOf([{ appliance }]: Group) {
  return appliance
}

function mayBegin({ standing }: Judged): boolean {
  return standing === 'ready' || standing === 'installed'
}

/** Once it is its turn. */
function installs({ standing }: Judged): boolean {
  return standing === 'ready' || standing === 'waits'
}

function lengthOf(spans: readonly Span[]): number {
  if (spans.length === 0) return 0
  return Math.max(...spans.map(({ to }) => to)) - Math.min(...spans.map(({ from }) => from))
}

function asPair(group: Group, interruptedSeconds: number): PlannedPair {
  const { organization, dataCenter, kind, group: name } = placeOf(group)
  return {
    ...{ organization, dataCenter, kind, group: name },
    unprotectedSeconds: group.filter(installs).length * interruptedSeconds,
    members: group.map(({ appliance, has, standing, reason }) => {
      const { name: called, peer, role } = appliance
      return { appliance: called, peer, role, has, standing, reason }
    }),
  }
}
