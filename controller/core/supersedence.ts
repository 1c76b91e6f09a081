/**
 * Which patches a newer one has taken the place of: by the same name with a later version for the same architecture, or
 * because the newer one's manifest says so. It only informs: nothing is deleted, and a superseded patch may still be installed.
 */

import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import { replaces } from '../../protocol/bundle/patch-references.ts'
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
          if (isReplaced(newer, older) && !isReplaced(older, newer)) superseded.set(older.sha256, newer)
      }
    }
  }
  for (const patches of byName.values()) {
    const newestFirst = [...patches].sort((left, right) => (isLater(left, right) ? -1 : isLater(right, left) ? 1 : 0))
    for (const patch of patches) {
      const newest = newestFirst.find((other) => isLater(other, patch) && isForAllOf(other, patch))
      if (newest !== undefined) superseded.set(patch.sha256, newest)
    }
  }
  return superseded
}

function isLater(left: PatchRecord, right: PatchRecord): boolean {
  return compareVersions(left.publication.version, right.publication.version) > 0
}

/** Another architecture's newer version is no help. */
function isForAllOf(newer: PatchRecord, older: PatchRecord): boolean {
  const architecture = architectureOf(newer.publication.manifest)
  return architecture === null || architecture === architectureOf(older.publication.manifest)
}

/** As its manifest says, for the architectures that it is for. */
function isReplaced(newer: PatchRecord, older: PatchRecord): boolean {
  return replaces(newer.publication.manifest, older.publication) && isForAllOf(newer, older)
}
