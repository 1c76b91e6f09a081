/**
 * How an install ends. What has not begun is ended by a failure, by a person or by the deadline; a pair of which one
 * member has the patch is finished all the same, so that its members stay equal. Whoever has left the fleet is none of a
 * pair any more: neither is finished what it had, nor does anybody end because it failed. An install is done when it is
 * installed wherever it is meant for; one that ended otherwise is halted and says where it is not.
 */

import type { PeerId } from '../../../protocol/identifiers.ts'
import { groupKey } from '../census.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { isNotMeant } from './groups.ts'
import { isFailure, isFinal } from './install-states.ts'
import { isForgotten, isInFlight, isUnheard } from './ongoing.ts'

/** Targets that have not begun, of pairs that have not begun. */
export function endUnbegun(state: ServiceCenterState, targets: readonly TargetRecord[], reason: string): Change[] {
  const begun = groupsBegun(state, targets)
  return endWaiting(
    state,
    targets.filter((target) => !begun.has(groupOf(state, target))),
    reason,
  )
}

/** The groups of which a member is at it, or has the patch. */
export function groupsBegun(state: ServiceCenterState, targets: readonly TargetRecord[]): Set<string> {
  const members = targets.filter((target) => isMember(state, target))
  return new Set(members.filter(hasBegun).map((target) => groupOf(state, target)))
}

/**
 * A pair had begun when its install ended, and whoever had begun has left the fleet since: its other member has nothing to
 * finish. One of which nothing is heard may have begun.
 */
export function endLeftBehind(
  state: ServiceCenterState,
  install: InstallRecord,
  targets: readonly TargetRecord[],
): Change[] {
  const pending = targets.filter(isUnheard).map((target) => groupOf(state, target))
  return endUnbegun(
    state,
    targets.filter((target) => !pending.includes(groupOf(state, target))),
    `not started: ${install.reason}`,
  )
}

/** All of these that wait for their turn. */
export function endWaiting(state: ServiceCenterState, targets: readonly TargetRecord[], reason: string): Change[] {
  return targets
    .filter((target) => target.order === null && !isFinal(target.state))
    .map(
      (target): Change => ({
        table: 'targets',
        row: { ...target, state: 'cancelled', reason, changedAt: state.clock.wallMs },
      }),
    )
}

/** Nobody begins after a member of the same pair that could not install: the one that serves is left as it is. */
export function endBehindPeers(state: ServiceCenterState, targets: readonly TargetRecord[]): Change[] {
  const lost = targets.filter((target) => isMember(state, target) && hasNotInstalled(target))
  return lost.flatMap((peer) => {
    const group = groupOf(state, peer)
    const others = targets.filter((target) => groupOf(state, target) === group)
    const reason = `not started: ${nameOf(state, peer)} of the same pair ${peer.state}${because(peer)}`
    return endWaiting(state, others, reason)
  })
}

/** How an install stands whose targets have all ended. */
export function outcomeOf(
  state: ServiceCenterState,
  targets: readonly TargetRecord[],
): Pick<InstallRecord, 'state' | 'reason'> {
  // Who has left the fleet is none of it, and where a patch is not meant for an appliance nothing is missing.
  const members = targets.filter((target) => isMember(state, target))
  const [notMeant, meant] = [members.filter(isNotMeant), members.filter((target) => !isNotMeant(target))]
  const missing = meant.filter((target) => target.state !== 'installed')
  if (missing.length === 0 && meant.length > 0)
    return { state: 'done', reason: notMeant.length === 0 ? '' : `not meant for ${namesOf(state, notMeant)}` }
  const [first] = [...missing].sort((left, right) => weight(left) - weight(right))
  if (first !== undefined) {
    const more = missing.length - 1
    const others = more === 0 ? '' : `; it is not installed on ${more} more either`
    return { state: 'halted', reason: `${nameOf(state, first)} ${told(first)}${others}` }
  }
  const reason =
    notMeant.length === 0 ? 'every appliance of it has left the fleet' : 'it is meant for none of its appliances'
  return { state: 'halted', reason }
}

function told(target: TargetRecord): string {
  return isUnheard(target) ? 'is not heard of any more' : `${target.state}${because(target)}`
}

export function because({ reason }: TargetRecord): string {
  return reason === '' ? '' : `: ${reason}`
}

/** What somebody has to look at first. */
function weight(target: TargetRecord): number {
  const { state } = target
  if (isForPeer(target)) return 4
  return isFailure(state) ? 0 : state === 'refused' ? 1 : state === 'unknown' ? 2 : 3
}

export function hasBegun(target: TargetRecord): boolean {
  return isInFlight(target) || target.state === 'installed'
}

/** It was ordered and has not got it, and will not by this order; not because another member of its group has not. */
export function hasNotInstalled(target: TargetRecord): boolean {
  if (isFailure(target.state) || isForgotten(target)) return true
  return target.state === 'refused' && !isNotMeant(target) && !isForPeer(target)
}

/** It has ended without having begun, since the member before it did not end at the patch. */
export function isForPeer({ state, refusal }: TargetRecord): boolean {
  return state === 'refused' && refusal === 'peer_not_at_patch'
}

/** Who stands together in an install. Targets are added to one and never taken away, and nobody changes groups. */
type Groups = { readonly targets: number; readonly members: ReadonlyMap<string, readonly PeerId[]> }
const groupsKnown = new WeakMap<ReadonlyMap<PeerId, TargetRecord>, Groups>()

/** The other members of its group in the same install. */
export function matesOf(state: ServiceCenterState, target: TargetRecord): TargetRecord[] {
  const targets = state.targets.get(target.install)
  if (targets === undefined) return []
  let groups = groupsKnown.get(targets)
  if (groups?.targets !== targets.size) {
    const members = Map.groupBy(targets.keys(), (appliance) => groupOf(state, { appliance }))
    groups = { targets: targets.size, members }
    groupsKnown.set(targets, groups)
  }
  const group = groups.members.get(groupOf(state, target)) ?? []
  const mates = group.flatMap((peer) => (peer === target.appliance ? [] : (targets.get(peer) ?? [])))
  return mates.filter((mate) => isMember(state, mate))
}

function isMember({ appliances }: ServiceCenterState, { appliance }: TargetRecord): boolean {
  return appliances.has(appliance)
}

export function groupOf(state: ServiceCenterState, { appliance }: Pick<TargetRecord, 'appliance'>): string {
  const found = everEnrolled(state, appliance)
  return found === undefined ? appliance : groupKey(found)
}

function nameOf(state: ServiceCenterState, { appliance }: TargetRecord): string {
  return everEnrolled(state, appliance)?.name ?? appliance
}

function namesOf(state: ServiceCenterState, targets: readonly TargetRecord[]): string {
  return targets.map((target) => nameOf(state, target)).join(', ')
}
