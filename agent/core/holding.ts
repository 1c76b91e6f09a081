/**
 * Which patches this appliance holds: those it learns of, how far the store has come with each, the proof of a whole
 * copy and the receipt for it, and those it gives up again. What is held was read back from disk and found right.
 */
import { unreachable } from '../../protocol/assert.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_KEPT_WITHDRAWALS, MAX_KNOWN_PATCHES } from '../../protocol/limits.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'
import { refuse } from '../../protocol/refusals.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { Publication, Withdrawal } from '../../protocol/trust/statements.ts'
import { backoffMs } from './backoff.ts'
import { forgiveFor } from './blame.ts'
import { disprove, provenAgain } from './disproving.ts'
import type { AgentEffect, AgentEvent, LedgerEntry } from './events.ts'
import { isWanted } from './following.ts'
import { endImport } from './import-answers.ts'
import { isOrdered } from './install/attempt.ts'
import { staged } from './install/installing.ts'
import { forgetFound } from './install/looking.ts'
import { provenEntry, publicationEntry, sealedEntry } from './ledger.ts'
import { packagesChanged } from './looking-again.ts'
import { forgetProving, proveSoon } from './proving.ts'
import { openAgain, partialOpened, pieceStored, pull } from './pulling.ts'
import { offerTo, retract } from './relaying.ts'
import { enter, newReplica, type Phase, type Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** The patches of which a complete copy is here. */
export function storedPublications({ replicas }: AgentState): Publication[] {
  return [...replicas.values()].filter(({ phase }) => phase.name === 'held').map(({ publication }) => publication)
}

/** A patch that may be stored here. Publishing anew what is here, after a withdrawal elsewhere, asks for a new proof. */
export function published(state: AgentState, publication: Publication, envelope: Envelope): AgentEffect[] {
  const { sha256, bytes, pieceLength, publishedAt } = publication
  if (publishedAt <= (state.withdrawn.get(sha256) ?? -1)) return []
  if (pieceLength !== pieceLengthBytes(bytes))
    return [log('ignored a publication with pieces of another length', { patch: sha256 })]
  const before = state.replicas.get(sha256)
  if (before !== undefined) return publishedAnew(state, before, publication, envelope)
  if (state.replicas.size >= MAX_KNOWN_PATCHES)
    return [log(`ignored a publication beyond the ${MAX_KNOWN_PATCHES} that are known`, { patch: sha256 })]
  const phase: Phase = isWanted(state, sha256) ? { name: 'waiting', reason: 'just learned' } : { name: 'described' }
  const replica = newReplica({ publication, envelope, phase }, state.clock.monotonicMs)
  state.replicas.set(sha256, replica)
  return [
    { kind: 'record', entries: [publicationEntry(sha256, replica)] },
    { kind: 'detect', publication },
    ...pull(state),
  ]
}

function publishedAnew(
  state: AgentState,
  before: Replica,
  publication: Publication,
  envelope: Envelope,
): AgentEffect[] {
  if (publication.publishedAt <= before.publication.publishedAt) return []
  const { sha256 } = publication
  // What was proven was another publication's copy; after a crash in between it is proven again, and its receipt sent.
  state.proven.delete(sha256)
  forgetProving(state, sha256)
  const entries = [
    sealedEntry(`publication-${sha256}`, envelope),
    provenEntry(sha256, null),
    ...forgetFound(state, sha256),
  ]
  const recorded: AgentEffect = { kind: 'record', entries }
  if (before.phase.name === 'discarding') {
    before.phase.next = { publication, envelope }
    return [recorded]
  }
  const replica: Replica = { ...before, publication, envelope }
  state.replicas.set(sha256, replica)
  const lookedAt: AgentEffect[] = [recorded, { kind: 'detect', publication }]
  if (replica.phase.name !== 'held') return lookedAt
  enter(replica, { name: 'verifying', hashes: replica.phase.hashes })
  return [...lookedAt, { kind: 'seal', patch: sha256 }]
}

/** What was proven in an earlier epoch counts no more: every copy is read again, and what is installed looked at. */
export function proveAnew(state: AgentState): { entries: LedgerEntry[]; effects: AgentEffect[] } {
  const replicas = [...state.replicas.values()]
  const entries = replicas.flatMap(({ publication: { sha256 } }) => [
    provenEntry(sha256, null),
    ...forgetFound(state, sha256),
  ])
  const effects = replicas.flatMap((replica): AgentEffect[] => {
    const { sha256 } = replica.publication
    if (replica.phase.name !== 'held') return []
    state.proven.delete(sha256)
    enter(replica, { name: 'verifying', hashes: replica.phase.hashes })
    return [{ kind: 'seal', patch: sha256 }]
  })
  return { entries, effects: [...effects, ...packagesChanged(state)] }
}

export function withdrawn(state: AgentState, { sha256, withdrawnAt }: Withdrawal, envelope: Envelope): AgentEffect[] {
  // An install that has begun ends first; the Service Center refuses to withdraw a patch that is being installed.
  const publishedAt = state.replicas.get(sha256)?.publication.publishedAt ?? 0
  const isKnown = (state.withdrawn.get(sha256) ?? -1) >= withdrawnAt
  if (publishedAt > withdrawnAt || isKnown || isOrdered(state, sha256)) return []
  state.withdrawn.set(sha256, withdrawnAt)
  state.proven.delete(sha256)
  const forgotten = oldestBeyond(state)
  const entries = [
    ...forgotten.map((oldest) => sealedEntry(`withdrawal-${oldest}`, null)),
    sealedEntry(`withdrawal-${sha256}`, envelope),
    publicationEntry(sha256, null),
    provenEntry(sha256, null),
    ...forgetFound(state, sha256),
  ]
  const told = forgotten.map((patch) => log('remembers no longer that a patch was withdrawn', { patch }))
  return [{ kind: 'record', entries }, ...told, ...discard(state, sha256)]
}

function oldestBeyond({ withdrawn }: AgentState): Sha256[] {
  if (withdrawn.size <= MAX_KEPT_WITHDRAWALS) return []
  const byAge = [...withdrawn].sort(([, left], [, right]) => left - right).map(([patch]) => patch)
  const oldest = byAge.slice(0, withdrawn.size - MAX_KEPT_WITHDRAWALS)
  for (const patch of oldest) withdrawn.delete(patch)
  return oldest
}

export function discard(state: AgentState, patch: Sha256): AgentEffect[] {
  const replica = state.replicas.get(patch)
  if (replica === undefined) return []
  if (replica.phase.name === 'discarding') {
    replica.phase.next = null
    return []
  }
  enter(replica, { name: 'discarding', next: null, retryAtMs: null })
  forgetProving(state, patch)
  for (const { blame } of state.sources.values()) forgiveFor(blame, patch)
  const gone = refuse('withdrawn', `${replica.publication.name} ${replica.publication.version} was withdrawn meanwhile`)
  return [...retract(state, patch), { kind: 'discard', patch }, ...endImport(state, patch, gone), ...pull(state)]
}

export type StoreEvent = Extract<
  AgentEvent,
  { kind: 'partial-opened' | 'piece-stored' | 'sealed' | 'corrupt' | 'discarded' | 'store-failed' }
>

export function storeAnswered(state: AgentState, replica: Replica, event: StoreEvent): AgentEffect[] {
  switch (event.kind) {
    case 'partial-opened':
      return partialOpened(state, replica, event.have)
    case 'piece-stored':
      return pieceStored(state, replica, event.index)
    case 'sealed':
      return held(state, replica)
    case 'corrupt':
      return corrupt(state, replica)
    case 'store-failed':
      return storeFailed(state, replica, event.code, event.message)
    case 'discarded':
      return discarded(state, replica)
    default:
      return unreachable(event)
  }
}

/**
 * The whole file was not what was signed, although each piece was: the disk lost something. Each piece is judged again,
 * and those that are wrong are pulled; where none was, it is tried again later and later.
 */
function corrupt(state: AgentState, replica: Replica): AgentEffect[] {
  if (replica.phase.name !== 'verifying') return []
  const { sha256: patch } = replica.publication
  // While it is not being pulled, `pull` takes back what was wanted, so that every source offers it again.
  const told: AgentEffect[] = [
    ...pull(state),
    { kind: 'log', line: 'the stored file was damaged', fields: { patch } },
    ...retract(state, patch),
    ...endImport(
      state,
      patch,
      refuse('disk_failed', 'the disk of this appliance gave back other bytes than it was given'),
    ),
  ]
  const { hashes } = replica.phase
  replica.failures += 1
  if (replica.failures === 1) return [...told, ...openAgain(replica, hashes), ...pull(state)]
  const retryAtMs = state.clock.monotonicMs + backoffMs(state.random, replica.failures)
  const reason = 'the file on disk was damaged and is looked at again'
  enter(replica, { name: 'blocked', reason, retryAtMs, failures: replica.failures, hashes })
  return [...told, ...pull(state)]
}

/** The disk refused: everything waits a while and starts from what is really there. */
function storeFailed(
  state: AgentState,
  replica: Replica,
  code: 'no_space' | 'failure',
  message: string,
): AgentEffect[] {
  const { name } = replica.phase
  if (name !== 'opening' && name !== 'transferring' && name !== 'verifying' && name !== 'discarding') return []
  replica.failures += 1
  const waitMs = backoffMs(state.random, replica.failures + 2)
  if (replica.phase.name === 'discarding') {
    replica.phase.retryAtMs = state.clock.monotonicMs + waitMs
    return [
      {
        kind: 'log',
        line: `cannot delete: ${message}`,
        fields: { patch: replica.publication.sha256, retryInMs: waitMs },
      },
    ]
  }
  const reason = code === 'no_space' ? `no space: ${message}` : `the disk failed: ${message}`
  const { failures } = replica
  const hashes = 'hashes' in replica.phase ? replica.phase.hashes : null
  enter(replica, { name: 'blocked', reason, retryAtMs: state.clock.monotonicMs + waitMs, failures, hashes })
  return [
    { kind: 'log', line: reason, fields: { patch: replica.publication.sha256, retryInMs: waitMs } },
    ...retract(state, replica.publication.sha256),
    ...endImport(state, replica.publication.sha256, refuse(code === 'no_space' ? 'no_space' : 'disk_failed', reason)),
    ...pull(state),
  ]
}

/** What the disk could not delete, it is asked to delete again. */
export function tendDiscards(state: AgentState): AgentEffect[] {
  return [...state.replicas.values()].flatMap(({ phase, publication }): AgentEffect[] => {
    if (phase.name !== 'discarding' || phase.retryAtMs === null || state.clock.monotonicMs < phase.retryAtMs) return []
    phase.retryAtMs = null
    return [{ kind: 'discard', patch: publication.sha256 }]
  })
}

/** Its file is gone; a publication that came in the meantime begins it again. */
function discarded(state: AgentState, replica: Replica): AgentEffect[] {
  if (replica.phase.name !== 'discarding') return []
  const { sha256 } = replica.publication
  state.replicas.delete(sha256)
  state.copies.delete(sha256)
  state.left.delete(sha256)
  state.holders.delete(sha256)
  const { next } = replica.phase
  return next === null ? [] : published(state, next.publication, next.envelope)
}

/** The copy is proven: tell the Service Center, with a receipt that only this appliance can sign. */
function held(state: AgentState, replica: Replica): AgentEffect[] {
  if (replica.phase.name !== 'verifying') return []
  enter(replica, { name: 'held', hashes: replica.phase.hashes })
  const { sha256 } = replica.publication
  replica.failures = 0
  for (const { blame } of state.sources.values()) forgiveFor(blame, sha256)
  const imported = { imported: replica.publication, isNew: true }
  return [
    ...provenAgain(state, replica, state.clock.wallMs),
    ...endImport(state, sha256, imported),
    ...staged(state, sha256),
    ...pull(state),
  ]
}

export function seeded(
  state: AgentState,
  { publication, envelope, hashes, copy, isNew }: Extract<AgentEvent, { kind: 'seeded' }>,
): AgentEffect[] {
  const { sha256 } = publication
  const replica = newReplica({ publication, envelope, phase: { name: 'held', hashes } }, 0)
  forgetProving(state, sha256)
  state.replicas.set(sha256, replica)
  if (copy.wrong !== '') return disprove(state, replica, copy.wrong)
  state.proven.set(sha256, copy.provenAt)
  // What this process has proven is not what the one before may have lost.
  if (state.endedUncleanly && !isNew) proveSoon(state, sha256)
  return offerTo(state, replica)
}

function log(line: string, fields: Record<string, string | number>): AgentEffect {
  return { kind: 'log', line, fields }
}
