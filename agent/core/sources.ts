/**
 * The peers that pieces are pulled from: a stream to each that some patch needs, how fast each one is, and what it is
 * asked for. A source that is lost is dialled again, later each time; one that sends a wrong piece is told so and not
 * asked for that piece for a while (blame.ts), and one that lies is left alone for ten minutes.
 */
import { clearBit, hasBit } from '../../protocol/bitfield.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_SOURCES } from '../../protocol/limits.ts'
import type { PiecesMessage } from '../../protocol/messages.ts'
import { backoffMs } from './backoff.ts'
import { blamePiece, isGone, newBlame } from './blame.ts'
import { blamedSentence } from './blamed-sentence.ts'
import type { AgentEffect } from './events.ts'
import { addressesOf, isOverWan } from './neighbours.ts'
import type { Replica } from './replica.ts'
import { isSeed } from './seeding.ts'
import type { AgentState, PieceRequest, Source } from './state.ts'

/** Of the newest measurement in a rate. */
const NEWEST_SHARE = 0.3
/** Times that a piece takes at the rate of before. */
const OVERDUE = 3
const QUARANTINE_MS = 10 * 60_000
const STEADY_MS = 60_000
const ASK_ANEW_AFTER_MS = 60_000

export function connect(state: AgentState, peer: PeerId, patches: ReadonlySet<Sha256>): AgentEffect[] {
  const now = state.clock.monotonicMs
  let source = state.sources.get(peer)
  if (source === undefined) {
    if (state.sources.size >= MAX_SOURCES) return []
    source = {
      peer,
      phase: 'down',
      wan: isOverWan(state, peer),
      retryAtMs: 0,
      failures: 0,
      openedAtMs: now,
      wanted: new Set(),
      offers: new Map(),
      lacking: new Map(),
      requested: [],
      requestedBytes: 0,
      lastProgressAtMs: now,
      lastPieceAtMs: now,
      lastPatch: null,
      inLine: false,
      receivedBytes: 0,
      measuredAtMs: now,
      bytesPerMs: 0,
      roundTripMs: 0,
      width: { lanes: 1, proven: 1, judgeAtMs: 0 },
      blame: newBlame(),
      quarantinedUntilMs: 0,
    }
    state.sources.set(peer, source)
  }
  if (source.phase === 'open') {
    const effects: AgentEffect[] = []
    for (const patch of patches) {
      if (source.wanted.has(patch) || isGone(source.blame, patch, now)) continue
      source.wanted.add(patch)
      effects.push(toSource(source, { kind: 'want', patch }))
    }
    return effects
  }
  if (source.phase === 'opening' || now < source.retryAtMs || now < source.quarantinedUntilMs) return []
  const addresses = addressesOf(state, peer)
  // The Service Center dials nobody: it takes the connection that the appliance has opened.
  if (addresses.length === 0 && !isSeed(state)) return []
  source.phase = 'opening'
  return [{ kind: 'open', channel: 'source', peer, addresses }]
}

/** Of peers that come and go over the years, those that nothing is wanted from now are forgotten, once they are many. */
export function forgetIdle(state: AgentState, needed: ReadonlyMap<PeerId, unknown>): void {
  const others = [...needed.keys()].filter((peer) => !state.sources.has(peer))
  if (state.sources.size + others.length <= MAX_SOURCES) return
  for (const { peer, phase, quarantinedUntilMs } of state.sources.values()) {
    const isIdle = phase === 'down' && !needed.has(peer) && quarantinedUntilMs <= state.clock.monotonicMs
    if (isIdle) state.sources.delete(peer)
  }
}

export function sourceClosed(state: AgentState, peer: PeerId, reason: string): AgentEffect[] {
  const source = state.sources.get(peer)
  if (source === undefined || source.phase === 'down') return []
  // A loss after a good while is the first; one that opens and is lost again and again waits longer each time.
  const wasSteady = source.phase === 'open' && state.clock.monotonicMs - source.openedAtMs > STEADY_MS
  source.failures = wasSteady ? 1 : source.failures + 1
  const waitMs = backoffMs(state.random, source.failures)
  source.phase = 'down'
  source.inLine = false
  source.retryAtMs = state.clock.monotonicMs + waitMs
  source.wanted.clear()
  source.offers.clear()
  source.lacking.clear()
  source.requested = []
  source.requestedBytes = 0
  return [{ kind: 'log', line: `source lost: ${reason}`, fields: { peer, retryInMs: waitMs } }]
}

/** A piece that it sent is not what was signed: it looks at its own copy, and others are asked for that piece. */
export function sentWrong(state: AgentState, source: Source, { publication }: Replica, index: number): AgentEffect[] {
  const patch = publication.sha256
  const isTooMuch = blamePiece(source.blame, { patch, index }, state.clock.monotonicMs)
  const fields = { peer: source.peer, patch, index }
  const effects: AgentEffect[] = [
    { kind: 'log', line: `bad source: sent a wrong piece of ${publication.name}`, fields },
    toSource(source, { kind: 'wrong', patch, index }),
  ]
  return isTooMuch ? [...effects, ...quarantine(state, source, 'sent wrong pieces of several patches')] : effects
}

/** It said what no rot explains. */
export function lied(state: AgentState, source: Source, what: string): AgentEffect[] {
  return [
    { kind: 'log', line: `bad source: ${what}`, fields: { peer: source.peer } },
    ...quarantine(state, source, what),
  ]
}

function quarantine(state: AgentState, source: Source, why: string): AgentEffect[] {
  source.quarantinedUntilMs = state.clock.monotonicMs + QUARANTINE_MS
  return [
    { kind: 'log', line: `leaves a source alone for ten minutes: it ${why}`, fields: { peer: source.peer } },
    { kind: 'close', channel: 'source', peer: source.peer },
    ...sourceClosed(state, source.peer, 'quarantined for ten minutes'),
  ]
}

export function whyWaiting(state: AgentState, peers: readonly PeerId[]): string {
  if (peers.length === 0) return 'the roster names nobody to take it from'
  const sources = peers.map((peer) => state.sources.get(peer))
  const blamed = blamedSentence(state, null)
  if (blamed !== null) return blamed
  if (sources.some((source) => source?.phase === 'open')) return 'no source has offered it yet'
  return 'cannot reach a source: it is dialled again and again'
}

/**
 * Once a tick: how fast each source is, from one piece to the next, so that large pieces of a slow one count as well as
 * small ones of a fast one; time in which it was asked for nothing does not count.
 */
export function measureSources(state: AgentState): void {
  const now = state.clock.monotonicMs
  for (const source of state.sources.values()) {
    const tookMs = now - source.measuredAtMs
    if (source.receivedBytes > 0 && tookMs > 0) {
      const rate = source.receivedBytes / tookMs
      source.bytesPerMs += (rate - source.bytesPerMs) * (source.bytesPerMs === 0 ? 1 : NEWEST_SHARE)
      source.receivedBytes = 0
      source.measuredAtMs = now
    } else if (source.requested.length === 0) source.measuredAtMs = now
    // What should have come long ago: it is slower than it was.
    else if (tookMs * source.bytesPerMs > OVERDUE * (source.requested[0]?.bytes ?? 0))
      source.bytesPerMs = (source.requested[0]?.bytes ?? 0) / tookMs
  }
}

/** The source need not send it any more. */
export function takeBack(source: Source, patch: Sha256, index: number): AgentEffect[] {
  return takeRequest(source, patch, index) === null ? [] : [toSource(source, { kind: 'cancel', patch, index })]
}

export function toSource({ peer }: Source, message: PiecesMessage): AgentEffect {
  return { kind: 'send-pieces', channel: 'source', peer, message }
}

/** What this source says of the patch is of no interest any more, until it is told that we want it. */
export function unfollow(source: Source, patch: Sha256): AgentEffect {
  source.wanted.delete(patch)
  source.offers.delete(patch)
  source.lacking.delete(patch)
  forgetRequests(source, patch)
  return toSource(source, { kind: 'unwant', patch })
}

/**
 * Its disk does not give a piece that it has offered: others are asked for it. A disk may come back, so a minute later
 * it is asked anew what it has, once for all pieces of the patch.
 */
export function lacks(state: AgentState, source: Source, patch: Sha256, index: number): AgentEffect[] {
  takeRequest(source, patch, index)
  const have = source.offers.get(patch)
  if (have === undefined || !hasBit(have, index)) return []
  clearBit(have, index)
  source.lacking.set(patch, state.clock.monotonicMs + ASK_ANEW_AFTER_MS)
  return [
    { kind: 'log', line: 'a source cannot read a piece from its disk', fields: { peer: source.peer, patch, index } },
  ]
}

/** A source does not answer what was asked before it was told that the patch is not wanted. */
function forgetRequests(source: Source, patch: Sha256): void {
  source.requested = source.requested.filter((request) => request.patch !== patch)
  source.requestedBytes = source.requested.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The request for this piece, taken out of those of its source. */
export function takeRequest(source: Source, patch: Sha256, index: number): PieceRequest | null {
  const at = source.requested.findIndex((request) => request.patch === patch && request.index === index)
  const [taken] = at < 0 ? [] : source.requested.splice(at, 1)
  source.requestedBytes -= taken?.bytes ?? 0
  return taken ?? null
}
