/**
 * `appliesTo.fromVersions`: from which versions a patch may be installed, against the one that is there. An empty list
 * takes every version and none.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'

export function judgeFromVersions({ appliesTo }: Manifest, installedVersion: string | null): Refusal | null {
  const versions: readonly string[] = appliesTo.fromVersions
  if (versions.length === 0 || (installedVersion !== null && versions.includes(installedVersion))) return null
  return refuse('not_applicable', `the patch is for ${versions.join(', ')}, and ${whatIsThere(installedVersion)}`)
}

export function whatIsThere(installedVersion: string | null): string {
  return installedVersion === null ? 'no version is there' : `version ${installedVersion} is there`
}
