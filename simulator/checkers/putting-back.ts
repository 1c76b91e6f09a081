/**
 * What failed is put back: whoever started an installer ends with a version that was found right, or with a revert that
 * ended well, or with one that can never work. A revert that failed for now, or was cut off, is never the last word. Told
 * by the programs that ran on the machines, and not by what the appliances say.
 */
import type { OrderId } from '../../protocol/identifiers.ts'
import type { Disruption } from '../world/disruptions.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Checker, Evidence } from './evidence.ts'

/** So many reverts that failed for now are enough; far more than the faults of a world can cause. */
const ENOUGH = 20

export function puttingBack(evidence: Evidence): Checker {
  const name = 'what failed is put back'
  const { world } = evidence
  return {
    name,
    ended() {
      const members = new Set<SimulatedAppliance>(evidence.fleet())
      for (const [order, runs] of runsByOrder(world.disruptions.all)) {
        const last = runs.at(-1)
        if (last === undefined || !members.has(last.appliance) || evidence.isStranded(last.appliance)) continue
        if (last.fromMs < evidence.forgotBeforeMs(last.appliance)) continue
        const reverts = runs.filter(({ step }) => step === 'revert').length
        evidence.expect(
          isLastWord(last) || reverts >= ENOUGH,
          name,
          () =>
            `the last that ${last.appliance.name} did under order ${order} is to ${last.step} ${last.patch === null ? '' : evidence.titleOf(last.patch)}, which ended ${last.outcome === null ? 'in the middle' : `badly: ${last.outcome.reason}`}`,
        )
      }
    },
  }
}

function runsByOrder(all: readonly Disruption[]): Map<OrderId, Disruption[]> {
  const runs = new Map<OrderId, Disruption[]>()
  for (const run of all) {
    if (run.order === null || run.step === 'release' || run.step === 'takeBack') continue
    const known = runs.get(run.order)
    if (known === undefined) runs.set(run.order, [run])
    else known.push(run)
  }
  return runs
}

function isLastWord({ step, outcome }: Disruption): boolean {
  if (outcome === null) return false
  return step === 'revert' ? !outcome.temporary : step === 'verify' && outcome.ok
}
