/**
 * Installs that go together: several patches, one after the other, in one interruption of each pair. Each continues the
 * one before it and has its own targets, reports and evidence; the first leads, and whoever is ordered for it is ordered
 * for the others with it (ordering.ts). What halts one, or what a person decides about one, holds for all.
 */
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { title } from '../patch-identity.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { because, endUnbegun, groupOf, groupsBegun, matesOf } from './ending-installs.ts'
import { isThere } from './groups.ts'
import { isFinal, isUnderWay } from './install-states.ts'
import { isWaiting, targetsOf } from './ongoing.ts'

/** All others, in the order in which they go. */
export function companionsOf(state: ServiceCenterState, install: InstallRecord): InstallRecord[] {
  return [...earlierThan(state, install), ...laterThan(state, install)]
}

export function laterThan({ installs, continuedBy }: ServiceCenterState, { id }: InstallRecord): InstallRecord[] {
  const later: InstallRecord[] = []
  for (let next = continuedBy.get(id); next !== undefined; next = continuedBy.get(next)) {
    const install = installs.get(next)
    if (install !== undefined) later.push(install)
  }
  return later
}

export function earlierThan({ installs }: ServiceCenterState, install: InstallRecord): InstallRecord[] {
  const earlier: InstallRecord[] = []
  for (let before = install.continues; before !== null; ) {
    const found = installs.get(before)
    // Whoever sees a part of the fleet need not see all of them.
    if (found !== undefined) earlier.unshift(found)
    before = found?.continues ?? null
  }
  return earlier
}

/** The parts of one appliance in the others. */
export function companionTargets(state: ServiceCenterState, install: InstallRecord, peer: PeerId): TargetRecord[] {
  return companionsOf(state, install).flatMap(({ id }) => state.targets.get(id)?.get(peer) ?? [])
}

/** Why an appliance has not its turn in an install that continues another one, or null. */
export function whyNotYet(state: ServiceCenterState, install: InstallRecord, peer: PeerId): string | null {
  const earlier = install.continues === null ? undefined : state.installs.get(install.continues)
  const own = earlier === undefined ? undefined : state.targets.get(earlier.id)?.get(peer)
  if (earlier === undefined || own === undefined) return null
  const pending = [own, ...matesOf(state, own)].some((target) => !isFinal(target.state))
  return pending ? `goes on from ${titleOfPatch(state, earlier.patch)}: waits until its pair has ended with that` : null
}

/** It halts, and all that go with it. */
export function haltTogether(
  state: ServiceCenterState,
  install: InstallRecord,
  { reason, unbegun }: { readonly reason: string; readonly unbegun: string },
): Change[] {
  const inCompany = `${titleOfPatch(state, install.patch)}, which goes with it`
  const others = companionsOf(state, install).filter((other) => isUnderWay(other.state))
  return [
    { table: 'installs', row: { ...install, state: 'halted', reason } },
    ...endUnbegun(state, targetsOf(state, install.id), unbegun),
    ...others.flatMap((other): Change[] => [
      { table: 'installs', row: { ...other, state: 'halted', reason: `${inCompany}, has halted: ${reason}` } },
      ...endUnbegun(state, targetsOf(state, other.id), `not started: ${inCompany}, has halted`),
    ]),
  ]
}

/** Of pairs that have not begun, those who have ended in an install that goes with this one, and did not end well there. */
export function endWithCompanions(
  state: ServiceCenterState,
  install: InstallRecord,
  targets: readonly TargetRecord[],
): Change[] {
  const companions = companionsOf(state, install)
  if (companions.length === 0) return []
  const begun = groupsBegun(state, targets)
  return targets.filter(isWaiting).flatMap((target): Change[] => {
    if (begun.has(groupOf(state, target))) return []
    for (const { id, patch } of companions) {
      const other = state.targets.get(id)?.get(target.appliance)
      if (other === undefined || !isFinal(other.state) || isThere(other)) continue
      const name = everEnrolled(state, target.appliance)?.name ?? target.appliance
      const reason = `not started: ${titleOfPatch(state, patch)}, which goes with it, is ${other.state} on ${name}${because(other)}`
      return [{ table: 'targets', row: { ...target, state: 'cancelled', reason, changedAt: state.clock.wallMs } }]
    }
    return []
  })
}

/** What people call it. */
export function titleOfPatch({ patches }: ServiceCenterState, patch: Sha256): string {
  const found = patches.get(patch)
  return found === undefined ? patch : title(found)
}
