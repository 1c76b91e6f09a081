/**
 * What a patch goes by: its name, its version and, where its manifest names one, its architecture stand for one file for
 * ever. NAME@VERSION is enough where there is one; where there are several the architecture has to be said, since
 * nobody shall install another file than the one that was meant.
 */
import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { livePatches } from './publishing.ts'
import type { PatchRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

type Named = { readonly name: string; readonly version: string; readonly manifest: Pick<Manifest, 'appliesTo'> }

/** What people call a patch: NAME@VERSION, or NAME@VERSION:ARCHITECTURE; each finds it again. */
export function title({ publication }: { publication: Named }): string {
  return titleOf(publication)
}

export function titleOf(named: Named): string {
  const architecture = architectureOf(named.manifest)
  return `${named.name}@${named.version}${architecture === null ? '' : `:${architecture}`}`
}

/** Whether two files cannot both be there: they are for the same appliances, or one of them is for all. */
export function isTaken(left: Named, right: Named): boolean {
  if (left.name !== right.name || left.version !== right.version) return false
  const [one, other] = [architectureOf(left.manifest), architectureOf(right.manifest)]
  return one === null || other === null || one === other
}

/** The live patch of this id, NAME@VERSION or NAME@VERSION:ARCHITECTURE; one that was withdrawn is told apart. */
export function namedPatch(state: ServiceCenterState, reference: string): PatchRecord | Refusal {
  const [found, ...others] = livePatches(state).filter((record) => isMeant(record, reference))
  const shown = reference.slice(0, 250)
  if (found === undefined) {
    const withdrawn = [...state.patches.values()].find((record) => isMeant(record, reference))
    return withdrawn === undefined
      ? refuse('not_found', `there is no patch ${shown}`)
      : refuse('withdrawn', `the patch ${title(withdrawn)} was withdrawn`)
  }
  if (others.length === 0) return found
  const titles = [found, ...others].map(title).sort()
  return refuse('ambiguous_patch', `${shown} is there for several architectures: ${titles.join(', ')}`)
}

function isMeant(record: PatchRecord, reference: string): boolean {
  const { sha256, publication } = record
  return (
    sha256 === reference || `${publication.name}@${publication.version}` === reference || title(record) === reference
  )
}
