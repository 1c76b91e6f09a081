/**
 * Connections that have died without a word. TCP takes a quarter of an hour to notice, and a dial would use what is left
 * of such a connection again; so what is given up for its silence is hung up as a whole, unless something still comes
 * over it. While an appliance was held up itself it has heard nobody; lateness.ts gives that time back.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { AgentEffect } from './events.ts'
import { isSeed } from './seeding.ts'
import type { AgentState } from './state.ts'

/** Something that came sooner says that a connection is alive: pings go every 10 seconds, and are answered. */
const ALIVE_MS = 15_000

/** The Service Center's seed hears no control streams: who is to be hung up on, the Service Center decides itself. */
export function giveUp(state: AgentState, channel: 'uplink' | 'source', peer: PeerId): AgentEffect {
  return isSeed(state) || isHeardOf(state, peer) ? { kind: 'close', channel, peer } : { kind: 'hang-up', peer }
}

function isHeardOf(state: AgentState, peer: PeerId): boolean {
  const { uplink, sources, heardBelowMs } = state
  const source = sources.get(peer)
  const heardMs = Math.max(
    uplink.phase === 'up' && uplink.peer === peer ? uplink.lastHeardAtMs : 0,
    source?.phase === 'open' ? source.lastProgressAtMs : 0,
    heardBelowMs.get(peer) ?? 0,
  )
  return state.clock.monotonicMs - heardMs < ALIVE_MS
}

/** Appliances whose control streams end here and that have stopped to ping: the Service Center is told that they left. */
export function tendSilence({ heardBelowMs, clock, settings }: AgentState): AgentEffect[] {
  const silent = takeSilent(heardBelowMs, { now: clock.monotonicMs, silenceMs: settings.silenceMs })
  return silent.map((peer) => ({ kind: 'hang-up', peer }))
}

/** Takes out who has been silent for too long; `heardMs` is when each was heard last. */
export function takeSilent(
  heardMs: Map<PeerId, number>,
  { now, silenceMs }: { now: number; silenceMs: number },
): PeerId[] {
  const silent = [...heardMs].filter(([, at]) => now - at > silenceMs).map(([peer]) => peer)
  for (const peer of silent) heardMs.delete(peer)
  return silent
}
