/**
 * Who gets the next piece: readers take turns, and each has a few pieces at most on their way, so that one that reads
 * slowly holds little memory and delays nobody. Over the WAN only so many leave side by side that each takes a few
 * seconds at most: a piece can be passed on only when it is whole, and forty that arrive together after forty seconds are
 * worth less than one each second. What waits in line can still be taken back. At the Service Center a piece that has
 * never left goes before all that have, and then whoever is furthest behind: a thousand readers ask for more than it can
 * send, and the one with the fewest neighbours needs it most.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { pieceRange } from '../../protocol/pieces.ts'
import type { AgentEffect, AgentEvent } from './events.ts'
import { offerable } from './replica.ts'
import { grantAnother, hasLeft, isSeed, leaves } from './seeding.ts'
import type { AgentState, Reader } from './state.ts'

/** In each round every reader gets one; on each connection one is leaving and one is read from disk meanwhile. */
const ROUNDS = [1, 2].map((atOnce) => ({ mayRepeat: true, atOnce }))
const ROUNDS_OF_SEED = [...[1, 2].map((atOnce) => ({ mayRepeat: false, atOnce })), ...ROUNDS]
/** Side by side however slow the link is, and one more for each further connection. */
const LEAST_OVER_WAN = 8
const TAKES_ABOUT_MS = 4_000
/** What is read from disk for all readers together. */
const MOST_BYTES = 96 * 1024 * 1024
const NEWEST_SHARE = 0.3

/** Hands pieces to the network as far as there is room; those who have waited longest go first. */
export function serve(state: AgentState): AgentEffect[] {
  const effects: AgentEffect[] = []
  const waiting = [...state.readers.values()].filter(({ queue }) => queue.length > 0)
  if (waiting.length === 0) return effects
  const { sending, most } = overWan(state, waiting)
  const mayCross = state.quiet === null && sending < most
  const readers = waiting.filter(({ wan }) => mayCross || !wan)
  const seeds = isSeed(state)
  if (seeds) readers.sort((left, right) => missing(right) - missing(left))
  let side = sending
  for (const { mayRepeat, atOnce } of seeds ? ROUNDS_OF_SEED : ROUNDS) {
    for (const reader of readers) {
      if ((reader.wan && side >= most) || reader.sending >= atOnce * reader.lanes) continue
      const at = mayRepeat ? 0 : reader.queue.findIndex(({ patch, index }) => !hasLeft(state, patch, index))
      const [next] = at < 0 ? [] : reader.queue.splice(at, 1)
      if (next === undefined) continue
      reader.sending += 1
      if (reader.wan) side += 1
      if (seeds) leaves(state, next.patch, next.index)
      effects.push({ kind: 'send-piece', peer: reader.peer, ...next })
      // Behind the others, for the next time that there is not room for all.
      state.readers.delete(reader.peer)
      state.readers.set(reader.peer, reader)
    }
  }
  return effects
}

/** Pieces that this reader of the Service Center's seed neither has nor may ask for yet. */
function missing({ queue, grants }: Reader): number {
  const patch = queue[0]?.patch
  return patch === undefined ? 0 : (grants.get(patch)?.left ?? 0)
}

/** How many pieces are on their way over the WAN, and how many may be. */
function overWan(state: AgentState, waiting: readonly Reader[]): { sending: number; most: number } {
  let sending = 0
  let least = LEAST_OVER_WAN
  for (const { wan, sending: own, lanes } of state.readers.values()) {
    if (!wan) continue
    sending += own
    least += lanes - 1
  }
  const pieceBytes = bytesOf(state, waiting[0]?.queue[0]?.patch)
  const most = Math.max(least, Math.ceil((state.servedBytesPerMs * TAKES_ABOUT_MS) / pieceBytes))
  return { sending, most: Math.min(most, Math.floor(MOST_BYTES / pieceBytes)) }
}

export function pieceSent(state: AgentState, peer: PeerId, patch: Sha256, index: number): AgentEffect[] {
  const reader = state.readers.get(peer)
  const publication = state.replicas.get(patch)?.publication
  if (reader !== undefined && reader.sending > 0) reader.sending -= 1
  if (reader?.wan && publication !== undefined) state.servedBytes += pieceRange(publication, index).length
  return serve(state)
}

/** The disk did not give it. Who asked is told, and goes elsewhere; of what was put away meanwhile it knows already. */
export function pieceUnreadable(
  state: AgentState,
  { peer, patch, index, reason }: Extract<AgentEvent, { kind: 'piece-unreadable' }>,
): AgentEffect[] {
  const reader = state.readers.get(peer)
  const replica = state.replicas.get(patch)
  if (reader !== undefined && reader.sending > 0) reader.sending -= 1
  if (replica === undefined || offerable(replica) === null) return serve(state)
  const line = `cannot read a piece that was asked for: ${reason}`
  const log: AgentEffect = { kind: 'log', line, fields: { patch, index, peer } }
  if (reader === undefined || !reader.offered.has(patch)) return [log, ...serve(state)]
  return [
    log,
    { kind: 'send-pieces', channel: 'reader', peer, message: { kind: 'unreadable', patch, index } },
    ...grantAnother(state, reader, replica, index),
    ...serve(state),
  ]
}

/** Once a tick: who waits in line is told so, or would think that this source stands still. */
export function tellWaiting(state: AgentState): AgentEffect[] {
  return [...state.readers.values()].flatMap(({ peer, wan, sending, queue }): AgentEffect[] => {
    const [first] = queue
    if (!wan || sending > 0 || first === undefined) return []
    return [{ kind: 'send-pieces', channel: 'reader', peer, message: { kind: 'coming', patch: first.patch } }]
  })
}

/** Once a tick: how fast pieces leave over the WAN, while there are some to send. */
export function measureServing(state: AgentState, tookMs: number): void {
  const { servedBytes } = state
  state.servedBytes = 0
  const isBusy = servedBytes > 0 || [...state.readers.values()].some(({ wan, sending }) => wan && sending > 0)
  if (tookMs > 0 && isBusy) state.servedBytesPerMs += (servedBytes / tookMs - state.servedBytesPerMs) * NEWEST_SHARE
}

function bytesOf(state: AgentState, patch: Sha256 | undefined): number {
  return (patch === undefined ? undefined : state.replicas.get(patch)?.publication.pieceLength) ?? 1
}
