/**
 * What is allowed to go wrong, in absolute numbers that no size of a fleet widens. While nobody has it installed, the first
 * pair that fails ends the install; later one that fails ends it for its Data Center, and a second one everywhere. Whoever
 * was ordered and is not heard of any more counts on its own, by Data Centers: one line that is cut ends nothing elsewhere.
 */
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { companionTargets } from './companions.ts'
import { endUnbegun } from './ending-installs.ts'
import { failedMember, groupsOf, hasEndedWell, type Placed, unheardMember } from './groups.ts'
import { isFinal } from './install-states.ts'

/** So many pairs that fail end an install. */
export const FAILED_PAIRS = { asCanary: 1, later: 2 }
/** Of so many is it said that nothing is heard of them before an install ends: pairs first, Data Centers later. */
export const UNHEARD = { canaries: 2, dataCenters: 3 }

export type Overdrawn = { readonly reason: string; readonly unbegun: string }

/** Why the install halts, and what is said of those that have not begun; null while it may go on. */
export function overdrawn(members: readonly Placed[], run: number): Overdrawn | null {
  const groups = groupsOf(members)
  const isProven = groups.some(hasEndedWell)
  const failed = groups.flatMap((group) => failedMember(group, run) ?? [])
  const [first] = failed
  if (first !== undefined) {
    const { appliance, target } = first
    const isSpent = failed.length >= (isProven ? FAILED_PAIRS.later : FAILED_PAIRS.asCanary)
    if (isSpent || !hasMoreElsewhere(members, failed)) {
      const others = failed.length === 1 ? '' : `; ${failed.length - 1} more could not install it`
      return {
        reason: `${appliance.name} ${target.state}: ${target.reason}${others}`,
        unbegun: `not started: ${appliance.name} ${target.state}`,
      }
    }
  }
  const unheard = groups.flatMap((group) => unheardMember(group, run) ?? [])
  const dataCenters = new Set(unheard.map(({ appliance }) => appliance.dataCenter))
  const isCutOff = isProven ? dataCenters.size >= UNHEARD.dataCenters : unheard.length >= UNHEARD.canaries
  if (!isCutOff) return null
  const names = unheard.map(({ appliance }) => appliance.name).join(', ')
  return {
    reason: `nothing is heard of ${names} any more, which were ordered to install`,
    unbegun: `not started: nothing is heard of ${names}`,
  }
}

/** Where a pair has failed, no other pair of its Data Center begins. */
export function endDataCenters(
  state: ServiceCenterState,
  { run }: InstallRecord,
  members: readonly Placed[],
): Change[] {
  return groupsOf(members)
    .flatMap((group) => failedMember(group, run) ?? [])
    .flatMap(({ appliance, target }) => {
      const there = members.filter((other) => other.appliance.dataCenter === appliance.dataCenter)
      const reason = `not started: ${appliance.name} of the same Data Center ${target.state}`
      return endUnbegun(
        state,
        there.map((other) => other.target),
        reason,
      )
    })
}

function hasMoreElsewhere(members: readonly Placed[], failed: readonly Placed[]): boolean {
  const stopped = new Set(failed.map(({ appliance }) => appliance.dataCenter))
  return members.some(({ target, appliance }) => !isFinal(target.state) && !stopped.has(appliance.dataCenter))
}

/** Those that belong to the fleet, of the targets of one install. */
export function membersOf(state: ServiceCenterState, targets: readonly TargetRecord[]): Placed[] {
  const [one] = targets
  const install = one === undefined ? undefined : state.installs.get(one.install)
  return targets.flatMap((target) => {
    const appliance = state.appliances.get(target.appliance)
    if (appliance === undefined || install === undefined) return []
    return [{ target, appliance, companions: companionTargets(state, install, target.appliance) }]
  })
}
