/**
 * What every simulated program has in common: it runs or not, it may stand still with its sockets open, and what it was
 * waiting for is lost with it. Events that come while another is being performed wait for their turn, as in the loop of
 * the real program.
 */
import type { Life } from '../../protocol/messages.ts'
import { VirtualClock } from './virtual-clock.ts'

export class SimulatedProcess {
  isRunning = false
  readonly clock = new VirtualClock()
  readonly #now: () => number
  readonly #at: (timeMs: number, act: () => void) => void
  #generation: number
  #awaySinceMs: number | null = null
  #held: (() => void)[] | null = null

  constructor(now: () => number, at: (timeMs: number, act: () => void) => void, firstGeneration = 0) {
    this.#now = now
    this.#at = at
    this.#generation = firstGeneration
  }

  /** How long it has not been able to say anything. */
  get awayForMs(): number {
    return this.#awaySinceMs === null ? 0 : this.#now() - this.#awaySinceMs
  }

  get isFrozen(): boolean {
    return this.#held !== null
  }

  /** Another number for each process that ran here. */
  get generation(): number {
    return this.#generation
  }

  /** Another one for each process. */
  get life(): Life {
    return this.#generation.toString(16).padStart(32, '0')
  }

  begin(): void {
    this.#generation += 1
    this.isRunning = true
    if (!this.isFrozen) this.#awaySinceMs = null
  }

  end(): void {
    this.#generation += 1
    this.isRunning = false
    this.#awaySinceMs ??= this.#now()
  }

  freeze(): void {
    this.#held ??= []
    this.#awaySinceMs ??= this.#now()
  }

  thaw(): void {
    const held = this.#held ?? []
    this.#held = null
    if (this.isRunning) this.#awaySinceMs = null
    for (const act of held) act()
  }

  /** Now, unless it stands still: for what comes from outside when nobody else is in the middle of something. */
  atOnce(act: () => void): void {
    if (this.#held === null) act()
    else this.#held.push(() => this.later(0, act))
  }

  /** Unless the process that asked for it is gone by then. */
  later(delayMs: number, act: () => void): void {
    const generation = this.#generation
    this.#at(this.#now() + delayMs, () => {
      if (generation === this.#generation) this.atOnce(act)
    })
  }
}
