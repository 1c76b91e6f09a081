/**
 * Which patches a newer one has taken the place of: by the same name with a later version, or because the newer one's
 * manifest says so. It only informs: nothing is deleted, and a superseded patch may still be installed.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { compareVersions } from '../../protocol/version-order.ts'
import { livePatches } from './publishing.ts'
import type { PatchRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** By each superseded live patch, the one to take in its place. */
export function supersedence(state: ServiceCenterState): Map<Sha256, PatchRecord> {
  const byName = Map.groupBy(livePatches(state), ({ publication }) => publication.name)
  const superseded = new Map<Sha256, PatchRecord>()
  for (const patches of byName.values()) {
    for (const newer of patches) {
      for (const { name } of newer.publication.manifest.supersedes) {
        for (const older of byName.get(name) ?? [])
          if (replaces(newer, older) && !replaces(older, newer)) superseded.set(older.sha256, newer)
      }
    }
  }
  for (const patches of byName.values()) {
    const latest = patches.reduce((best, patch) => (isLater(patch, best) ? patch : best))
    for (const patch of patches) if (isLater(latest, patch)) superseded.set(patch.sha256, latest)
  }
  return superseded
}

function isLater(left: PatchRecord, right: PatchRecord): boolean {
  return compareVersions(left.publication.version, right.publication.version) > 0
}

/** As its manifest says: every version of that name, or those up to the one it gives. */
function replaces(newer: PatchRecord, older: PatchRecord): boolean {
  const { name, version } = older.publication
  return newer.publication.manifest.supersedes.some(
    (wanted) => wanted.name === name && (wanted.version === undefined || compareVersions(version, wanted.version) <= 0),
  )
}
