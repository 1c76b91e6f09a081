/**
 * Giving pieces on: every piece that is stored may be had at once, by members only. A reader says which patches it
 * follows and is told each new piece; what it may have in line is bounded, so no reader costs more than its share.
 */
import { type Bitfield, emptyBitfield, fullBitfield, hasBit } from '../../protocol/bitfield.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_QUEUED_REQUESTS, MAX_WANTED_PATCHES } from '../../protocol/limits.ts'
import { pieceCount } from '../../protocol/pieces.ts'
import { hasAsked } from './announcing.ts'
import type { AgentEffect, AgentEvent } from './events.ts'
import { isOverWan } from './neighbours.ts'
import { offerable, type Replica } from './replica.ts'
import { endGrants, grant, isSeed, readerHas } from './seeding.ts'
import { serve } from './serving.ts'
import type { AgentState, Reader } from './state.ts'

/** A third of the patience of a secondary. */
const TELL_COMING_EVERY_MS = 1_500

export function readerOpened(state: AgentState, peer: PeerId): AgentEffect[] {
  state.readers.set(peer, {
    peer,
    wan: isOverWan(state, peer),
    lanes: 1,
    wants: new Set(),
    offered: new Set(),
    news: new Map(),
    queue: [],
    sending: 0,
    grants: new Map(),
  })
  return []
}

export function readerWidened(state: AgentState, peer: PeerId, lanes: number): AgentEffect[] {
  const reader = state.readers.get(peer)
  if (reader === undefined) return []
  reader.lanes = lanes
  return serve(state)
}

export function readerClosed(state: AgentState, peer: PeerId): AgentEffect[] {
  forget(state, peer)
  return serve(state)
}

function forget(state: AgentState, peer: PeerId): void {
  const reader = state.readers.get(peer)
  for (const patch of reader?.grants.keys() ?? []) endGrants(state, reader as Reader, patch)
  state.readers.delete(peer)
}

type FromReader = Extract<AgentEvent, { kind: 'pieces-received' }>['message']

export function readerSaid(state: AgentState, peer: PeerId, message: FromReader): AgentEffect[] {
  const reader = state.readers.get(peer)
  if (reader === undefined) return []
  const replica = state.replicas.get(message.patch)
  switch (message.kind) {
    case 'want':
      if (reader.wants.size >= MAX_WANTED_PATCHES)
        return expel(state, reader, 'wants more patches at once than the limit')
      reader.wants.add(message.patch)
      return replica === undefined ? [] : offer(state, reader, replica)
    case 'unwant':
      reader.wants.delete(message.patch)
      withhold(state, reader, message.patch)
      return []
    case 'have':
      if (!isSeed(state)) return expel(state, reader, 'said have, which is for the Service Center')
      return replica === undefined ? [] : readerHas(state, reader, replica, message.index)
    case 'cancel':
      unqueue(reader, message.patch, message.index)
      return []
    case 'wrong':
      // What follows is decided in proving.ts.
      return replica === undefined
        ? []
        : [
            {
              kind: 'log',
              line: 'a reader was sent a wrong piece',
              fields: { peer, patch: message.patch, index: message.index },
            },
          ]
    case 'request':
      return requested(state, reader, replica, message.patch, message.index)
    default:
      return expel(state, reader, `said ${message.kind}, which a reader never does`)
  }
}

function requested(
  state: AgentState,
  reader: Reader,
  replica: Replica | undefined,
  patch: Sha256,
  index: number,
): AgentEffect[] {
  const offered = replica === undefined ? null : offerable(replica)
  if (replica !== undefined && index >= pieceCount(replica.publication))
    return expel(state, reader, `requested piece ${index}, which the patch does not have`)
  // What was offered may have gone since; the reader has been told so, and its request was on the way.
  if (replica === undefined || offered === null || !reader.offered.has(patch)) return []
  if (offered.have !== 'all' && !hasBit(offered.have, index)) return []
  if (reader.queue.length >= MAX_QUEUED_REQUESTS)
    return expel(state, reader, 'has more requests in line than the limit')
  reader.queue.push({ patch, index })
  return [...hasAsked(state, reader, patch, index), ...serve(state)]
}

/** To every reader that waits for this patch, once it has pieces to offer. */
export function offerTo(state: AgentState, replica: Replica): AgentEffect[] {
  return [...state.readers.values()].flatMap((reader) => offer(state, reader, replica))
}

/** Bytes of a piece come in over the WAN, however slowly: whoever waits for it in this Data Center goes on waiting. */
export function announceComing(state: AgentState, replica: Replica): AgentEffect[] {
  const now = state.clock.monotonicMs
  if (now - replica.toldComingAtMs < TELL_COMING_EVERY_MS) return []
  replica.toldComingAtMs = now
  const patch = replica.publication.sha256
  return [...state.readers.values()]
    .filter(({ wan, offered }) => !wan && offered.has(patch))
    .map(({ peer }) => ({ kind: 'send-pieces', channel: 'reader', peer, message: { kind: 'coming', patch } }))
}

/** The copy is no longer here. */
export function retract(state: AgentState, patch: Sha256): AgentEffect[] {
  return [...state.readers.values()]
    .filter((reader) => withhold(state, reader, patch))
    .map(({ peer }) => ({ kind: 'send-pieces', channel: 'reader', peer, message: { kind: 'gone', patch } }))
}

function offer(state: AgentState, reader: Reader, replica: Replica): AgentEffect[] {
  const patch = replica.publication.sha256
  const offered = offerable(replica)
  if (offered === null || !reader.wants.has(patch) || reader.offered.has(patch)) return []
  if (reader.wan && state.quiet !== null) return []
  reader.offered.add(patch)
  const { peer } = reader
  const count = pieceCount(replica.publication)
  const say = (have: Bitfield): AgentEffect => ({
    kind: 'send-pieces',
    channel: 'reader',
    peer,
    message: { kind: 'offer', patch, hashes: offered.hashes, have },
  })
  if (isSeed(state)) return [say(emptyBitfield(count)), ...grant(state, reader, replica)]
  return [say(offered.have === 'all' ? fullBitfield(count) : Uint8Array.from(offered.have))]
}

/** Nothing goes over the WAN for a while, or again; readers ask elsewhere meanwhile. */
export function tellQuiet(state: AgentState): AgentEffect[] {
  return [...state.readers.values()].flatMap((reader): AgentEffect[] => {
    if (!reader.wan) return []
    if (state.quiet === null) return [...state.replicas.values()].flatMap((replica) => offer(state, reader, replica))
    return [...reader.offered].map((patch) => {
      withhold(state, reader, patch)
      return { kind: 'send-pieces', channel: 'reader', peer: reader.peer, message: { kind: 'gone', patch } }
    })
  })
}

/** Nothing more of this patch goes to this reader; false if nothing went there before. */
function withhold(state: AgentState, reader: Reader, patch: Sha256): boolean {
  reader.queue = reader.queue.filter((request) => request.patch !== patch)
  endGrants(state, reader, patch)
  reader.news.delete(patch)
  return reader.offered.delete(patch)
}

function unqueue(reader: Reader, patch: Sha256, index: number): void {
  reader.queue = reader.queue.filter((request) => request.patch !== patch || request.index !== index)
}

function expel(state: AgentState, reader: Reader, why: string): AgentEffect[] {
  forget(state, reader.peer)
  return [
    { kind: 'log', line: `reader expelled: ${why}`, fields: { peer: reader.peer } },
    { kind: 'close', channel: 'reader', peer: reader.peer },
    ...serve(state),
  ]
}
