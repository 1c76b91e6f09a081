/**
 * Whether copies are still what they were proven to be. Disks forget, so what is held is read again piece by piece, each
 * copy once in a period, within so many bytes a second, and while nothing is transferred; a copy that is nearly overdue
 * waits for nobody. At once, and faster, a copy is read that somebody doubts: a piece of it could not be read or came to
 * a reader wrong, an installer found it changed, or the process before this one did not end by itself.
 *
 * One piece is read at a time. The first that is wrong decides: proof and receipt are taken back before anything else is
 * said (disproving.ts). A proof counts from when its reading began.
 */
import { equalBytes } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { hashAt, pieceCount, pieceRange } from '../../protocol/pieces.ts'
import { disprove, provenAgain } from './disproving.ts'
import type { AgentEffect, AgentEvent } from './events.ts'
import type { Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** For a copy that is doubted: as much as any disk gives beside its other work. */
const HURRIED_BYTES_PER_MS = 32_000
/** Of the period: from then on a copy is read when nothing is transferred, and from then on in any case. */
const DUE = 0.5
const OVERDUE = 0.75
/** What reading all that is held takes, with this to spare, is not to begin later than the period allows. */
const TO_SPARE = 1.1
/** Where no copy is due, of the period, and at most: so late it is noticed that one is. Most ticks look at no copy. */
const LOOK_AGAIN = 1 / 60
const LOOK_AGAIN_MS = 60_000
/** A reader's word has a copy read anew so often at most: reading costs more than saying so. */
const BELIEVED_EVERY_MS = 60_000
/** What may be read at once after a pause, in time. */
const SAVED_MS = 1_000

export type Proving = {
  /** Bytes that may be read now; below 0 what was read is paid off first. */
  budgetBytes: number
  /** What was asked for and has not come. */
  asked: { readonly patch: Sha256; readonly index: number } | null
  /** How far the reading of each copy has come, and when by the wall clock it began. */
  readonly passes: Map<Sha256, { index: number; readonly startedAt: number }>
  /** A piece that somebody doubts, which is looked at first. */
  readonly doubts: Map<Sha256, number>
  /** Copies that are read before it is their turn; those that yield wait while something is transferred. */
  readonly hurried: Map<Sha256, { readonly yields: boolean }>
  /** By the wall clock, when no copy was due; null where one is, or nobody has looked. */
  noneDueAt: number | null
  /** Monotonic: until when the word of a reader about a copy is not believed again. */
  readonly believedAgainAtMs: Map<Sha256, number>
}

export function newProving(): Proving {
  return {
    ...{ budgetBytes: 0, asked: null, passes: new Map(), doubts: new Map(), hurried: new Map() },
    noneDueAt: null,
    believedAgainAtMs: new Map(),
  }
}

/** Once a tick. */
export function tendProving(state: AgentState, tookMs: number): AgentEffect[] {
  const { proving, settings } = state
  const isHurried = proving.doubts.size > 0 || proving.hurried.size > 0
  const perMs = Math.max(settings.proveBytesPerSecond / 1000, isHurried ? HURRIED_BYTES_PER_MS : 0)
  proving.budgetBytes = Math.min(proving.budgetBytes + perMs * tookMs, perMs * SAVED_MS)
  return readNext(state)
}

/** Whoever is about to read it, or has read it, has reason to believe that this copy is not right: it is read now. */
export function doubt(state: AgentState, patch: Sha256): AgentEffect[] {
  if (state.replicas.get(patch)?.phase.name !== 'held') return []
  state.proving.passes.delete(patch)
  state.proving.hurried.set(patch, { yields: false })
  return readNext(state)
}

/** This piece could not be read when it was asked for. */
export function doubtPiece(state: AgentState, patch: Sha256, index: number): AgentEffect[] {
  if (state.replicas.get(patch)?.phase.name !== 'held') return []
  state.proving.doubts.set(patch, index)
  return readNext(state)
}

/** A reader says that it was sent a wrong piece. Perhaps it lies: it costs us a reading, now and then. */
export function doubtedByReader(state: AgentState, replica: Replica, index: number): AgentEffect[] {
  const { proving, clock } = state
  const { sha256 } = replica.publication
  const isTooSoon = clock.monotonicMs < (proving.believedAgainAtMs.get(sha256) ?? 0)
  if (replica.phase.name !== 'held' || index >= pieceCount(replica.publication) || isTooSoon) return []
  proving.believedAgainAtMs.set(sha256, clock.monotonicMs + BELIEVED_EVERY_MS)
  proving.hurried.set(sha256, { yields: false })
  proving.passes.delete(sha256)
  return doubtPiece(state, sha256, index)
}

/** The process before this one did not end by itself: what it had written may be lost. */
export function proveSoon(state: AgentState, patch: Sha256): void {
  state.proving.hurried.set(patch, { yields: true })
}

/** The copy is here no longer, or another one: what was being read of it says nothing. */
export function forgetProving({ proving }: AgentState, patch: Sha256): void {
  proving.passes.delete(patch)
  proving.doubts.delete(patch)
  proving.hurried.delete(patch)
  proving.believedAgainAtMs.delete(patch)
}

export function pieceReadBack(
  state: AgentState,
  { patch, index, hash, reason }: Extract<AgentEvent, { kind: 'piece-read-back' }>,
): AgentEffect[] {
  const { proving } = state
  const replica = state.replicas.get(patch)
  const isAsked = proving.asked?.patch === patch && proving.asked.index === index
  if (isAsked) proving.asked = null
  if (!isAsked || replica?.phase.name !== 'held') return readNext(state)
  if (hash === null || !equalBytes(hash, hashAt(replica.phase.hashes, index))) {
    const which = `piece ${index + 1} of ${pieceCount(replica.publication)} of its file`
    const wrong = hash === null ? `${which} cannot be read: ${reason}` : `${which} is not what was signed any more`
    forgetProving(state, patch)
    return [...disprove(state, replica, wrong), ...readNext(state)]
  }
  if (proving.doubts.get(patch) === index) proving.doubts.delete(patch)
  const pass = proving.passes.get(patch)
  if (pass?.index !== index) return readNext(state)
  pass.index += 1
  if (pass.index < pieceCount(replica.publication)) return readNext(state)
  proving.passes.delete(patch)
  proving.hurried.delete(patch)
  return [...provenAgain(state, replica, pass.startedAt), ...readNext(state)]
}

function readNext(state: AgentState): AgentEffect[] {
  const { proving, clock } = state
  if (proving.asked !== null || proving.budgetBytes <= 0) return []
  const next = doubtedPiece(state) ?? nextOfPass(state)
  if (next === null) return []
  const { replica, index } = next
  const patch = replica.publication.sha256
  if (index === 0 && !proving.passes.has(patch)) proving.passes.set(patch, { index: 0, startedAt: clock.wallMs })
  proving.budgetBytes -= pieceRange(replica.publication, index).length
  proving.asked = { patch, index }
  return [{ kind: 'prove-piece', patch, index }]
}

type Next = { replica: Replica; index: number }

function doubtedPiece({ replicas, proving: { doubts } }: AgentState): Next | null {
  for (const [patch, index] of doubts) {
    const replica = replicas.get(patch)
    if (replica?.phase.name === 'held') return { replica, index }
    doubts.delete(patch)
  }
  return null
}

/** The next piece of the copy whose turn it is. */
function nextOfPass(state: AgentState): Next | null {
  const replica = hurriedCopy(state) ?? dueCopy(state)
  if (replica === null) return null
  return { replica, index: state.proving.passes.get(replica.publication.sha256)?.index ?? 0 }
}

function hurriedCopy(state: AgentState): Replica | null {
  const { replicas, proving } = state
  if (proving.hurried.size === 0) return null
  const isBusy = isTransferring(state)
  let found: Replica | null = null
  for (const [patch, { yields }] of proving.hurried) {
    const replica = replicas.get(patch)
    if (replica?.phase.name !== 'held') proving.hurried.delete(patch)
    else if (!yields) return replica
    else if (!isBusy) found ??= replica
  }
  return found
}

/**
 * How old a proof may become: a store of which reading takes most of the period is read all the time, so that the last of
 * its copies, proven on the same day as the first, has its turn within the period too.
 */
function dueAfterMs(state: AgentState): number {
  const { replicas, settings } = state
  let heldBytes = 0
  for (const { phase, publication } of replicas.values()) if (phase.name === 'held') heldBytes += publication.bytes
  const readingMs = (heldBytes * TO_SPARE * 1000) / settings.proveBytesPerSecond
  const share = isTransferring(state) ? OVERDUE : DUE
  return Math.max(0, Math.min(settings.proveEveryMs * share, settings.proveEveryMs - readingMs))
}

/** Of those that are due, the one that was proven longest ago. A clock that was set back makes all of them due. */
function dueCopy(state: AgentState): Replica | null {
  const { replicas, proven, proving, settings, clock } = state
  const againAfterMs = Math.min(settings.proveEveryMs * LOOK_AGAIN, LOOK_AGAIN_MS)
  if (proving.noneDueAt !== null && Math.abs(clock.wallMs - proving.noneDueAt) < againAfterMs) return null
  const afterMs = dueAfterMs(state)
  let found: Replica | null = null
  let oldest = Number.POSITIVE_INFINITY
  for (const replica of replicas.values()) {
    const provenAt = proven.get(replica.publication.sha256) ?? 0
    const isDue = clock.wallMs - provenAt >= afterMs || provenAt > clock.wallMs
    if (replica.phase.name !== 'held' || !isDue || provenAt >= oldest) continue
    found = replica
    oldest = provenAt
  }
  proving.noneDueAt = found === null ? clock.wallMs : null
  return found
}

function isTransferring({ sources, readers }: AgentState): boolean {
  for (const { requested } of sources.values()) if (requested.length > 0) return true
  for (const { sending, queue } of readers.values()) if (sending > 0 || queue.length > 0) return true
  return false
}
