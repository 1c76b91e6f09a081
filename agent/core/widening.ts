/**
 * How many connections a source deserves. On a long path with a little loss one TCP connection gets about
 * 1.2 MSS / (RTT sqrt(loss)) whatever the link could carry (Mathis and others, 1997): its window stays small. So a source
 * over a long path begins with a few, gets more while each of them keeps a full window (then it is not the link that
 * holds them back, or there is room for all of them), and fewer when they have hardly anything in flight.
 */
import type { AgentEffect } from './events.ts'
import { addressesOf } from './neighbours.ts'
import type { AgentState, Source } from './state.ts'

/** Below this a connection fills any usual link even with some loss. */
const LONG_ROUND_TRIP_MS = 20
const LEAST_ON_LONG_PATH = 4
/** In flight on each connection: about 33 segments, what is left to one at a loss of 0.13 %; and about 8. */
const FULL_WINDOW_BYTES = 48_000
const EMPTY_WINDOW_BYTES = 12_000
/** New connections need some round trips to find their rate. */
const SETTLE_MS = 1_000

/** Once a tick. */
export function tendWidths(state: AgentState): AgentEffect[] {
  return [...state.sources.values()].flatMap((source): AgentEffect[] => {
    const { wan, phase, roundTripMs, width, wanted, requested } = source
    if (!wan || phase !== 'open' || roundTripMs < LONG_ROUND_TRIP_MS) return []
    if (wanted.size === 0) return setWidth(state, source, 1)
    if (width.lanes === 1) return setWidth(state, source, Math.max(LEAST_ON_LONG_PATH, width.proven))
    if (state.clock.monotonicMs < width.judgeAtMs || requested.length === 0) return []
    const window = (source.bytesPerMs * roundTripMs) / width.lanes
    if (window >= FULL_WINDOW_BYTES) return setWidth(state, source, Math.ceil(width.lanes * 1.5))
    if (window < EMPTY_WINDOW_BYTES)
      return setWidth(state, source, Math.max(LEAST_ON_LONG_PATH, Math.floor(width.lanes / 2)))
    width.proven = width.lanes
    return []
  })
}

function setWidth(state: AgentState, source: Source, wanted: number): AgentEffect[] {
  const lanes = Math.min(wanted, state.settings.connectionsAtMost)
  if (source.width.lanes === lanes) return []
  source.width.lanes = lanes
  source.width.judgeAtMs = state.clock.monotonicMs + SETTLE_MS
  const { peer, roundTripMs, bytesPerMs } = source
  const fields = {
    peer,
    connections: lanes,
    roundTripMs: Math.round(roundTripMs),
    kilobytesPerSecond: Math.round(bytesPerMs),
  }
  return [
    { kind: 'log', line: 'asks a source over so many connections', fields },
    { kind: 'widen', peer, addresses: addressesOf(state, peer), lanes },
  ]
}
