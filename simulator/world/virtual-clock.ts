/**
 * The two clocks of one machine, read from virtual time. The monotonic one drifts and never jumps; the wall clock drifts
 * with it, and an administrator, or a broken time server, sets it to anything.
 */
import type { Clock } from '../../protocol/clock.ts'

export const START_WALL_MS = Date.UTC(2026, 0, 1)

/** What a wall clock shows beside the truth, and since when. */
export class WallOffset {
  readonly #jumps: { readonly atMs: number; readonly ms: number }[] = []

  /** Sets the wall clock forward, or back, at this virtual time. */
  jump(ms: number, atMs: number): void {
    this.#jumps.push({ atMs, ms })
  }

  /** By the jumps up to this virtual time. */
  at(nowMs: number): number {
    return this.#jumps.reduce((sum, { atMs, ms }) => (atMs <= nowMs ? sum + ms : sum), 0)
  }
}

export class VirtualClock {
  /** Parts in a million by which it is fast. */
  driftPpm = 0
  readonly wall = new WallOffset()

  /** What it showed, or shows, at this virtual time; `world` is the offset of the whole world. */
  read(nowMs: number, world: WallOffset): Clock {
    const monotonicMs = Math.floor(nowMs * (1 + this.driftPpm / 1_000_000))
    return { monotonicMs, wallMs: START_WALL_MS + world.at(nowMs) + this.wall.at(nowMs) + monotonicMs }
  }
}
