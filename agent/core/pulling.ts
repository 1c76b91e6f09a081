/**
 * Getting the pieces: says to every source what is wanted, requests what the plan says, judges each piece by its hash the
 * moment it arrives, and has the store seal the file when all are there.
 */
import { countBits, hasBit, isBitfieldOf, setBit } from '../../protocol/bitfield.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { hashAt, pieceCount, pieceRange, provesPieces } from '../../protocol/pieces.ts'
import { announcePiece } from './announcing.ts'
import { blameGone, creditPiece } from './blame.ts'
import type { AgentEffect, AgentEvent } from './events.ts'
import { followed, WAITS_ITS_TURN } from './following.ts'
import { tellTaken, tellWanted } from './import-answers.ts'
import { spend } from './limiting.ts'
import { sourcesFor } from './neighbours.ts'
import { PIECE_DUE_MS, planPull, waitsForDisk } from './planning.ts'
import { announceComing, offerTo } from './relaying.ts'
import { enter, type Replica } from './replica.ts'
import { giveUp } from './silence.ts'
import {
  connect,
  forgetIdle,
  lacks,
  lied,
  sentWrong,
  sourceClosed,
  takeBack,
  takeRequest,
  toSource,
  unfollow,
  whyWaiting,
} from './sources.ts'
import type { AgentState, Source } from './state.ts'

/** A source that has been asked and sends nothing at all is dropped, and dialled again. */
const SOURCE_SILENCE_MS = 15_000

/** Brings what is connected, wanted and requested in line with what the patches need; harmless to call again. */
export function pull(state: AgentState): AgentEffect[] {
  const now = state.clock.monotonicMs
  const effects: AgentEffect[] = []
  const needed = new Map<PeerId, Set<Sha256>>()
  for (const replica of state.replicas.values()) {
    if (replica.phase.name === 'blocked' && now >= replica.phase.retryAtMs) effects.push(...unblock(replica))
    if (replica.phase.name === 'waiting') replica.phase.reason = WAITS_ITS_TURN
  }
  for (const replica of followed(state)) {
    const sources = sourcesFor(state, replica)
    for (const peer of sources) {
      needed.set(peer, (needed.get(peer) ?? new Set()).add(replica.publication.sha256))
    }
    if (replica.phase.name === 'waiting') replica.phase.reason = whyWaiting(state, sources)
  }
  for (const source of state.sources.values()) {
    if (source.phase !== 'open') continue
    const silence = whyGivenUp(source, now)
    if (silence !== null) {
      effects.push(giveUp(state, 'source', source.peer), ...sourceClosed(state, source.peer, silence))
      continue
    }
    for (const patch of source.wanted) {
      const mustAskAnew = now >= (source.lacking.get(patch) ?? Number.POSITIVE_INFINITY)
      if (needed.get(source.peer)?.has(patch) && !mustAskAnew) continue
      effects.push(unfollow(source, patch))
    }
  }
  // What is wanted no longer is said first, since a source lets nobody follow more than the limit.
  forgetIdle(state, needed)
  for (const [peer, patches] of needed) effects.push(...connect(state, peer, patches))
  return [...effects, ...request(state)]
}

/** A source in whose line we stand has said so; whoever sends has to bring a piece to its end. */
function whyGivenUp({ requested, lastProgressAtMs, lastPieceAtMs, inLine }: Source, now: number): string | null {
  if (requested.length === 0) return null
  if (now - lastProgressAtMs > SOURCE_SILENCE_MS) return 'sent nothing for 15 seconds'
  if (!inLine && now - lastPieceAtMs > 2 * PIECE_DUE_MS) return 'brought no piece to its end for four minutes'
  return null
}

/** What the file must be is known where it was offered before: then it need not be offered again. */
function unblock(replica: Replica): AgentEffect[] {
  const { phase } = replica
  if (phase.name !== 'blocked') return []
  if (phase.hashes !== null) return openAgain(replica, phase.hashes)
  enter(replica, { name: 'waiting', reason: 'tries again' })
  return []
}

/** Looks which pieces of its file are there and right. */
export function openAgain(replica: Replica, hashes: Uint8Array): AgentEffect[] {
  enter(replica, { name: 'opening', hashes })
  return [{ kind: 'open-partial', publication: replica.publication, hashes }]
}

function request(state: AgentState, only: Source | null = null): AgentEffect[] {
  return planPull(state, only).flatMap(({ source, patch, index, bytes, insteadOf }): AgentEffect[] => {
    if (source.requested.length === 0) {
      source.lastProgressAtMs = state.clock.monotonicMs
      source.lastPieceAtMs = state.clock.monotonicMs
    }
    source.requested.push({ patch, index, bytes })
    source.requestedBytes += bytes
    if (source.wan) spend(state, bytes)
    const asked = toSource(source, { kind: 'request', patch, index })
    return insteadOf === null ? [asked] : [...takeBack(insteadOf, patch, index), asked]
  })
}

export function sourceOpened(state: AgentState, peer: PeerId, roundTripMs: number): AgentEffect[] {
  const source = state.sources.get(peer)
  if (source === undefined) return [{ kind: 'close', channel: 'source', peer }]
  source.phase = 'open'
  source.openedAtMs = state.clock.monotonicMs
  source.roundTripMs = roundTripMs
  source.width.lanes = 1
  source.lastProgressAtMs = state.clock.monotonicMs
  return pull(state)
}

type FromSource = Extract<AgentEvent, { kind: 'pieces-received' }>['message']

export function sourceSaid(state: AgentState, peer: PeerId, message: FromSource): AgentEffect[] {
  const source = state.sources.get(peer)
  const replica = state.replicas.get(message.patch)
  if (source === undefined || replica === undefined || !source.wanted.has(message.patch)) return []
  switch (message.kind) {
    case 'offer':
      return [...offered(state, source, replica, message), ...pull(state)]
    case 'have': {
      if (message.index >= pieceCount(replica.publication))
        return lied(state, source, 'announced a piece that cannot be')
      const have = source.offers.get(message.patch)
      // Nothing new, or said before the source knew that its offer no longer holds.
      if (have === undefined || hasBit(have, message.index)) return []
      setBit(have, message.index)
      return isMissing(replica, message.index) ? request(state, source) : []
    }
    case 'coming':
      source.lastProgressAtMs = state.clock.monotonicMs
      // Over the WAN only a source says so in whose line we stand.
      source.inLine = source.wan
      isComing(state, source, replica)
      return []
    case 'gone':
      blameGone(source.blame, message.patch, state.clock.monotonicMs)
      return [unfollow(source, message.patch), ...pull(state)]
    case 'unreadable':
      return [...lacks(state, source, message.patch, message.index), ...request(state)]
    default:
      return lied(state, source, `said ${message.kind}, which a source never does`)
  }
}

function offered(
  state: AgentState,
  source: Source,
  replica: Replica,
  offer: Extract<FromSource, { kind: 'offer' }>,
): AgentEffect[] {
  const { publication } = replica
  if (!areProven(offer.hashes, replica) || !isBitfieldOf(offer.have, pieceCount(publication))) {
    return lied(state, source, 'offered piece hashes that the signed root does not prove')
  }
  source.offers.set(publication.sha256, offer.have)
  if (replica.phase.name !== 'waiting') return source.peer === seedOf(state) ? tellSeedAll(state, replica) : []
  return openAgain(replica, offer.hashes)
}

/** Hashes that were proven once are compared, not proven again: an offer comes with every new stream. */
function areProven(hashes: Uint8Array, { phase, publication }: Replica): boolean {
  if ('hashes' in phase && phase.hashes !== null && equalBytes(hashes, phase.hashes)) return true
  return provesPieces(hashes, publication, Buffer.from(publication.piecesRoot, 'hex'))
}

export function partialOpened(state: AgentState, replica: Replica, have: Uint8Array): AgentEffect[] {
  if (replica.phase.name !== 'opening') return []
  enter(replica, { name: 'transferring', hashes: replica.phase.hashes, stored: have, storing: new Set() })
  const fields = { patch: replica.publication.sha256, pieces: countBits(have), of: pieceCount(replica.publication) }
  const log: AgentEffect = { kind: 'log', line: 'goes on with the pieces that are here', fields }
  return [
    log,
    ...offerTo(state, replica),
    ...tellSeedAll(state, replica),
    ...tellWanted(state, replica),
    ...sealWhenWhole(replica),
    ...pull(state),
  ]
}

export function pieceReceived(
  state: AgentState,
  event: Extract<AgentEvent, { kind: 'piece-received' }>,
): AgentEffect[] {
  const { peer, patch, index, slot } = event
  const source = state.sources.get(peer)
  const replica = state.replicas.get(patch)
  const drop: AgentEffect = { kind: 'drop-piece', slot }
  if (source === undefined) return [drop]
  const asked = takeRequest(source, patch, index)
  if (replica === undefined || replica.phase.name !== 'transferring') return [drop, ...request(state, source)]
  const { hashes, stored, storing } = replica.phase
  // Late, or never asked for: welcome only if it is missing still.
  if (asked === null && (index >= pieceCount(replica.publication) || storing.has(index) || hasBit(stored, index)))
    return [drop]
  if (!equalBytes(event.hash, hashAt(hashes, index))) {
    return [drop, ...sentWrong(state, source, replica, index), ...request(state)]
  }
  creditPiece(source.blame, patch)
  moved(state, source, replica)
  source.inLine = false
  source.lastPatch = patch
  const { length } = pieceRange(replica.publication, index)
  source.receivedBytes += length
  if (source.wan) replica.wanBytes += length
  if (storing.has(index) || hasBit(stored, index)) return [drop, ...request(state, source)]
  storing.add(index)
  const elsewhere = [...state.sources.values()].flatMap((other) => takeBack(other, patch, index))
  return [{ kind: 'store-piece', patch, index, slot }, ...elsewhere, ...request(state, source)]
}

export function pieceStored(state: AgentState, replica: Replica, index: number): AgentEffect[] {
  if (replica.phase.name !== 'transferring') return []
  const waited = waitsForDisk(state)
  replica.phase.storing.delete(index)
  setBit(replica.phase.stored, index)
  replica.failures = 0
  return [
    ...announcePiece(state, replica, index),
    ...tellSeed(state, replica.publication.sha256, index),
    ...tellTaken(state, replica.publication.sha256, index),
    ...sealWhenWhole(replica),
    ...(waited ? request(state) : []),
  ]
}

/** The Service Center's seed is told what is here, so that it does not let this appliance have it once more. */
function tellSeed(state: AgentState, patch: Sha256, index: number): AgentEffect[] {
  const seed = state.sources.get(seedOf(state))
  return seed?.offers.has(patch) ? [toSource(seed, { kind: 'have', patch, index })] : []
}

function tellSeedAll(state: AgentState, { phase, publication }: Replica): AgentEffect[] {
  if (phase.name !== 'transferring') return []
  const indexes = Array.from({ length: pieceCount(publication) }, (_, index) => index)
  return indexes
    .filter((index) => hasBit(phase.stored, index))
    .flatMap((index) => tellSeed(state, publication.sha256, index))
}

function seedOf({ membership, identity }: AgentState): PeerId {
  return membership?.serviceCenter ?? identity.peer
}

/** Neither here nor on its way to the disk. */
function isMissing({ phase }: Replica, index: number): boolean {
  return phase.name === 'transferring' && !phase.storing.has(index) && !hasBit(phase.stored, index)
}

function sealWhenWhole(replica: Replica): AgentEffect[] {
  if (replica.phase.name !== 'transferring') return []
  if (countBits(replica.phase.stored) < pieceCount(replica.publication)) return []
  enter(replica, { name: 'verifying', hashes: replica.phase.hashes })
  return [{ kind: 'seal', patch: replica.publication.sha256 }]
}

/** A whole piece that is right: nothing else is progress. */
function moved(state: AgentState, source: Source, replica: Replica): void {
  source.failures = 0
  source.lastProgressAtMs = state.clock.monotonicMs
  source.lastPieceAtMs = state.clock.monotonicMs
  if (source.wan) return
  replica.localProgressAtMs = state.clock.monotonicMs
  replica.localPieceAtMs = state.clock.monotonicMs
}

/** A source of this Data Center is getting a piece over a slow line. It is not believed for ever. */
function isComing(state: AgentState, source: Source, replica: Replica): void {
  const now = state.clock.monotonicMs
  if (!source.wan && now - replica.localPieceAtMs < PIECE_DUE_MS) replica.localProgressAtMs = now
}

/** Bytes of a piece are on their way: the source is slow, not stalled. */
export function receiving(state: AgentState, peer: PeerId): AgentEffect[] {
  if (state.uplink.phase === 'up' && state.uplink.peer === peer) state.uplink.lastHeardAtMs = state.clock.monotonicMs
  const source = state.sources.get(peer)
  if (source === undefined) return []
  source.lastProgressAtMs = state.clock.monotonicMs
  source.inLine = false
  const replicas = new Set(source.requested.map(({ patch }) => state.replicas.get(patch)))
  return [...replicas].flatMap((replica) => {
    if (replica === undefined) return []
    isComing(state, source, replica)
    return source.wan ? announceComing(state, replica) : []
  })
}
