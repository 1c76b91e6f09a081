/**
 * How an appliance stands to a patch: what it has told by its newest detection, and what needs no telling, since its kind
 * is in its membership. What nobody has told of is unknown, and counts as unpatched.
 */
import { judgeKind } from '../../agent/core/install/policies/appliance-kind.ts'
import type { PatchThere } from '../../agent/core/install/policies/patches-there.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import { compareVersions } from '../../protocol/version-order.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord, DetectionRecord, PatchRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

export type Finding = Pick<DetectionRecord, 'result' | 'installedVersion' | 'reason'>

const NOT_TOLD: Finding = { result: 'unknown', installedVersion: null, reason: 'the appliance has not looked yet' }

export function findingOn(
  state: Pick<ServiceCenterState, 'detections'>,
  { sha256, publication }: PatchRecord,
  { peer, kind }: ApplianceRecord,
): Finding {
  const told = state.detections.get(sha256)?.get(peer)
  const misplaced = judgeKind(publication.manifest, kind)
  if (misplaced === null) return told ?? NOT_TOLD
  return { result: 'notApplicable', installedVersion: told?.installedVersion ?? null, reason: misplaced.message }
}

/** It is installed, or something that is there in its place: a patch that supersedes it, or a later version. */
export function hasIt(
  { publication: { version } }: Pick<PatchRecord, 'publication'>,
  { result, installedVersion }: Pick<Finding, 'result' | 'installedVersion'>,
): boolean {
  return result === 'installed' || (installedVersion !== null && compareVersions(installedVersion, version) > 0)
}

/** What an appliance has, as it told of every patch that is there now; who asks for many gives `live`, found once. */
export function patchesOn(
  state: ServiceCenterState,
  peer: PeerId,
  live: readonly PatchRecord[] = livePatches(state),
): PatchThere[] {
  return live.flatMap(({ sha256, publication: { name, version, manifest } }): PatchThere[] => {
    const there = state.detections.get(sha256)?.get(peer)?.installedVersion ?? null
    return there === null ? [] : [{ name, version: there, manifest: there === version ? manifest : null }]
  })
}
