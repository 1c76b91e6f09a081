/**
 * Keeping to what people allow of the WAN link. What comes in is bounded by what is asked for: a budget that fills at
 * the allowed rate, so the average is exact whatever the sources do; the network smooths it. What goes out is bounded by
 * the network alone. In quiet hours nothing is asked for, offered or sent, and what is on its way already ends.
 */
import { frameBytesPerMs, NO_LIMITS, quietHoursAt, type WanLimits } from '../../protocol/wan-limits.ts'
import type { AgentEffect } from './events.ts'
import type { PlannedRequest } from './planning.ts'
import { tellQuiet } from './relaying.ts'
import type { AgentState } from './state.ts'

/** Of the allowed rate: what was not used for so long is lost, or a link would be flooded after a pause. */
const SAVED_MS = 1_000

export function limitsChanged(state: AgentState, limits: WanLimits): AgentEffect[] {
  if (limits === state.limits || JSON.stringify(limits) === JSON.stringify(state.limits)) return []
  state.limits = limits
  state.wanBudgetBytes = 0
  return [{ kind: 'limit', limits }, ...tendLimits(state, 0)]
}

/** Once a tick. */
export function tendLimits(state: AgentState, tookMs: number): AgentEffect[] {
  const { limits } = state
  if (limits === NO_LIMITS && state.quiet === null) return []
  const perMs = frameBytesPerMs(limits.downBitsPerSecond ?? 0)
  state.wanBudgetBytes = Math.min(state.wanBudgetBytes + perMs * tookMs, perMs * Math.max(SAVED_MS, tookMs))
  const quiet = quietHoursAt(limits, state.clock.wallMs)
  const isChange = (quiet === null) !== (state.quiet === null)
  state.quiet = quiet
  return isChange ? tellQuiet(state) : []
}

/** Whether one more piece may be asked for over the WAN; the last one may overdraw, and is paid back. */
export function isWithinBudget(state: AgentState, planned: readonly PlannedRequest[]): boolean {
  if (state.limits.downBitsPerSecond === null) return true
  let spent = 0
  for (const { source, bytes } of planned) if (source.wan) spent += bytes
  return state.wanBudgetBytes - spent > 0
}

export function spend(state: AgentState, bytes: number): void {
  if (state.limits.downBitsPerSecond !== null) state.wanBudgetBytes -= bytes
}
