/**
 * What the Service Center lets each reader ask for. Where primaries trade, a piece that it sends twice before all have
 * left once is uplink lost, so it does not offer everything to everybody: it announces to each reader a few pieces ahead,
 * those that the fewest have or may have, and more as the reader has them. A reader that trades with nobody gets all in
 * this way too. (The idea is that of "super-seeding", BitTorrent enhancement proposal 16; the optimum that it comes near
 * is in Kumar and Ross, "Peer-Assisted File Distribution: The Minimum Distribution Time", 2006.)
 */
import { type Bitfield, emptyBitfield, hasBit, setBit } from '../../protocol/bitfield.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_QUEUED_REQUESTS } from '../../protocol/limits.ts'
import { pieceCount } from '../../protocol/pieces.ts'
import { nextBelow } from '../../protocol/random.ts'
import type { AgentEffect } from './events.ts'
import { offerable, type Replica } from './replica.ts'
import type { AgentState, Grants, Reader } from './state.ts'

/** Enough to be asked for while the first are on their way, few enough that a slow reader holds up little. */
const GRANTED_PIECES = 4
/** Of what it got since the last tick but one: a second and a half ahead. */
const TICKS_AHEAD = 3
const NEWEST_SHARE = 0.5

/** An agent without a membership is the Service Center's seed. */
export function isSeed(state: AgentState): boolean {
  return state.membership === null
}

/** Lets the reader ask for more, as far as it may be ahead. */
export function grant(state: AgentState, reader: Reader, replica: Replica): AgentEffect[] {
  const patch = replica.publication.sha256
  const count = pieceCount(replica.publication)
  const grants = grantsOf(reader, replica, count)
  const wanted = GRANTED_PIECES * reader.lanes + Math.ceil(grants.perTick * TICKS_AHEAD)
  const ahead = Math.min(wanted, MAX_QUEUED_REQUESTS)
  if (grants.open.size >= ahead || grants.left === 0) return []
  const offered = offerable(replica)
  if (offered === null) return []
  const copies = copiesOf(state, replica, count)
  const effects: AgentEffect[] = []
  while (grants.open.size < ahead && grants.left > 0) {
    const index = rarest(state, copies, { known: grants.known, have: offered.have })
    if (index < 0) break
    note(grants, copies, index)
    grants.open.add(index)
    effects.push({
      kind: 'send-pieces',
      channel: 'reader',
      peer: reader.peer,
      message: { kind: 'have', patch, index },
    })
  }
  return effects
}

/** The reader has this piece now, from here or from elsewhere. */
export function readerHas(state: AgentState, reader: Reader, replica: Replica, index: number): AgentEffect[] {
  const count = pieceCount(replica.publication)
  if (!isSeed(state) || index >= count || !reader.offered.has(replica.publication.sha256)) return []
  const grants = grantsOf(reader, replica, count)
  if (!hasBit(grants.known, index)) note(grants, copiesOf(state, replica, count), index)
  if (grants.open.delete(index)) grants.receivedSinceTick += 1
  return grant(state, reader, replica)
}

/** This one cannot be had from here, so it shall not count among those that the reader may have ahead. */
export function grantAnother(state: AgentState, reader: Reader, replica: Replica, index: number): AgentEffect[] {
  const grants = reader.grants.get(replica.publication.sha256)
  return grants?.open.delete(index) ? grant(state, reader, replica) : []
}

/** Once a tick: what each reader got, and what it may have ahead because of that. */
export function tendGrants(state: AgentState): AgentEffect[] {
  if (!isSeed(state)) return []
  const effects: AgentEffect[] = []
  for (const reader of state.readers.values()) {
    for (const [patch, grants] of reader.grants) {
      grants.perTick += (grants.receivedSinceTick - grants.perTick) * NEWEST_SHARE
      grants.receivedSinceTick = 0
      const replica = state.replicas.get(patch)
      if (replica !== undefined) effects.push(...grant(state, reader, replica))
    }
  }
  return effects
}

/** The reader is gone, or wants this patch no longer: what it has helps nobody that we know of. */
export function endGrants(state: AgentState, reader: Reader, patch: Sha256): void {
  const grants = reader.grants.get(patch)
  const copies = state.copies.get(patch)
  if (!reader.grants.delete(patch) || grants === undefined || copies === undefined) return
  for (let index = 0; index < copies.length; index++)
    if (hasBit(grants.known, index)) copies[index] = (copies[index] ?? 1) - 1
}

/** Whether this piece was handed to some reader before, who can pass it on. */
export function hasLeft(state: AgentState, patch: Sha256, index: number): boolean {
  const left = state.left.get(patch)
  return left !== undefined && hasBit(left, index)
}

export function leaves(state: AgentState, patch: Sha256, index: number): void {
  const replica = state.replicas.get(patch)
  if (replica === undefined) return
  const left = state.left.get(patch) ?? emptyBitfield(pieceCount(replica.publication))
  setBit(left, index)
  state.left.set(patch, left)
}

function grantsOf(reader: Reader, { publication }: Replica, count: number): Grants {
  const before = reader.grants.get(publication.sha256)
  if (before !== undefined) return before
  const grants: Grants = { known: emptyBitfield(count), left: count, open: new Set(), receivedSinceTick: 0, perTick: 0 }
  reader.grants.set(publication.sha256, grants)
  return grants
}

function copiesOf(state: AgentState, { publication }: Replica, count: number): Uint16Array {
  const before = state.copies.get(publication.sha256)
  if (before !== undefined) return before
  const copies = new Uint16Array(count)
  state.copies.set(publication.sha256, copies)
  return copies
}

function note(grants: Grants, copies: Uint16Array, index: number): void {
  setBit(grants.known, index)
  grants.left -= 1
  copies[index] = (copies[index] ?? 0) + 1
}

/**
 * One of the pieces that the fewest readers know, of those that are here and that this one does not know; looked for from
 * anywhere. Below 0 where there is none.
 */
function rarest(
  state: AgentState,
  copies: Uint16Array,
  { known, have }: { known: Bitfield; have: Bitfield | 'all' },
): number {
  const start = nextBelow(state.random, copies.length)
  let found = -1
  let fewest = Number.POSITIVE_INFINITY
  for (let step = 0; step < copies.length && fewest > 0; step++) {
    const index = (start + step) % copies.length
    const count = copies[index] ?? 0
    if (count >= fewest || hasBit(known, index) || (have !== 'all' && !hasBit(have, index))) continue
    fewest = count
    found = index
  }
  return found
}
