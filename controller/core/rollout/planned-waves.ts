/**
 * Who would begin in which wave, if all went well: the order is that of the rollout, as far as it can be told beforehand.
 * A pair of which nobody may begin now keeps nobody waiting: it is named in the wave of its Data Center, or at the end.
 */
import { assert } from '../../../protocol/assert.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { groupKey } from '../census.ts'
import type { Expectation } from './expecting.ts'
import type { PlannedMember, PlannedPair, PlannedWave } from './install-plan.ts'
import { inOrder } from './plan.ts'
import { type Span, spansOf } from './spans.ts'
import type { TargetFacts } from './target-facts.ts'
import { forecast, widthAfter } from './waves.ts'

/** One target, and what is said of it. */
export type Judged = Pick<TargetFacts, 'target' | 'appliance' | 'isProvider'> &
  Omit<PlannedMember, 'appliance' | 'peer' | 'role'>
type Group = readonly [Judged, ...Judged[]]

/** `on`: what it takes on an appliance; `soak`: how long a wave has to stand before the next begins. */
export type Seconds = Pick<Expectation, 'on'> & { readonly soak: number }

export function inWaves(
  members: readonly Judged[],
  order: Manifest['pair']['order'],
  { on, soak }: Seconds,
): PlannedWave[] {
  const groups = groupsInOrder(members, order)
  const secondsOf = (group: Group) => sumOf(group, ({ appliance }) => on(appliance).seconds)
  const waveOf = forecast(groups.flat())
  const places = [...new Set(groups.map((group) => placeOf(group).dataCenter))]
  // The first pair has begun before: of its Data Center it takes no time beside the others.
  const spans = spansOf(
    groups.map((group, index) => ({ ...placeOf(group), seconds: index === 0 ? 0 : secondsOf(group) })),
    soak,
  )
  const [canary] = groups
  const alone = canary === undefined ? 0 : secondsOf(canary)
  const others = alone === 0 ? 0 : alone + soak
  const asPair = (group: Group): PlannedPair => {
    const { organization, dataCenter, kind, group: name } = placeOf(group)
    const expectedSeconds = secondsOf(group)
    const begins = group === canary ? 0 : others + (spans.get(dataCenter)?.begins.get(organization) ?? 0)
    return {
      ...{ organization, dataCenter, kind, group: name, expectedSeconds },
      beginsAfterSeconds: expectedSeconds === 0 ? null : begins,
      unprotectedSeconds: sumOf(group, ({ appliance }) => on(appliance).interruptedSeconds),
      members: group.map(({ appliance, has, standing, reason }) => {
        const { name: called, peer, role } = appliance
        return { appliance: called, peer, role, has, standing, reason }
      }),
    }
  }
  const byWave = Map.groupBy(groups, ([first]) => waveOf.get(first.target) ?? 1)
  return [...byWave].map(([wave, there]): PlannedWave => {
    const dataCenters = [...new Set(there.map((group) => placeOf(group).dataCenter))]
    const taken = dataCenters.flatMap((dataCenter) => spans.get(dataCenter) ?? [])
    return {
      ...{ wave, dataCenters, appliances: there.flat().length },
      dataCentersAtOnce: widthAfter(Math.min(...dataCenters.map((dataCenter) => places.indexOf(dataCenter)))),
      expectedSeconds: wave === 1 ? alone : lengthOf(taken),
      pairs: there.map(asPair),
    }
  })
}

/** The first pair, then Data Centers in which somebody may begin, then the others; within each as the rollout would. */
function groupsInOrder(members: readonly Judged[], order: Manifest['pair']['order']): Group[] {
  const ordered = inOrder(members, order)
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

/** Of those who install it once it is their turn, one after the other. */
function sumOf(group: Group, seconds: (member: Judged) => number): number {
  return group.filter(installs).reduce((sum, member) => sum + seconds(member), 0)
}

export function installs({ standing }: Pick<Judged, 'standing'>): boolean {
  return standing === 'ready' || standing === 'waits'
}

function lengthOf(spans: readonly Span[]): number {
  if (spans.length === 0) return 0
  return Math.max(...spans.map(({ to }) => to)) - Math.min(...spans.map(({ from }) => from))
}
