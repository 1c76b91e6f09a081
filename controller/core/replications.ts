/**
 * Who holds a proven copy of a patch: the counts of the Replications column, and readiness for an install. Counting is
 * over sets and over verified receipts only, so duplicates, replays and reordering cannot change a count wrongly.
 */
import { type DataCenterName, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import type { CopyState } from '../../protocol/messages.ts'
import { appliancesByPlace, censusOf, recordsOf } from './census.ts'
import type { ApplianceRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

export type Replications = { complete: number; total: number }

export function serviceProviderAppliances(state: ServiceCenterState): ApplianceRecord[] {
  return recordsOf(state, censusOf(state).depots)
}

/** The Service Provider appliances of one Data Center: its depot. */
export function depotOf(state: ServiceCenterState, dataCenter: DataCenterName): ApplianceRecord[] {
  return recordsOf(state, censusOf(state).depotOf.get(dataCenter) ?? [])
}

export function isReplicated(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): boolean {
  return state.receipts.get(patch)?.get(appliance.peer)?.epoch === appliance.epoch
}

/**
 * n/m: valid receipts among the enrolled Service Provider appliances, over all of them, reachable or not. Who sees only
 * some organizations is told of their appliances instead: how many have a proven copy where they will take it from.
 */
export function countReplications(state: ServiceCenterState, patch: Sha256): Replications {
  if (state.whole !== null) return countReady(state, patch)
  const tallies = state.tallies.get(patch)
  const { depots, depotPlaces } = censusOf(state)
  let complete = 0
  for (const place of depotPlaces.keys()) complete += tallies?.get(place)?.replicated ?? 0
  return { complete, total: depots.length }
}

function countReady(state: ServiceCenterState, patch: Sha256): Replications {
  let complete = 0
  for (const appliance of state.appliances.values()) if (readiness(state, patch, appliance) === true) complete++
  return { complete, total: state.appliances.size }
}

/** The appliances that the Replications column counts. */
export function countedAppliances(state: ServiceCenterState): ApplianceRecord[] {
  return state.whole === null ? serviceProviderAppliances(state) : appliancesByPlace(state)
}

/** Whether a member of the depot holds a proven copy, whoever may see that member. */
function isInDepot(state: ServiceCenterState, patch: Sha256, dataCenter: DataCenterName): boolean {
  const whole = state.whole ?? state
  return depotOf(whole, dataCenter).some((member) => isReplicated(whole, patch, member))
}

export type Copy = { state: CopyState; bytes: number; reason: string }

/** How far the copy is that an appliance will use, in the words a person is shown: its own, or that of its depot. */
export function copyOf(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): Copy {
  const bytes = state.patches.get(patch)?.publication.bytes ?? 0
  if (appliance.kind !== SERVICE_PROVIDER) {
    const ready = readiness(state, patch, appliance)
    return ready === true ? { state: 'replicated', bytes, reason: '' } : { state: 'waiting', bytes: 0, reason: ready }
  }
  if (isReplicated(state, patch, appliance)) {
    return { state: 'replicated', bytes, reason: state.sessions.has(appliance.peer) ? '' : unreachableSince(appliance) }
  }
  const told = state.progress.get(patch)?.get(appliance.peer)
  const wrong = state.receipts.get(patch)?.get(appliance.peer)?.wrong ?? ''
  if (!state.sessions.has(appliance.peer)) {
    const since = unreachableSince(appliance)
    return { state: 'waiting', bytes: told?.bytes ?? 0, reason: wrong === '' ? since : `${wrong}; ${since}` }
  }
  if (told?.state === 'replicated' && wrong !== '') return { state: 'waiting', bytes: 0, reason: wrong }
  if (told === undefined) return { state: 'waiting', bytes: 0, reason: 'the appliance has not answered yet' }
  // Only a receipt makes a copy count, so an appliance that says "replicated" without one is still verifying.
  return { ...told, state: told.state === 'replicated' ? 'verifying' : told.state }
}

/** An appliance is ready when the copy it will use is proven: its own, or for others that of a member of its depot. */
export function readiness(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): true | string {
  if (appliance.kind === SERVICE_PROVIDER) {
    if (isReplicated(state, patch, appliance)) return true
    return `replication to ${appliance.name} is not complete`
  }
  if (isInDepot(state, patch, appliance.dataCenter)) return true
  return `no Service Provider appliance of ${appliance.dataCenter} holds the patch yet`
}

export function unreachableSince(appliance: ApplianceRecord): string {
  return `not reachable since ${new Date(appliance.lastSeenAt).toISOString()}`
}
