/**
 * News of pieces. Each message costs both ends as much as kilobytes of a piece, and whoever has enough to ask for loses
 * nothing by hearing of more a moment later: so a reader is told of some pieces at a time, and one in another Data Center at
 * once where it has nothing to ask for. What waits is told at the next tick, and all when the last piece is here.
 */
import { type Bitfield, countBits, hasBit } from '../../protocol/bitfield.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { pieceCount } from '../../protocol/pieces.ts'
import type { AgentEffect } from './events.ts'
import type { Replica } from './replica.ts'
import { isSeed } from './seeding.ts'
import type { AgentState, News, Reader } from './state.ts'

/** So many are told together. */
const TOGETHER = 4

/** A piece was stored. */
export function announcePiece(state: AgentState, replica: Replica, index: number): AgentEffect[] {
  // The Service Center says of each piece to each reader when it may have it (seeding.ts).
  if (isSeed(state)) return []
  const patch = replica.publication.sha256
  const isLast =
    replica.phase.name === 'transferring' && countBits(replica.phase.stored) === pieceCount(replica.publication)
  return [...state.readers.values()].flatMap((reader) => {
    if (!reader.offered.has(patch)) return []
    newsOf(reader, patch).untold.add(index)
    return isLast ? tellAll(state, reader, patch) : tellSome(state, reader, patch)
  })
}

/** The reader asks for a piece, so it has one less to choose from. */
export function hasAsked(state: AgentState, reader: Reader, patch: Sha256, index: number): AgentEffect[] {
  if (!reader.news.get(patch)?.open.delete(index)) return []
  return tellSome(state, reader, patch)
}

/** Once a tick. */
export function tellNews(state: AgentState): AgentEffect[] {
  return [...state.readers.values()].flatMap((reader) =>
    [...reader.news.keys()].flatMap((patch) => tellAll(state, reader, patch)),
  )
}

function tellSome(state: AgentState, reader: Reader, patch: Sha256): AgentEffect[] {
  const { untold, open } = newsOf(reader, patch)
  if (untold.size === 0) return []
  if (untold.size >= TOGETHER) return tellAll(state, reader, patch)
  // In a depot pieces come faster than they do over the WAN: the next news is in time.
  if (!reader.wan) return []
  const has = whatItHas(state, reader.peer, patch)
  for (const index of open) {
    if (has === undefined || !hasBit(has, index)) return []
    open.delete(index)
  }
  return tellAll(state, reader, patch)
}

function tellAll(state: AgentState, reader: Reader, patch: Sha256): AgentEffect[] {
  const { untold, open } = newsOf(reader, patch)
  const has = whatItHas(state, reader.peer, patch)
  const effects: AgentEffect[] = []
  for (const index of untold) {
    if (has !== undefined && hasBit(has, index)) continue
    open.add(index)
    effects.push({ kind: 'send-pieces', channel: 'reader', peer: reader.peer, message: { kind: 'have', patch, index } })
  }
  untold.clear()
  return effects
}

/** Who is a source too, and has said that it has the piece, needs no word of it. */
function whatItHas(state: AgentState, peer: PeerId, patch: Sha256): Bitfield | undefined {
  return state.sources.get(peer)?.offers.get(patch)
}

function newsOf(reader: Reader, patch: Sha256): News {
  const before = reader.news.get(patch)
  if (before !== undefined) return before
  const news: News = { untold: new Set(), open: new Set() }
  reader.news.set(patch, news)
  return news
}
