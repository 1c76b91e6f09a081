/**
 * Who gets the next piece: readers take turns, and each has a few pieces at most on their way to the network, so that
 * one that reads slowly holds little memory and delays nobody. What waits in line can still be taken back.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { AgentEffect } from './events.ts'
import type { AgentState } from './state.ts'

/** One that is being sent and one that is read from disk meanwhile. */
const SENDING_TO_ONE = 2
/** Pieces of at most 4 MiB that are read for all readers together. */
const SENDING_AT_MOST = 24

/** Hands pieces to the network as far as there is room; those who have waited longest go first. */
export function serve(state: AgentState): AgentEffect[] {
  const effects: AgentEffect[] = []
  let sending = 0
  for (const reader of state.readers.values()) sending += reader.sending
  // In each round every reader gets one for each of its connections.
  for (let round = 0; round < SENDING_TO_ONE && sending < SENDING_AT_MOST; round++) {
    for (const reader of [...state.readers.values()]) {
      if (sending >= SENDING_AT_MOST) break
      if (reader.wan && state.quiet !== null) continue
      if (reader.sending >= (round + 1) * reader.lanes || reader.queue.length === 0) continue
      const next = reader.queue.shift()
      if (next === undefined) continue
      reader.sending += 1
      sending += 1
      effects.push({ kind: 'send-piece', peer: reader.peer, ...next })
      // Behind the others, for the next time that there is not room for all.
      state.readers.delete(reader.peer)
      state.readers.set(reader.peer, reader)
    }
  }
  return effects
}

export function pieceSent(state: AgentState, peer: PeerId): AgentEffect[] {
  const reader = state.readers.get(peer)
  if (reader !== undefined && reader.sending > 0) reader.sending -= 1
  return serve(state)
}
