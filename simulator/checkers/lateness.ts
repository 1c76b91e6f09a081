/**
 * A program that gets the processor now and then counts that against nobody: while a trial starves a member of a depot and
 * everybody else is well (starved-trials.ts), it hangs up on nobody, a secondary asks nobody outside for what its primary
 * gives it, hardly a piece is asked of a second source, and hardly more than one copy comes over the WAN into its Data Center.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { type Checker, dataCenterOf, type Evidence } from './evidence.ts'

export const LATENESS = 'own lateness counts against nobody'
/** A piece that a faster source gives much sooner is asked of it too; of the others none. */
const TWICE_SHARE = 0.1
const SLACK_PIECES = 2

/** Who is starved while this patch comes; a secondary's primary gives it all of it. */
export type Starved = { readonly name: string; readonly patch: Sha256; readonly primary: PeerId | null }

export function lateness(evidence: Evidence): Checker {
  const { world } = evidence
  let trial: Starved | null = null
  let looked = 0
  let crossed = 0
  const asked = new Map<number, Set<PeerId>>()
  const begin = (starved: Starved | null): void => {
    if (starved === trial) return
    trial = starved
    looked = world.taken.length
    crossed = 0
    asked.clear()
  }
  const allowedTwice = (patch: Sha256): number =>
    SLACK_PIECES + TWICE_SHARE * (evidence.patches.get(patch)?.pieces.length ?? 0)
  return {
    name: LATENESS,
    performed({ name }, effect) {
      const { starved } = evidence
      begin(starved)
      if (name !== starved?.name) return
      if (effect.kind === 'hang-up')
        evidence.expect(false, LATENESS, () => `${name} stood still, and hangs up on ${evidence.nameOf(effect.peer)}`)
      if (effect.kind !== 'send-pieces' || effect.message.kind !== 'request') return
      const { peer, message } = effect
      if (message.patch !== starved.patch) return
      evidence.expect(
        starved.primary === null || peer === starved.primary,
        LATENESS,
        () => `${name} stood still, and asks ${evidence.nameOf(peer)} for what its primary has`,
      )
      asked.set(message.index, (asked.get(message.index) ?? new Set()).add(peer))
      const twice = [...asked.values()].filter(({ size }) => size > 1).length
      evidence.expect(
        twice <= allowedTwice(starved.patch),
        LATENESS,
        () => `${name} stood still, and has asked a second source for ${twice} pieces`,
      )
    },
    sweep() {
      const { starved } = evidence
      begin(starved)
      if (starved === null) return
      const site = dataCenterOf(starved.name)
      for (; looked < world.taken.length; looked++) {
        const taken = world.taken[looked]
        if (taken?.patch === starved.patch && dataCenterOf(taken.to) === site && dataCenterOf(taken.from) !== site)
          crossed += 1
      }
      const pieces = evidence.patches.get(starved.patch)?.pieces.length ?? 0
      evidence.expect(
        crossed <= pieces + allowedTwice(starved.patch),
        LATENESS,
        () => `${crossed} pieces of ${pieces} went into ${site}, where ${starved.name} is starved`,
      )
    },
  }
}
