/** A program that gets the processor for a moment now and then: it stands still for so long, runs, and so on. */
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

const RUNS_MS = 300

/** From now on, until what is given back is called. */
export function starve(world: World, appliance: SimulatedAppliance, standsMs: number): () => void {
  let isOver = false
  const stand = (): void => {
    if (isOver) return
    appliance.freeze()
    world.at(world.nowMs + standsMs, () => {
      if (isOver) return
      appliance.thaw()
      world.at(world.nowMs + RUNS_MS, stand)
    })
  }
  stand()
  return () => {
    isOver = true
    if (appliance.process.isFrozen) appliance.thaw()
  }
}
