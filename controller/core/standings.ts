/**
 * Of each patch and appliance its newest part in an install, and which of those ended without the patch being installed.
 * It is kept while records change, so that nobody goes through the targets of all installs at each look; troubles.ts says
 * what of it somebody has to look at.
 */
import type { InstallId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { inner } from './nested-maps.ts'
import type { InstallRecord, TargetRecord } from './records.ts'
import { isFinal } from './rollout/install-states.ts'
import type { ServiceCenterState } from './state.ts'

type Parts = Map<Sha256, Map<PeerId, TargetRecord>>
export type Standings = { readonly newest: Parts; readonly unfinished: Parts }

/** A part in an older install says nothing where there is one in a newer. */
export function noteStanding(
  { newest, unfinished }: Standings,
  installs: ReadonlyMap<InstallId, InstallRecord>,
  target: TargetRecord,
): void {
  const install = installs.get(target.install)
  if (install === undefined) return
  const before = inner(newest, install.patch).get(target.appliance)
  const startedBefore = before === undefined ? 0 : (installs.get(before.install)?.startedAt ?? 0)
  if (before?.install !== target.install && startedBefore > install.startedAt) return
  inner(newest, install.patch).set(target.appliance, target)
  const ofPatch = inner(unfinished, install.patch)
  if (isFinal(target.state) && target.state !== 'installed') ofPatch.set(target.appliance, target)
  else ofPatch.delete(target.appliance)
}

/** What was seen since counts for more than how its part in an install ended. */
export function hasInstalled(state: ServiceCenterState, patch: Sha256, peer: PeerId): boolean {
  const seen = state.detections.get(patch)?.get(peer)
  if (seen?.result === 'installed') return true
  const part = state.standings.newest.get(patch)?.get(peer)
  return part?.state === 'installed' && (seen === undefined || seen.detectedAt <= part.changedAt)
}
