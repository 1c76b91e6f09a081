/**
 * What a patch goes by: its name, its version and, where its manifest names one, its architecture stand for one file for
 * ever. How it is found again by what people call it is in named-patch.ts.
 */
import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import type { Manifest } from '../../protocol/bundle/manifest.ts'
import type { PatchRecord } from './records.ts'

type Named = { readonly name: string; readonly version: string; readonly manifest: Pick<Manifest, 'appliesTo'> }

/** What people call a patch: NAME@VERSION, or NAME@VERSION:ARCHITECTURE; each finds it again. */
export function title({ publication }: { publication: Named }): string {
  return titleOf(publication)
}

export function titleOf(named: Named): string {
  const architecture = architectureOf(named.manifest)
  return `${named.name}@${named.version}${architecture === null ? '' : `:${architecture}`}`
}

/** The same in parts, as views tell it. */
export function nameOf({ publication: { name, version, manifest } }: PatchRecord) {
  return { name, version, architecture: architectureOf(manifest) }
}

/** With the id of its file. */
export function identityOf(patch: PatchRecord) {
  return { id: patch.sha256, ...nameOf(patch) }
}

/** Whether two files cannot both be there: they are for the same appliances, or one of them is for all. */
export function isTaken(left: Named, right: Named): boolean {
  if (left.name !== right.name || left.version !== right.version) return false
  const [one, other] = [architectureOf(left.manifest), architectureOf(right.manifest)]
  return one === null || other === null || one === other
}
