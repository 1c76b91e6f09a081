/**
 * The life of one patch on one appliance: a discriminated union and one table of moves. The phases before `held` all
 * say what they wait for, and nothing is offered as proven before the store has re-read the whole file.
 */
import { assert } from '../../protocol/assert.ts'
import { type Bitfield, countBits, hasBit } from '../../protocol/bitfield.ts'
import type { Progress } from '../../protocol/messages.ts'
import { pieceCount, pieceRange } from '../../protocol/pieces.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { Publication } from '../../protocol/trust/statements.ts'

export type Phase =
  /** Known, not wanted here: a tenant appliance stages a patch only when an order asks for it. */
  | { name: 'described' }
  /** No source has offered it yet. */
  | { name: 'waiting'; reason: string }
  /** The store looks which pieces of an earlier try are there. */
  | { name: 'opening'; hashes: Uint8Array }
  /** `stored` are on disk and may be relayed; `storing` are verified and on their way there. */
  | { name: 'transferring'; hashes: Uint8Array; stored: Bitfield; storing: Set<number> }
  /** Every piece is there; the store syncs and re-reads the whole file. */
  | { name: 'verifying'; hashes: Uint8Array }
  | { name: 'held'; hashes: Uint8Array }
  /** The disk refused; tried again at `retryAtMs` (monotonic). */
  | { name: 'blocked'; reason: string; retryAtMs: number; failures: number; hashes: Uint8Array | null }
  /**
   * `next` is a publication of the same file that came before the file was gone; `retryAtMs` (monotonic) is set when the
   * disk could not delete it.
   */
  | {
      name: 'discarding'
      next: { readonly publication: Publication; readonly envelope: Envelope } | null
      retryAtMs: number | null
    }

const MOVES: Record<Phase['name'], readonly Phase['name'][]> = {
  described: ['waiting', 'discarding'],
  waiting: ['opening', 'discarding'],
  opening: ['transferring', 'verifying', 'blocked', 'discarding'],
  transferring: ['verifying', 'blocked', 'discarding'],
  verifying: ['held', 'opening', 'blocked', 'discarding'],
  held: ['verifying', 'opening', 'described', 'discarding'],
  blocked: ['waiting', 'opening', 'discarding'],
  discarding: [],
}

export type Replica = {
  readonly publication: Publication
  readonly envelope: Envelope
  phase: Phase
  /** Monotonic time of the last sign that a member of the same Data Center moves this patch forward. */
  localProgressAtMs: number
  /** Monotonic time of the last whole piece that a member of the same Data Center had or sent. */
  localPieceAtMs: number
  /** Monotonic time at which readers were last told that bytes are coming in. */
  toldComingAtMs: number
  /** Of its pieces, that came over the WAN since the process started. */
  wanBytes: number
  /** Failures of the store in a row. */
  failures: number
  /** What was wrong with a copy that was held, until one is held again; empty otherwise. */
  wrong: string
  /** What the Service Center was told last, so that it is told only changes. */
  told: Progress | null
}

/** As it is known at first, or from the ledger. */
export function newReplica(given: Pick<Replica, 'publication' | 'envelope' | 'phase'>, nowMs: number): Replica {
  return {
    ...given,
    ...{ localProgressAtMs: nowMs, localPieceAtMs: nowMs, toldComingAtMs: 0, wanBytes: 0 },
    ...{ failures: 0, wrong: '', told: null },
  }
}

export function enter(replica: Replica, phase: Phase): void {
  assert(
    MOVES[replica.phase.name].includes(phase.name),
    `a patch never goes from ${replica.phase.name} to ${phase.name}`,
  )
  replica.phase = phase
}

/** Withdrawn: only its file is still to go, and what is said of the patch now must be said anew. */
export function isGivenUp({ phase }: Replica): boolean {
  return phase.name === 'discarding' && phase.next === null
}

/** Pieces are still to come. */
export function isPulling(replica: Replica): boolean {
  return replica.phase.name === 'waiting' || replica.phase.name === 'opening' || replica.phase.name === 'transferring'
}

/** The pieces that can be given to a reader, or null where there are none to offer yet. */
export function offerable(replica: Replica): { hashes: Uint8Array; have: Bitfield | 'all' } | null {
  switch (replica.phase.name) {
    case 'transferring':
      return { hashes: replica.phase.hashes, have: replica.phase.stored }
    case 'verifying':
    case 'held':
      return { hashes: replica.phase.hashes, have: 'all' }
    default:
      return null
  }
}

/** Bytes of verified pieces that are on disk. */
export function storedBytes({ phase, publication }: Replica): number {
  if (phase.name === 'transferring') return bytesOf(publication, phase.stored)
  return phase.name === 'verifying' || phase.name === 'held' ? publication.bytes : 0
}

function bytesOf(publication: Publication, stored: Bitfield): number {
  const pieces = countBits(stored)
  const last = pieceCount(publication) - 1
  const shortfall = publication.pieceLength - pieceRange(publication, last).length
  return pieces * publication.pieceLength - (hasBit(stored, last) ? shortfall : 0)
}
