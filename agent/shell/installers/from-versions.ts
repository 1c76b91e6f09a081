/**
 * Whether a patch that is not installed may be: `appliesTo.fromVersions` of its manifest against the version that is
 * there. An empty list takes every version and none.
 */
import type { Manifest } from '../../../protocol/manifest.ts'
import type { Found } from './installer.ts'

export function judgeFromVersion({ appliesTo }: Manifest, installedVersion: string | null): Found {
  const versions: readonly string[] = appliesTo.fromVersions
  const there = installedVersion === null ? 'no version is there' : `version ${installedVersion} is there`
  if (versions.length > 0 && (installedVersion === null || !versions.includes(installedVersion))) {
    return {
      result: 'notApplicable',
      installedVersion,
      reason: `the patch is for ${versions.join(', ')}, and ${there}`,
    }
  }
  return { result: 'applicable', installedVersion, reason: there }
}
