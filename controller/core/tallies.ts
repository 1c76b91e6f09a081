/**
 * Counts that are kept instead of counted, since ten thousand appliances and hundreds of patches are looked at all the
 * time: for each patch and place, how many appliances hold a proven copy, have it installed, or are not meant by it. They
 * follow from the records alone. `apply` has them kept wherever a record changes that they are made of; an appliance
 * counts with what its records say together, in whatever order they came.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { censusOf, type Place, placeKey } from './census.ts'
import type { ApplianceRecord } from './records.ts'
import { isReplicated } from './replications.ts'
import type { ServiceCenterState } from './state.ts'

export type Tally = { replicated: number; installed: number; notApplicable: number }
/** By patch, and by `placeKey`. */
export type Tallies = Map<Sha256, Map<string, Tally>>

/** Makes a change of what is known of one appliance and keeps the counts of these patches. */
export function counting(state: ServiceCenterState, peer: PeerId, patches: Iterable<Sha256>, change: () => void): void {
  const counted = [...patches]
  addTo(state, peer, counted, -1)
  change()
  addTo(state, peer, counted, 1)
}

/** The patches of which anything is known of the appliance. */
export function patchesTold(state: ServiceCenterState, peer: PeerId): Set<Sha256> {
  const told = new Set<Sha256>()
  for (const [patch, receipts] of state.receipts) if (receipts.has(peer)) told.add(patch)
  for (const [patch, detections] of state.detections) if (detections.has(peer)) told.add(patch)
  return told
}

function addTo(state: ServiceCenterState, peer: PeerId, patches: readonly Sha256[], sign: 1 | -1): void {
  const appliance = state.appliances.get(peer)
  if (appliance === undefined) return
  const key = placeKey(appliance)
  for (const patch of patches) {
    const one = tallyOne(state, patch, appliance)
    const places = state.tallies.get(patch) ?? new Map<string, Tally>()
    const tally = places.get(key) ?? { replicated: 0, installed: 0, notApplicable: 0 }
    tally.replicated += sign * one.replicated
    tally.installed += sign * one.installed
    tally.notApplicable += sign * one.notApplicable
    state.tallies.set(patch, places.set(key, tally))
  }
}

/** What a single appliance adds to the counts. */
export function tallyOne(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): Tally {
  const result = state.detections.get(patch)?.get(appliance.peer)?.result
  return {
    replicated: appliance.kind === SERVICE_PROVIDER && isReplicated(state, patch, appliance) ? 1 : 0,
    installed: result === 'installed' ? 1 : 0,
    notApplicable: result === 'notApplicable' ? 1 : 0,
  }
}

/** Every place with its counts for a patch: what is neither installed nor not applicable is unpatched. */
export function talliesByPlace(state: ServiceCenterState, patch: Sha256): (Readonly<Place> & Readonly<Tally>)[] {
  const tallies = state.tallies.get(patch)
  const none: Tally = { replicated: 0, installed: 0, notApplicable: 0 }
  return [...censusOf(state).places].map(([key, place]) => ({ ...place, ...(tallies?.get(key) ?? none) }))
}
