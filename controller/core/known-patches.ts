/**
 * What an appliance that greets may know wrongly of a patch: it was published anew since, or withdrawn.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { ApplianceRecord } from './records.ts'
import { isReplicated } from './replications.ts'
import type { ServiceCenterState } from './state.ts'

/** What is not proven there may be an earlier publication of the same file. */
export function isUnproven(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): boolean {
  const isLive = state.patches.get(patch)?.withdrawal === null
  return isLive && appliance.kind === SERVICE_PROVIDER && !isReplicated(state, patch, appliance)
}

/** Whether this appliance was told of a patch that is withdrawn now. */
export function isLeftBehind(state: ServiceCenterState, patch: Sha256, peer: PeerId): boolean {
  return state.patches.get(patch)?.withdrawal != null && state.detections.get(patch)?.has(peer) === true
}
