/**
 * How many connections a source deserves. On a long path with a little loss one TCP connection gets about
 * 1.2 MSS / (RTT sqrt(loss)) whatever the link could carry (Mathis and others, 1997), so where the path is long a source
 * is tried with twice as many for a while, and keeps them only if the whole appliance then gets clearly more: where the
 * link is full already, more connections would only take from others what they gain.
 */
import type { AgentEffect } from './events.ts'
import { addressesOf } from './neighbours.ts'
import type { AgentState, Source } from './state.ts'

/** Below this a connection fills any link that is usual even with some loss. */
const LONG_ROUND_TRIP_MS = 10
const FIRST_ON_LONG_PATH = 4
/** Long enough for new connections to be dialled and to find their rate. */
const TRIAL_MS = 1_500
const WORTH_IT = 1.15
/** The path may change; another try costs little. */
const NEXT_TRIAL_AFTER_MS = 20_000

/** Once a tick. */
export function tendWidths(state: AgentState): AgentEffect[] {
  const now = state.clock.monotonicMs
  let total = 0
  for (const { wan, bytesPerMs, requested } of state.sources.values())
    if (wan && requested.length > 0) total += bytesPerMs
  return [...state.sources.values()].flatMap((source): AgentEffect[] => {
    if (!source.wan || source.phase !== 'open' || source.roundTripMs < LONG_ROUND_TRIP_MS) return []
    const { width } = source
    if (source.wanted.size === 0) return setWidth(state, source, 1)
    if (width.lanes === 1) {
      Object.assign(width, { before: 1, totalBefore: total, judgeAtMs: now + TRIAL_MS, isTrial: false })
      return setWidth(
        state,
        source,
        Math.min(Math.max(width.proven, FIRST_ON_LONG_PATH), state.settings.connectionsAtMost),
      )
    }
    if (now < width.judgeAtMs || source.requested.length === 0) return []
    if (width.isTrial && total < width.totalBefore * WORTH_IT) {
      Object.assign(width, { isTrial: false, judgeAtMs: now + NEXT_TRIAL_AFTER_MS })
      return setWidth(state, source, width.before)
    }
    width.proven = width.lanes
    const next = Math.min(width.lanes * 2, state.settings.connectionsAtMost)
    if (next === width.lanes) return []
    Object.assign(width, { before: width.lanes, totalBefore: total, judgeAtMs: now + TRIAL_MS, isTrial: true })
    return setWidth(state, source, next)
  })
}

function setWidth(state: AgentState, source: Source, lanes: number): AgentEffect[] {
  if (source.width.lanes === lanes) return []
  source.width.lanes = lanes
  return [{ kind: 'widen', peer: source.peer, addresses: addressesOf(state, source.peer), lanes }]
}
