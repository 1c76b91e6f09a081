/**
 * A withdrawn patch leaves every disk, and everybody who has heard of it hears that it is withdrawn.
 */
import type { Checker, Evidence } from './evidence.ts'

export function withdrawing(evidence: Evidence): Checker {
  const { world } = evidence
  return {
    name: 'a withdrawn patch goes from every disk',
    pending() {
      for (const patch of world.center.state.patches.values()) {
        if (patch.withdrawal === null) continue
        for (const who of evidence.fleet()) {
          if (evidence.isStranded(who)) continue
          if (who.store.held().has(patch.sha256))
            return `${who.name} still has ${evidence.titleOf(patch.sha256)}, which was withdrawn`
          if (who.state.replicas.has(patch.sha256))
            return `${who.name} still knows of ${evidence.titleOf(patch.sha256)}, and not that it was withdrawn`
        }
      }
      return null
    },
  }
}
