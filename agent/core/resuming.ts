/**
 * What a fresh process does about the state that its ledger gave it. A copy that was proven counts on as long as its file
 * is there in its length; after a process that did not end by itself all of them are read again.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { provesPieces } from '../../protocol/pieces.ts'
import { NO_LIMITS } from '../../protocol/wan-limits.ts'
import { takeBackProof } from './disproving.ts'
import type { AgentEffect } from './events.ts'
import { isWanted } from './following.ts'
import { keepTrustAgain } from './held-policy.ts'
import { resumeAttempt } from './install/going-on.ts'
import { runningEntry } from './ledger.ts'
import { limitsChanged } from './limiting.ts'
import { admission, introductions } from './neighbours.ts'
import { proveSoon } from './proving.ts'
import { enter, type Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/**
 * `held` are the complete files in the store, with their piece hashes; what is wanted and not held is pulled, from what
 * is left in the unfinished files.
 */
export function resume(state: AgentState, held: ReadonlyMap<Sha256, Uint8Array>): AgentEffect[] {
  const effects: AgentEffect[] = [
    admission(state),
    ...limitsChanged(state, state.roster?.limits ?? NO_LIMITS),
    ...introductions(state),
  ]
  for (const replica of state.replicas.values()) effects.push(...resumeReplica(state, replica, held))
  const running: AgentEffect = { kind: 'record', entries: [runningEntry(true)] }
  return [running, ...keepTrustAgain(state), ...effects, ...resumeAttempt(state)]
}

function resumeReplica(state: AgentState, replica: Replica, held: ReadonlyMap<Sha256, Uint8Array>): AgentEffect[] {
  const { publication } = replica
  const patch = publication.sha256
  const hashes = held.get(patch)
  const isWhole = hashes !== undefined && provesPieces(hashes, publication, Buffer.from(publication.piecesRoot, 'hex'))
  if (isWhole && state.proven.has(patch)) {
    replica.phase = { name: 'held', hashes }
    if (state.endedUncleanly) proveSoon(state, patch)
    return []
  }
  if (isWhole) {
    // It stands under its final name, but the crash came before that was written down: prove it again.
    replica.phase = { name: 'verifying', hashes }
    return [{ kind: 'seal', patch }]
  }
  if (isWanted(state, patch)) enter(replica, { name: 'waiting', reason: 'the agent has just started' })
  // Whatever stands under its final name is not to be taken for a copy.
  if (!state.proven.has(patch)) return [{ kind: 'set-apart', patch }]
  const wrong =
    hashes === undefined
      ? 'its file is missing, or has not the length that it must have'
      : 'the list of the hashes of its pieces is not what was signed'
  const log: AgentEffect = { kind: 'log', line: `the stored copy is not right: ${wrong}`, fields: { patch } }
  return [log, ...takeBackProof(state, replica, wrong), { kind: 'set-apart', patch }]
}
