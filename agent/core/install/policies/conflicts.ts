/**
 * `conflicts`: the patches that must not be there beside this one: any version of a name, or the named version and every
 * later one. It holds both ways, as dpkg has it: what is installed may forbid this one too.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { isCovered, titled } from '../../../../protocol/bundle/patch-references.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { PatchThere } from './patches-there.ts'

export function judgeConflicts({ name, version, conflicts }: Manifest, there: readonly PatchThere[]): Refusal | null {
  for (const patch of there) {
    const forbidden = conflicts.find((other) => isCovered(patch, other))
    if (forbidden !== undefined) {
      const later = forbidden.version === undefined ? '' : ' or a later version'
      const beside = `must not stand beside ${titled(forbidden)}${later}`
      return refuse('conflicting_patch', `the patch ${beside}, and ${titled(patch)} is there`)
    }
    if (patch.name !== name && patch.manifest?.conflicts.some((other) => isCovered({ name, version }, other))) {
      return refuse('conflicting_patch', `${titled(patch)} is there, which must not stand beside ${name} ${version}`)
    }
  }
  return null
}
