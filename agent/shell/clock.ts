/** The real clocks, read in one place and told to the cores as ticks. */
import type { Clock } from '../../protocol/clock.ts'

/** Fine enough for redials and progress, coarse enough that an idle agent costs next to nothing. */
export const TICK_MS = 500

export function readClock(): Clock {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}

/** Calls at once and then every `TICK_MS`, until the returned function is called. */
export function startTicking(tick: (clock: Clock) => void): () => void {
  tick(readClock())
  const timer = setInterval(() => tick(readClock()), TICK_MS)
  return () => clearInterval(timer)
}
