/**
 * What follows when a held copy is found not to be right: its proof is taken back, and the Service Center is told by a
 * signed statement, before anybody is told anything else; then nobody is offered it any more, its file is set apart, and
 * what of it is right stays, so that only the pieces that are wrong are pulled again. And what follows when a copy was
 * read again and is right: its receipt is signed anew, with the new time.
 */
import { type PeerId, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { Disproof, Receipt } from '../../protocol/trust/statements.ts'
import type { AgentEffect } from './events.ts'
import { isWanted } from './following.ts'
import { provenEntry } from './ledger.ts'
import { post } from './letters.ts'
import { openAgain } from './pulling.ts'
import { retract } from './relaying.ts'
import { enter, type Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** `wrong` says of the copy what is wrong with it. */
export function disprove(state: AgentState, replica: Replica, wrong: string): AgentEffect[] {
  const { phase, publication } = replica
  const { sha256: patch } = publication
  if (phase.name !== 'held') return []
  return [
    { kind: 'log', line: `the stored copy is not right: ${wrong}; it is set apart`, fields: { patch } },
    ...takeBackProof(state, replica, wrong),
    ...retract(state, patch),
    { kind: 'set-apart', patch },
    ...mend(state, replica, phase.hashes),
  ]
}

/** Whoever has pieces of it that are right is asked for the others; what nobody wants here any more just stays apart. */
function mend(state: AgentState, replica: Replica, hashes: Uint8Array): AgentEffect[] {
  const { publication } = replica
  if (!isWanted(state, publication.sha256)) {
    enter(replica, { name: 'described' })
    return []
  }
  return openAgain(replica, hashes)
}

/** A copy that was proven does not count from now on, here and at the Service Center. */
export function takeBackProof(state: AgentState, replica: Replica, wrong: string): AgentEffect[] {
  const { sha256, publishedAt } = replica.publication
  replica.wrong = wrong
  state.proven.delete(sha256)
  if (state.membership === null) return [{ kind: 'note-copy', patch: sha256, copy: { provenAt: 0, wrong } }]
  const entries = [provenEntry(sha256, null)]
  if (state.membership.kind !== SERVICE_PROVIDER) return [{ kind: 'record', entries }]
  const disprovenAt = state.clock.wallMs
  return post(state, Disproof, (common) => ({ ...common, sha256, publishedAt, reason: wrong, disprovenAt }), entries)
}

/** The whole copy was read since `provenAt` and was right. */
export function provenAgain(state: AgentState, replica: Replica, provenAt: number): AgentEffect[] {
  const { sha256, publishedAt } = replica.publication
  replica.wrong = ''
  state.proven.set(sha256, provenAt)
  if (state.membership === null) return [{ kind: 'note-copy', patch: sha256, copy: { provenAt, wrong: '' } }]
  const entries = [provenEntry(sha256, { provenAt, wanBytes: replica.wanBytes })]
  if (state.membership.kind !== SERVICE_PROVIDER) return [{ kind: 'record', entries }]
  const source = lastSource(state, sha256)
  return post(state, Receipt, (common) => ({ ...common, sha256, publishedAt, verifiedAt: provenAt, source }), entries)
}

/** Whom a receipt names: the source that still offers the patch, a local one first. */
function lastSource(state: AgentState, patch: Sha256): PeerId {
  const offering = [...state.sources.values()].filter(({ offers }) => offers.has(patch))
  return (offering.find(({ wan }) => !wan) ?? offering[0])?.peer ?? state.identity.peer
}
