/**
 * A withdrawn patch leaves every disk, and what is told to be withdrawn is not told to be there.
 */
import type { Checker, Evidence } from './evidence.ts'

export function withdrawing(evidence: Evidence): Checker {
  const { world } = evidence
  return {
    name: 'a withdrawn patch goes from every disk',
    pending() {
      for (const patch of world.center.state.patches.values()) {
        if (patch.withdrawal === null) continue
        for (const who of world.appliances.values()) {
          if (who.store.held().has(patch.sha256))
            return `${who.name} still has ${evidence.titleOf(patch.sha256)}, which was withdrawn`
        }
      }
      return null
    },
  }
}
