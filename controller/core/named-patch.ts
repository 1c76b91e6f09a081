/**
 * Which patch people mean by an id, NAME@VERSION or NAME@VERSION:ARCHITECTURE. Where a version is there for several
 * architectures the architecture has to be said: nobody shall install another file than the one that was meant.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { title } from './patch-identity.ts'
import { livePatches } from './publishing.ts'
import type { PatchRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** The live patch; one that was withdrawn is told apart from one that never was. */
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

/** Each of them, in their order. */
export function namedPatches(state: ServiceCenterState, references: readonly string[]): Sha256[] | Refusal {
  const found: Sha256[] = []
  for (const reference of references) {
    const record = namedPatch(state, reference)
    if (isRefusal(record)) return record
    found.push(record.sha256)
  }
  return found
}

function isMeant(record: PatchRecord, reference: string): boolean {
  const { sha256, publication } = record
  return (
    sha256 === reference || `${publication.name}@${publication.version}` === reference || title(record) === reference
  )
}
