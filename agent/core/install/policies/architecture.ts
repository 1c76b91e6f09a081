/**
 * `appliesTo.architecture`: for which architecture a patch was built, against those whose packages the machine takes.
 * Bundles and Debian packages are judged alike. None, or `all`, means every architecture.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'

export function judgeArchitecture(manifest: Manifest, architectures: readonly string[]): Refusal | null {
  const wanted = architectureOf(manifest)
  if (wanted === null || architectures.includes(wanted)) return null
  const taken = architectures.length === 0 ? 'cannot tell which it takes' : `takes ${architectures.join(', ')}`
  return refuse('not_applicable', `the patch is for ${wanted}, and this appliance ${taken}`)
}

/** Null for a patch that is for every architecture. */
export function architectureOf({ appliesTo: { architecture } }: Pick<Manifest, 'appliesTo'>): string | null {
  return architecture === undefined || architecture === 'all' ? null : architecture
}
