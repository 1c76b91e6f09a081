/**
 * Reachable is who is heard, not whose connection is open: TCP keeps one that died without a word for a quarter of an
 * hour. Appliances ping every 10 seconds; whose stream stays silent is hung up on, and is not reachable from then on. While
 * the Service Center itself was held up it has heard nobody: that time counts against no one.
 */
import { lateBy } from '../../agent/core/lateness.ts'
import { takeSilent } from '../../agent/core/silence.ts'
import { DEFAULT_SETTINGS } from '../../agent/core/state.ts'
import type { ServiceCenterEffect } from './effects.ts'
import type { ServiceCenterState } from './state.ts'

export function tendSilence(state: ServiceCenterState, tookMs: number): ServiceCenterEffect[] {
  const { heardMs, silenceMs, clock } = state
  const lateMs = lateBy(tookMs, DEFAULT_SETTINGS.tickMs)
  if (lateMs > 0) for (const [peer, at] of heardMs) heardMs.set(peer, at + lateMs)
  const silent = takeSilent(heardMs, { now: clock.monotonicMs, silenceMs })
  return silent.flatMap((peer): ServiceCenterEffect[] => [
    { kind: 'log', line: `nothing was heard for ${silenceMs / 1000} seconds: hangs up`, fields: { peer } },
    { kind: 'hang-up', peer },
  ])
}
