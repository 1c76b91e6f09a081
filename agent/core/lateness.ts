/**
 * Own lateness. A process that waits for a processor, or stood still with its machine, could notice nothing meanwhile: what
 * its sources and its depot did in that time is still to be read. So that time counts against no one, and nothing is asked
 * elsewhere because of it; otherwise a machine with too much to do would ask for everything twice.
 */
import type { AgentState } from './state.ts'

/** Of a tick that came so long after the one before: more than what timers are late by on a busy machine. */
const LATE_AFTER_TICKS = 1.5

/** How long of `tookMs`, the time since the tick before, nothing could be noticed. */
export function lateBy(tookMs: number, tickMs: number): number {
  return tookMs > LATE_AFTER_TICKS * tickMs ? tookMs - tickMs : 0
}

/** Whoever is waited for gets that time back. To be called before anything is judged by the new time. */
export function forgive(state: AgentState, lateMs: number): void {
  if (lateMs === 0) return
  if (state.uplink.phase === 'up') state.uplink.lastHeardAtMs += lateMs
  for (const [peer, at] of state.heardBelowMs) state.heardBelowMs.set(peer, at + lateMs)
  for (const source of state.sources.values()) {
    source.lastProgressAtMs += lateMs
    source.lastPieceAtMs += lateMs
  }
  for (const replica of state.replicas.values()) {
    replica.localProgressAtMs += lateMs
    replica.localPieceAtMs += lateMs
  }
}
