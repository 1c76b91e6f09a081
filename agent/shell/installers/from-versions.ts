/**
 * Whether a patch that is not installed may be: `appliesTo.fromVersions` of its manifest against the version that is
 * there.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { judgeFromVersions, whatIsThere } from '../../core/install/policies/from-versions.ts'
import type { Found } from './installer.ts'

export function judgeFromVersion(manifest: Manifest, installedVersion: string | null): Found {
  const refusal = judgeFromVersions(manifest, installedVersion)
  if (refusal !== null) return { result: 'notApplicable', installedVersion, reason: refusal.message }
  return { result: 'applicable', installedVersion, reason: whatIsThere(installedVersion) }
}
