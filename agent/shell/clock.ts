/** The real clocks, read in one place and told to the cores as ticks. */
import type { Clock } from '../../protocol/clock.ts'
import { DEFAULT_SETTINGS } from '../core/state.ts'

const { tickMs } = DEFAULT_SETTINGS

export function readClock(): Clock {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}

/** Calls at once and then twice a second, until the returned function is called. */
export function startTicking(tick: (clock: Clock) => void): () => void {
  tick(readClock())
  const timer = setInterval(() => tick(readClock()), tickMs)
  return () => clearInterval(timer)
}
