/**
 * Depot members that offer all that they have and bring no piece to its end.
 */
import type { FaultKind } from '../faults.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Act, Hands } from './hands.ts'

export const sourceActs = {
  drips: (fault, hands) => giveInstead(hands, hands.running(fault), 'drips'),
  'says-gone': (fault, hands) => giveInstead(hands, hands.running(fault), 'gone'),
} satisfies Partial<Record<FaultKind, Act>>

/** It is restarted at the end: what it was in the middle of giving is lost with its streams. */
function giveInstead({ world }: Hands, appliance: SimulatedAppliance | null, way: 'drips' | 'gone') {
  if (appliance === null || appliance.gives !== 'pieces') return null
  appliance.gives = way
  return () => {
    appliance.gives = 'pieces'
    if (!appliance.isRunning || appliance.process.isFrozen) return
    world.say(appliance.name, 'is started again, and gives pieces')
    appliance.stop()
    appliance.start()
  }
}
