/**
 * Whoever asks for a piece wants it: an appliance that took its wish back counts nothing of it as still to come. It
 * would ask nobody else for those pieces when it wants them again, and ask a source for less than it may.
 */
import type { Checker, Evidence } from './evidence.ts'

export function waiting(evidence: Evidence): Checker {
  const name = 'nobody waits for what is not wanted'
  const { world } = evidence
  return {
    name,
    sweep() {
      for (const who of world.appliances.values())
        for (const { peer, wanted, requested } of who.state.sources.values())
          for (const { patch, index } of requested.values())
            evidence.expect(
              wanted.has(patch),
              name,
              () =>
                `${who.name} waits for piece ${index} of ${evidence.titleOf(patch)} from ${evidence.nameOf(peer)}, which it does not want from there`,
            )
    },
  }
}
