/**
 * The groups of an install, mostly pairs, and how each stands: whether it has begun, and how it ended. Counted are members
 * of the fleet; whoever has left it is none of a group any more.
 */

import { groupKey } from '../census.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import { isFailure, isFinal } from './install-states.ts'
import { isInFlight, isUnheard } from './ongoing.ts'

/** A target and where it stands. */
export type Placed = {
  readonly target: TargetRecord
  readonly appliance: ApplianceRecord
  /** Its parts in installs that go together with this one. */
  readonly companions?: readonly TargetRecord[]
}

export function groupsOf<Member extends Placed>(members: readonly Member[]): Member[][] {
  return [...Map.groupBy(members, ({ appliance }) => groupKey(appliance)).values()]
}

/** One of its members was ordered, or has it. */
export function hasBegun(group: readonly Placed[]): boolean {
  return group.some(({ target }) => isInFlight(target) || isUnheard(target) || target.state === 'installed')
}

/** Everybody in it for whom the patch is meant has it, and all that goes together with it. */
export function hasEndedWell(group: readonly Placed[]): boolean {
  const meant = group.filter(({ target }) => !isNotMeant(target))
  const companions = group.flatMap((member) => member.companions ?? [])
  const isWell = companions.every(isThere)
  return meant.length > 0 && meant.every(({ target }) => target.state === 'installed') && isWell
}

/** Somebody in it has the patch, and has not yet stood with it for as long as the install asks. */
export function stands(group: readonly Placed[], { waveSoakSeconds }: Pick<InstallRecord, 'waveSoakSeconds'>): boolean {
  return waveSoakSeconds > 0 && group.some(({ target }) => isStanding(target))
}

export function isStanding({ state, stoodAt }: TargetRecord): boolean {
  return state === 'installed' && stoodAt === null
}

/** The member that could not install it since its install was set going last. */
export function failedMember<Member extends Placed>(group: readonly Member[], run: number): Member | undefined {
  return group.find(({ target }) => isFailure(target.state) && target.run === run)
}

/** Its members that were ordered since then, and of which nothing is heard any more. */
export function unheardMember<Member extends Placed>(group: readonly Member[], run: number): Member | undefined {
  return group.find(({ target }) => isUnheard(target) && target.run === run)
}

/** It has it, or it is not meant for it. */
export function isThere(target: TargetRecord): boolean {
  return target.state === 'installed' || isNotMeant(target)
}

export function isNotMeant({ state, refusal }: TargetRecord): boolean {
  return state === 'refused' && refusal === 'not_applicable'
}

export function haveAllEnded(group: readonly Placed[]): boolean {
  return group.every(({ target }) => isFinal(target.state))
}
