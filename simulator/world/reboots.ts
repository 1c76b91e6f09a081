/**
 * The reboots of one machine of a world: it does not serve from the moment at which it goes down until it is started
 * again, by itself or by whoever comes first.
 */
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

/** Until somebody comes and restarts a machine that waits for it, and until it is back. */
const RESTARTED_AFTER_MS = 5_000
const AWAY_MS = 20_000

export class Reboots {
  count = 0
  readonly #world: World
  readonly #machine: SimulatedAppliance
  #end: (() => void) | null = null
  #waitsSinceMs: number | null = null

  constructor(world: World, machine: SimulatedAppliance) {
    this.#world = world
    this.#machine = machine
  }

  /** Where no patch does it itself, somebody restarts the machine that `waits` for it; true when that happens now. */
  isDue(waits: boolean): boolean {
    const { nowMs } = this.#world
    this.#waitsSinceMs = waits ? (this.#waitsSinceMs ?? nowMs) : null
    if (this.#waitsSinceMs === null || nowMs - this.#waitsSinceMs < RESTARTED_AFTER_MS) return false
    this.begin(AWAY_MS)
    return true
  }

  begin(awayMs: number): void {
    this.#waitsSinceMs = null
    this.#world.say(this.#machine.name, 'reboots')
    this.count += 1
    this.#machine.stop()
    this.#end = this.#world.disruptions.reboot(this.#machine)
    this.#world.at(this.#world.nowMs + awayMs, () => {
      if (!this.#machine.isRunning) this.#machine.start()
    })
  }

  /** From the moment at which it goes down until it starts. */
  get isUnderWay(): boolean {
    return this.#end !== null
  }

  /** It starts. */
  isBack(): void {
    this.#end?.()
    this.#end = null
  }
}
