/**
 * Which piece is asked from whom, as a plan: `planPull` looks and returns requests, nothing else. A piece that a member
 * of the own Data Center has is never fetched over the WAN; a request that makes no progress for 2 seconds is given to
 * another source as well; what is asked of one source and still to come stays within 8 MiB.
 */
import { type Bitfield, hasBit } from '../../protocol/bitfield.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_QUEUED_REQUESTS, MAX_REQUESTED_BYTES } from '../../protocol/limits.ts'
import { pieceCount, pieceRange } from '../../protocol/pieces.ts'
import { sourcesFor } from './neighbours.ts'
import type { Replica } from './replica.ts'
import type { AgentState, Source } from './state.ts'

const STALLED_MS = 2_000

export type PlannedRequest = { source: PeerId; patch: Sha256; index: number; bytes: number }

export function planPull(state: AgentState): PlannedRequest[] {
  const plan: PlannedRequest[] = []
  const pulled = [...state.replicas.values()].filter(({ phase }) => phase.name === 'transferring')
  pulled.sort((left, right) => left.publication.publishedAt - right.publication.publishedAt)
  for (const replica of pulled) planReplica(state, replica, plan)
  return plan
}

function planReplica(state: AgentState, replica: Replica, plan: PlannedRequest[]): void {
  const { phase, publication } = replica
  if (phase.name !== 'transferring') return
  const count = pieceCount(publication)
  const allowed = sourcesFor(state, replica)
  const usable = [...state.sources.values()].filter(
    (source) => source.phase === 'open' && allowed.includes(source.peer) && source.offers.has(publication.sha256),
  )
  const local = usable.filter((source) => !source.wan)
  for (const source of [...local, ...usable.filter(({ wan }) => wan)]) {
    const room = roomOf(source, plan)
    if (room.bytes <= 0) continue
    const have = source.offers.get(publication.sha256) as Bitfield
    for (let index = 0; index < count && room.requests > 0; index++) {
      // A byte of the bitfields at a time, past what is here or cannot be had.
      if ((index & 7) === 0 && isNothingNew(have, phase.stored, index >> 3)) {
        index += 7
        continue
      }
      if (hasBit(phase.stored, index) || phase.storing.has(index) || !hasBit(have, index)) continue
      if (source.wan && local.some((other) => offers(other, publication.sha256, index) && !isStalled(state, other)))
        continue
      if (
        isRequested(state, publication.sha256, index, source) ||
        plan.some((p) => p.patch === publication.sha256 && p.index === index)
      ) {
        continue
      }
      const bytes = pieceRange(publication, index).length
      if (bytes > room.bytes) break
      room.bytes -= bytes
      room.requests -= 1
      plan.push({ source: source.peer, patch: publication.sha256, index, bytes })
    }
  }
}

/** Of the eight pieces of this byte, none is offered that is not stored. */
function isNothingNew(have: Bitfield, stored: Bitfield, byte: number): boolean {
  return ((have[byte] ?? 0) & ~(stored[byte] ?? 0)) === 0
}

function roomOf(source: Source, plan: readonly PlannedRequest[]): { bytes: number; requests: number } {
  const room = { bytes: MAX_REQUESTED_BYTES, requests: MAX_QUEUED_REQUESTS / 2 }
  for (const { bytes } of source.requested.values()) {
    room.bytes -= bytes
    room.requests -= 1
  }
  for (const { source: peer, bytes } of plan) {
    if (peer !== source.peer) continue
    room.bytes -= bytes
    room.requests -= 1
  }
  return room
}

/** On its way already: from this source, or from another that is not stalled. */
function isRequested(state: AgentState, patch: Sha256, index: number, source: Source): boolean {
  const key = requestKey(patch, index)
  for (const other of state.sources.values()) {
    if (other.requested.has(key) && (other === source || !isStalled(state, other))) return true
  }
  return false
}

export function isStalled(state: AgentState, source: Source): boolean {
  return source.requested.size > 0 && state.clock.monotonicMs - source.lastProgressAtMs > STALLED_MS
}

function offers(source: Source, patch: Sha256, index: number): boolean {
  const have = source.offers.get(patch)
  return have !== undefined && hasBit(have, index)
}

export function requestKey(patch: Sha256, index: number): string {
  return `${patch}/${index}`
}
