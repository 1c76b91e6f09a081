/**
 * The reboots of one machine of a world: it does not serve from the moment at which it goes down until it is started
 * again, by itself or by whoever comes first.
 */
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

export class Reboots {
  count = 0
  readonly #world: World
  readonly #machine: SimulatedAppliance
  #end: (() => void) | null = null

  constructor(world: World, machine: SimulatedAppliance) {
    this.#world = world
    this.#machine = machine
  }

  begin(awayMs: number): void {
    this.#world.say(this.#machine.name, 'reboots')
    this.count += 1
    this.#machine.stop()
    this.#end = this.#world.disruptions.reboot(this.#machine)
    this.#world.at(this.#world.nowMs + awayMs, () => {
      if (!this.#machine.isRunning) this.#machine.start()
    })
  }

  /** It starts. */
  isBack(): void {
    this.#end?.()
    this.#end = null
  }
}
