/**
 * Whether a patch is meant for an appliance at all, as its detection tells: for its kind, its architecture, and the version
 * that is there. What is not meant for it counts as neither patched nor unpatched. A version that is there already is
 * installed, from whichever it came.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import type { ApplianceKind } from '../../../../protocol/identifiers.ts'
import type { Refusal } from '../../../../protocol/refusals.ts'
import type { Found } from '../../events.ts'
import { judgeKind } from './appliance-kind.ts'
import { judgeArchitecture } from './architecture.ts'
import { judgeFromVersions } from './from-versions.ts'

export type Place = { readonly kind: ApplianceKind; readonly architectures: readonly string[] }

export function judgePlace(manifest: Manifest, { kind, architectures }: Place): Refusal | null {
  return judgeKind(manifest, kind) ?? judgeArchitecture(manifest, architectures)
}

/** What an installer found, in the light of what the manifest says. */
export function judgeFound(manifest: Manifest, place: Place, found: Found): Found {
  const { installedVersion } = found
  const refusal =
    judgePlace(manifest, place) ??
    (found.result === 'applicable' ? judgeFromVersions(manifest, installedVersion) : null)
  return refusal === null ? found : { result: 'notApplicable', installedVersion, reason: refusal.message }
}
