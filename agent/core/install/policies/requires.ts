/**
 * `requires`: the patches that must be there before this one: any version of a name, or the named version or a later
 * one. What an installed patch supersedes counts as there.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { isCovered, isSuperseded, type PatchReference, titled } from '../../../../protocol/bundle/patch-references.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { PatchThere } from './patches-there.ts'

export function judgeRequires({ requires }: Pick<Manifest, 'requires'>, there: readonly PatchThere[]): Refusal | null {
  const missing = requires.find((wanted) => !isSatisfied(wanted, there))
  if (missing === undefined) return null
  const versions = there.filter(({ name }) => name === missing.name).map(({ version }) => version)
  const instead = versions.length === 0 ? 'none is there' : `${missing.name} ${versions.join(', ')} is there`
  const later = missing.version === undefined ? '' : ' or a later version'
  return refuse('needs_prerequisite', `the patch needs ${titled(missing)}${later} first, and ${instead}`)
}

function isSatisfied(wanted: PatchReference, there: readonly PatchThere[]): boolean {
  return there.some(
    (patch) => isCovered(patch, wanted) || (patch.manifest !== null && isSuperseded(wanted, patch.manifest)),
  )
}
