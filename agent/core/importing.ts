/**
 * A patch that comes on a disk instead of over the mesh. It is believed as little as one that comes from a peer: the
 * Service Center must have signed its publication, the list of piece hashes must be the one that was signed, each piece is
 * judged by its hash, and the whole file is read back before its receipt is signed. What is here already is not asked for.
 * While somebody brings it, nothing of it is asked for over the WAN; the other members of the depot are told of it, since
 * the Service Center may be out of reach, and take the pieces from here.
 */
import { hasBit } from '../../protocol/bitfield.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { hashAt, pieceCount, provesPieces } from '../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { sendToMember } from './between-members.ts'
import type { AgentEffect, AgentEvent, Visitor } from './events.ts'
import { trusted } from './hearing.ts'
import { published } from './holding.ts'
import { answerImport, endImport, tellTaken, tellWanted } from './import-answers.ts'
import { depotMembers } from './neighbours.ts'
import { openAgain, pull } from './pulling.ts'
import type { Replica } from './replica.ts'
import { takeBack } from './sources.ts'
import type { AgentState } from './state.ts'
import { handedOn } from './trust.ts'

export function importAsked(
  state: AgentState,
  { visitor, publication: envelope, hashes }: Extract<AgentEvent, { kind: 'import-asked' }>,
): AgentEffect[] {
  const said = handedOn(trusted(state), envelope)
  if (said === null)
    return [answerImport(visitor, refuse('malformed', 'what the disk has in place of a publication is none'))]
  if (isRefusal(said)) return [answerImport(visitor, foreign(state, said))]
  const publication = said.statement
  const refusal = whyNot(state, publication, hashes)
  if (refusal !== null) return [answerImport(visitor, refusal)]
  const { sha256 } = publication
  const learned = published(state, publication, envelope)
  const replica = state.replicas.get(sha256)
  const begun = replica === undefined ? tooMany(publication) : begin(state, replica, visitor, hashes)
  if (isRefusal(begun)) return [...learned, answerImport(visitor, begun)]
  return [...learned, ...introduce(state, envelope), ...begun]
}

/** Whoever signed it, it is not the Service Center that this appliance was enrolled at. */
function foreign({ root }: AgentState, { refused, message }: Refusal): Refusal {
  if (refused !== 'wrong_signer') return { refused, message }
  return refuse(
    refused,
    `it is of another Service Center: this appliance trusts what ${root} has signed, and nothing else`,
  )
}

function whyNot(state: AgentState, publication: Publication, hashes: Uint8Array): Refusal | null {
  const { sha256, publishedAt, piecesRoot } = publication
  const title = titleOf(publication)
  if (publishedAt <= (state.withdrawn.get(sha256) ?? -1))
    return refuse('withdrawn', `${title} was withdrawn after this disk was written`)
  if (!provesPieces(hashes, publication, Buffer.from(piecesRoot, 'hex')))
    return refuse('digest_mismatch', `the list of the piece hashes of ${title} is not what was signed`)
  if (state.importing.has(sha256)) return refuse('import_running', `${title} is being imported by somebody else`)
  return null
}

function tooMany(publication: Publication): Refusal {
  return refuse('too_many_patches', `${titleOf(publication)} is one patch more than an appliance keeps count of`)
}

function begin(state: AgentState, replica: Replica, visitor: Visitor, hashes: Uint8Array): AgentEffect[] | Refusal {
  const { phase, publication } = replica
  const { sha256 } = publication
  const enroll = (): void => void state.importing.set(sha256, { visitor, storing: null })
  switch (phase.name) {
    case 'held':
      return [answerImport(visitor, { imported: publication, isNew: false })]
    case 'described':
      return refuse('not_wanted', `${titleOf(publication)} is not ordered here, and this appliance stores nothing else`)
    case 'discarding':
      return refuse('import_running', `the former file of ${titleOf(publication)} is still being deleted here`)
    case 'waiting':
    case 'blocked':
      enroll()
      return openAgain(replica, hashes)
    case 'opening':
    case 'verifying':
      enroll()
      return []
    case 'transferring':
      enroll()
      return [...tellWanted(state, replica), ...pull(state)]
  }
}

/** The members of a depot store every patch, and the Service Center may not be there to tell them of this one. */
function introduce(state: AgentState, envelope: Envelope): AgentEffect[] {
  if (state.membership?.kind !== SERVICE_PROVIDER) return []
  return depotMembers(state).flatMap(({ peer }) => sendToMember(state, peer, envelope))
}

export function pieceImported(
  state: AgentState,
  { visitor, patch, index, hash, slot }: Extract<AgentEvent, { kind: 'piece-imported' }>,
): AgentEffect[] {
  const drop: AgentEffect = { kind: 'drop-piece', slot }
  const brought = state.importing.get(patch)
  const replica = state.replicas.get(patch)
  if (replica === undefined || brought?.visitor !== visitor) return [drop]
  brought.storing = index
  const { phase, publication } = replica
  // Its file is looked at again meanwhile: what is wanted then is said again.
  if (phase.name !== 'transferring') return [drop, ...tellTaken(state, patch, index)]
  if (index >= pieceCount(publication) || !equalBytes(hash, hashAt(phase.hashes, index))) {
    const what = `piece ${index + 1} of ${titleOf(publication)} is not what was signed`
    return [drop, ...endImport(state, patch, refuse('digest_mismatch', what)), ...pull(state)]
  }
  if (phase.storing.has(index) || hasBit(phase.stored, index)) return [drop, ...tellTaken(state, patch, index)]
  phase.storing.add(index)
  replica.localProgressAtMs = state.clock.monotonicMs
  replica.localPieceAtMs = state.clock.monotonicMs
  const elsewhere = [...state.sources.values()].flatMap((source) => takeBack(source, patch, index))
  return [{ kind: 'store-piece', patch, index, slot }, ...elsewhere]
}

/** Whoever brought it has gone, or has no more; what came is kept, and the rest comes over the mesh or another time. */
export function importLeft(state: AgentState, visitor: Visitor): AgentEffect[] {
  const patches = [...state.importing].filter(([, brought]) => brought.visitor === visitor)
  if (patches.length === 0) return []
  for (const [patch] of patches) state.importing.delete(patch)
  return pull(state)
}

function titleOf({ name, version }: Publication): string {
  return `${name} ${version}`
}
