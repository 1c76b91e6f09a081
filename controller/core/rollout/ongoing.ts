/**
 * What goes on now, whichever install ordered it: who may be disrupted at this moment, and of whom nothing is heard. A
 * pair is a pair for all installs, also for one that has ended without hearing of all that it ordered.
 */
import type { DataCenterName, InstallId, OrganizationName } from '../../../protocol/identifiers.ts'
import { groupKey } from '../census.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { isFinal } from './install-states.ts'

export function targetsOf(state: ServiceCenterState, install: InstallId): TargetRecord[] {
  return [...(state.targets.get(install)?.values() ?? [])]
}

/** Ordered and not ended: it may be disrupted at this moment. */
export function isInFlight(target: TargetRecord): boolean {
  return target.order !== null && !isFinal(target.state)
}

/** Ordered, and nothing is heard of it any more: it may be disrupted at this moment, or when it comes back. */
export function isUnheard(target: TargetRecord): boolean {
  return target.order !== null && target.state === 'unknown'
}

/** Its order is known to nobody any more, and so is how it ended: it is not waited for. */
export function isForgotten(target: TargetRecord): boolean {
  return target.order === null && target.state === 'unknown'
}

/** Has not been ordered, and may still be. */
export function isWaiting(target: TargetRecord): boolean {
  return target.order === null && !isFinal(target.state)
}

/** What orders of other installs do: those in flight, and those of which nothing is heard any more. */
export type Elsewhere = { readonly inFlight: readonly ApplianceRecord[]; readonly unheard: readonly ApplianceRecord[] }

export function elsewhere(state: ServiceCenterState, install: InstallRecord): Elsewhere {
  const others = [...state.unsettled.values()].filter((target) => target.install !== install.id)
  const appliances = (targets: TargetRecord[]) =>
    targets.flatMap(({ appliance }) => state.appliances.get(appliance) ?? [])
  return { inFlight: appliances(others.filter(isInFlight)), unheard: appliances(others.filter(isUnheard)) }
}

/**
 * Who has an order in flight, by group and by organization; and of whom nothing is heard. In the same install a member is
 * ordered together with another of its group, and comes after it; but not after one that itself waits for a third.
 */
export type Ongoing = {
  /** Members of groups beside which nobody is ordered. */
  readonly groups: Map<string, ApplianceRecord>
  /** Groups of which a member is at it for the same install. */
  readonly begun: Set<string>
  readonly sites: Map<OrganizationName, Set<DataCenterName>>
  /** By Data Center of an organization, or by group. */
  readonly silent: Map<string, ApplianceRecord>
}

export function ongoingAround(
  install: InstallRecord,
  targets: readonly {
    readonly target: TargetRecord
    readonly appliance: ApplianceRecord
    readonly waitsForPeer: boolean
  }[],
  elsewhere: Elsewhere,
): Ongoing {
  const ongoing: Ongoing = { groups: new Map(), begun: new Set(), sites: new Map(), silent: new Map() }
  for (const appliance of elsewhere.inFlight) occupy(ongoing, appliance)
  // Who allows an outage need not wait for an appliance that may never come back.
  if (!install.allowOutage)
    for (const appliance of elsewhere.unheard) ongoing.silent.set(groupKey(appliance), appliance)
  for (const { target, appliance, waitsForPeer } of targets) {
    if (isInFlight(target)) takeTurn(ongoing, appliance)
    if (waitsForPeer) occupy(ongoing, appliance)
    if (isUnheard(target)) ongoing.silent.set(siteKey(appliance), appliance)
  }
  return ongoing
}

export function occupy(ongoing: Ongoing, appliance: ApplianceRecord): void {
  ongoing.groups.set(groupKey(appliance), appliance)
  occupySite(ongoing, appliance)
}

/** Others of its group may be ordered after it. */
export function takeTurn(ongoing: Ongoing, appliance: ApplianceRecord): void {
  ongoing.begun.add(groupKey(appliance))
  occupySite(ongoing, appliance)
}

function occupySite({ sites }: Ongoing, { organization, dataCenter }: ApplianceRecord): void {
  sites.set(organization, (sites.get(organization) ?? new Set()).add(dataCenter))
}

/** Of a record, so that nobody puts the same words together at each look. */
const siteKeys = new WeakMap<ApplianceRecord, string>()

/** Equal for what one organization has in one Data Center. */
export function siteKey(appliance: ApplianceRecord): string {
  const known = siteKeys.get(appliance)
  if (known !== undefined) return known
  const key = JSON.stringify([appliance.organization, appliance.dataCenter])
  siteKeys.set(appliance, key)
  return key
}
