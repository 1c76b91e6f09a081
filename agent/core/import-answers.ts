/**
 * Patches that somebody at this appliance brings on a disk: who brings which, and what whoever waits there is told when
 * the store has answered. What is brought is judged in importing.ts.
 */
import { type Bitfield, emptyBitfield, hasBit, setBit } from '../../protocol/bitfield.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { pieceCount } from '../../protocol/pieces.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import type { AgentEffect, Visitor } from './events.ts'
import type { Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** `storing` is the piece of theirs that is on its way to the disk; the next one is brought when it is there. */
export type Import = { readonly visitor: Visitor; storing: number | null }

export type ImportAnswer =
  /** The pieces that are not here yet. */
  | { wanted: Bitfield; publication: Publication }
  /** That piece is on the disk, or is not needed any more. */
  | { taken: number }
  /** A proven copy is here; `isNew` where there was none when it was asked. */
  | { imported: Publication; isNew: boolean }
  | Refusal

export function answerImport(visitor: Visitor, answer: ImportAnswer): AgentEffect {
  return { kind: 'answer-visitor', visitor, answer }
}

/** Says which pieces to bring, as soon as that is known. */
export function tellWanted({ importing }: AgentState, { phase, publication }: Replica): AgentEffect[] {
  const brought = importing.get(publication.sha256)
  if (brought === undefined || phase.name !== 'transferring') return []
  brought.storing = null
  const wanted = emptyBitfield(pieceCount(publication))
  for (let index = 0; index < pieceCount(publication); index++)
    if (!hasBit(phase.stored, index) && !phase.storing.has(index)) setBit(wanted, index)
  return [answerImport(brought.visitor, { wanted, publication })]
}

export function tellTaken({ importing }: AgentState, patch: Sha256, index: number): AgentEffect[] {
  const brought = importing.get(patch)
  if (brought === undefined || brought.storing !== index) return []
  brought.storing = null
  return [answerImport(brought.visitor, { taken: index })]
}

/** Nothing more is taken from whoever brings this patch. */
export function endImport({ importing }: AgentState, patch: Sha256, answer: ImportAnswer): AgentEffect[] {
  const brought = importing.get(patch)
  if (brought === undefined) return []
  importing.delete(patch)
  return [answerImport(brought.visitor, answer)]
}
