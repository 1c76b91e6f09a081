/**
 * Which piece is asked from whom, as a plan: `planPull` looks, draws chances and returns requests, nothing else. A piece that a member
 * of the own Data Center has, or is asked for, is never fetched over the WAN; of the others the rarest go first, so that
 * neighbours have something to give each other. What one source is asked for at a time is what it gives in about a
 * second, so no piece waits long behind others at a slow one; what still does is moved to a source that is faster.
 */
import { hasBit } from '../../protocol/bitfield.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_QUEUED_REQUESTS, MAX_REQUESTED_BYTES, MAX_UNSTORED_BYTES } from '../../protocol/limits.ts'
import { pieceCount, pieceRange } from '../../protocol/pieces.ts'
import { nextBelow } from '../../protocol/random.ts'
import { isBlamed } from './blame.ts'
import { isOrdered } from './install/attempt.ts'
import { isWithinBudget } from './limiting.ts'
import { type Replica, storedBytes } from './replica.ts'
import type { AgentState, Source } from './state.ts'

/** A source that has sent nothing for so long is not waited for: what it was asked for is asked of others too. */
const STALLED_MS = 2_000
/** Whoever sends bytes, or says that they are coming, is waited for as long: then the piece is asked of others too. */
export const PIECE_DUE_MS = 120_000
/** Of the measured rate; more is a line of pieces that another source could have given sooner. */
const WINDOW_MS = 1_000
/** One piece on its way and the next in line, where a source is new or slow. */
const WINDOW_PIECES = 2
const WINDOW_OF_UNKNOWN_BYTES = 1024 * 1024
/** A piece is moved only where that saves this many times what it takes at the other source, and a moment more. */
const WORTH_MOVING = 2
const WORTH_MOVING_MS = 300
/** The first in line on each connection may be on their way already, and would cross the WAN twice. */
const SENT_AT_ONCE = 2
const WORTH_REPEATING = 4

export type PlannedRequest = {
  source: Source
  patch: Sha256
  index: number
  bytes: number
  /** Was asked for it before, and need not send it any more. */
  insteadOf: Source | null
}
type TransferringReplica = Replica & { phase: { name: 'transferring' } }

/**
 * The most urgent first: what an install waits for, then what has the fewest bytes left. `only` is the source that has
 * room since something came from it; null looks at all of them.
 */
export function planPull(state: AgentState, only: Source | null): PlannedRequest[] {
  const open = only === null ? [...state.sources.values()].filter(hasRoom) : hasRoom(only) ? [only] : []
  if (open.length === 0 || waitsForDisk(state)) return []
  const pulled = [...state.replicas.values()].filter(isTransferring)
  if (pulled.length > 1) pulled.sort((left, right) => urgency(state, left) - urgency(state, right))
  const rooms = new Map(open.map((source) => [source, roomOf(source)]))
  return pulled.flatMap((replica) => planReplica(state, replica, rooms))
}

/** So much was received and is not on disk that nothing more is asked for. */
export function waitsForDisk(state: AgentState): boolean {
  let bytes = 0
  for (const { phase, publication } of state.replicas.values())
    if (phase.name === 'transferring') bytes += phase.storing.size * publication.pieceLength
  return bytes >= MAX_UNSTORED_BYTES
}

function urgency(state: AgentState, replica: Replica): number {
  return isOrdered(state, replica.publication.sha256) ? -1 : replica.publication.bytes - storedBytes(replica)
}

function isTransferring(replica: Replica): replica is TransferringReplica {
  return replica.phase.name === 'transferring'
}

function planReplica(state: AgentState, replica: TransferringReplica, rooms: Map<Source, Room>): PlannedRequest[] {
  const patch = replica.publication.sha256
  const withRoom = [...rooms.keys()].filter(({ offers }) => offers.has(patch))
  if (withRoom.length === 0) return []
  if (withRoom.length > 1) withRoom.sort((left, right) => costOf(state, left) - costOf(state, right))
  const offering = [...state.sources.values()].filter(({ offers }) => offers.has(patch))
  const asked = whoIsAsked(state, patch)
  const plan: PlannedRequest[] = []
  for (const source of withRoom) {
    const room = rooms.get(source) as Room
    if (source.wan && state.quiet !== null) continue
    const candidates = candidatesFor(state, replica, source, offering, asked)
    const count = candidates.length
    for (const index of candidates) {
      const { length } = pieceRange(replica.publication, index)
      if (source.wan && !isWithinBudget(state, plan)) break
      if (room.requests <= 0 || (length > room.bytes && room.atLeast <= 0)) break
      room.requests -= 1
      room.atLeast -= 1
      room.bytes -= length
      plan.push({ source, patch, index, bytes: length, insteadOf: null })
      asked.set(index, [...(asked.get(index) ?? []), source])
    }
    const mayMove = !source.wan || isWithinBudget(state, plan)
    if (count === 0 && source.requested.length === 0 && source.bytesPerMs > 0 && mayMove) {
      const moved = pieceToMove(state, replica, source, asked)
      if (moved !== null) {
        plan.push({ source, patch, ...moved })
        asked.set(moved.index, [source])
      }
    }
  }
  return plan
}

/** The own Data Center first, then neighbours, then the Service Center, of whose uplink everybody wants some. */
function costOf({ membership }: AgentState, { wan, peer }: Source): number {
  return wan ? (peer === membership?.serviceCenter ? 2 : 1) : 0
}

/** The pieces that this source could be asked for now, the rarest first. */
function candidatesFor(
  state: AgentState,
  { phase, publication }: TransferringReplica,
  source: Source,
  offering: readonly Source[],
  asked: ReadonlyMap<number, readonly Source[]>,
): number[] {
  const patch = publication.sha256
  const have = source.offers.get(patch)
  if (have === undefined) return []
  const count = pieceCount(publication)
  const found: { index: number; copies: number }[] = []
  const others = offering.map(({ wan, offers }) => ({ wan, have: offers.get(patch) }))
  // From anywhere, so that neighbours do not all begin with the same piece.
  const start = source.wan ? nextBelow(state.random, count) : 0
  for (let step = 0; step < count; step++) {
    const index = (start + step) % count
    // A byte of the bitfields at a time, past what is here or cannot be had.
    if ((index & 7) === 0 && ((have[index >> 3] ?? 0) & ~(phase.stored[index >> 3] ?? 0)) === 0) {
      step += Math.min(7, count - 1 - index)
      continue
    }
    if (!hasBit(have, index) || hasBit(phase.stored, index) || phase.storing.has(index)) continue
    if (isBlamed(source.blame, { patch, index }, state.clock.monotonicMs)) continue
    if (asked.get(index)?.some((other) => other === source || !isStalled(state, other))) continue
    let copies = 0
    let isInside = false
    for (const other of others) {
      if (other.have === undefined || !hasBit(other.have, index)) continue
      copies += 1
      if (!other.wan) isInside = true
    }
    if (source.wan && isInside && offering.some((other) => isGivenInside(state, other, patch, index))) continue
    found.push({ index, copies })
  }
  if (source.wan) found.sort((left, right) => left.copies - right.copies)
  return found.map(({ index }) => index)
}

/** A member of the own Data Center has it and gives what it is asked for. */
function isGivenInside(state: AgentState, source: Source, patch: Sha256, index: number): boolean {
  const have = source.offers.get(patch)
  if (source.wan || have === undefined || !hasBit(have, index) || isStalled(state, source)) return false
  return !isBlamed(source.blame, { patch, index }, state.clock.monotonicMs)
}

/** When nothing else is left for a source: the piece that waits longest elsewhere, if it gives it that much sooner. */
function pieceToMove(
  state: AgentState,
  { phase, publication }: TransferringReplica,
  source: Source,
  asked: ReadonlyMap<number, readonly Source[]>,
): Omit<PlannedRequest, 'source' | 'patch'> | null {
  const have = source.offers.get(publication.sha256)
  let longest = { index: -1, bytes: 0, insteadOf: null as Source | null }
  let savedMs = 0
  for (const other of state.sources.values()) {
    if (other === source || other.requested.length === 0 || (source.wan && !other.wan)) continue
    const sinceMs = state.clock.monotonicMs - other.lastPieceAtMs
    // Of a line nobody knows how long it is: who has stood in it for a minute expects another.
    let waitMs = other.inLine ? sinceMs : other.bytesPerMs > 0 ? -sinceMs : 0
    for (const [at, { patch, index, bytes }] of other.requested.entries()) {
      waitMs += bytes / Math.max(other.bytesPerMs, 0.01)
      if (patch !== publication.sha256 || have === undefined || !hasBit(have, index)) continue
      if (phase.storing.has(index) || (asked.get(index)?.length ?? 0) > 1) continue
      if (isBlamed(source.blame, { patch, index }, state.clock.monotonicMs)) continue
      const here = bytes / source.bytesPerMs
      const mayBeSent = !other.inLine && at < SENT_AT_ONCE * other.width.lanes
      const factor = mayBeSent ? WORTH_REPEATING : WORTH_MOVING
      const isWorthIt = waitMs > factor * here + WORTH_MOVING_MS
      if (!isWorthIt || waitMs - here <= savedMs) continue
      savedMs = waitMs - here
      longest = { index, bytes, insteadOf: other }
    }
  }
  return longest.index < 0 ? null : longest
}

/** What a source may be asked for now: `atLeast` pieces however slow it is, others within `bytes`. */
type Room = { bytes: number; requests: number; atLeast: number }

function hasRoom(source: Source): boolean {
  if (source.phase !== 'open' || source.offers.size === 0) return false
  const { bytes, requests, atLeast } = roomOf(source)
  return requests > 0 && (bytes > 0 || atLeast > 0)
}

function roomOf(source: Source): Room {
  const bytes = windowBytes(source) - source.requestedBytes
  const { length } = source.requested
  return { bytes, requests: MAX_QUEUED_REQUESTS / 2 - length, atLeast: WINDOW_PIECES * source.width.lanes - length }
}

function windowBytes({ wan, bytesPerMs }: Source): number {
  if (!wan) return MAX_REQUESTED_BYTES
  return bytesPerMs === 0 ? WINDOW_OF_UNKNOWN_BYTES : Math.min(bytesPerMs * WINDOW_MS, MAX_REQUESTED_BYTES)
}

/** Of each piece of this patch that is on its way: from whom. */
function whoIsAsked(state: AgentState, patch: Sha256): Map<number, Source[]> {
  const asked = new Map<number, Source[]>()
  for (const source of state.sources.values()) {
    for (const request of source.requested) {
      if (request.patch !== patch) continue
      const others = asked.get(request.index)
      if (others === undefined) asked.set(request.index, [source])
      else others.push(source)
    }
  }
  return asked
}

export function isStalled({ clock }: AgentState, { requested, lastProgressAtMs, lastPieceAtMs }: Source): boolean {
  if (requested.length === 0) return false
  return clock.monotonicMs - lastProgressAtMs > STALLED_MS || clock.monotonicMs - lastPieceAtMs > PIECE_DUE_MS
}
