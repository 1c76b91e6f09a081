/**
 * The two clocks of one machine, read from virtual time. The monotonic one drifts and never jumps; the wall clock drifts
 * with it, and an administrator, or a broken time server, sets it to anything.
 */
import type { Clock } from '../../protocol/clock.ts'

export const START_WALL_MS = Date.UTC(2026, 0, 1)

export class VirtualClock {
  /** Parts in a million by which it is fast. */
  driftPpm = 0
  /** What its wall clock shows beside the truth. */
  wallOffsetMs = 0

  /** Sets the wall clock forward, or back. */
  jump(ms: number): void {
    this.wallOffsetMs += ms
  }

  /** `wallOffsetMs` is that of the whole world. */
  read(nowMs: number, wallOffsetMs: number): Clock {
    const monotonicMs = Math.floor(nowMs * (1 + this.driftPpm / 1_000_000))
    return { monotonicMs, wallMs: START_WALL_MS + wallOffsetMs + this.wallOffsetMs + monotonicMs }
  }
}
