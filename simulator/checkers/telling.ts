/**
 * What an appliance writes down to tell of the end of an order, compared with what its installers did and with what is
 * there then: nothing is told to be installed that was not verified, nothing to be put back that is not as it was, and
 * no end is told while a program runs.
 */
import type { Report } from '../../protocol/trust/statements.ts'
import type { Disruption } from '../world/disruptions.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { Programs } from './programs.ts'
import { writtenReports } from './written-reports.ts'

/** An order for what an earlier one could not put back begins by looking at it, and goes back to what was before that. */
function whenItBegan(runs: readonly Disruption[], first: Disruption): Disruption {
  const before = runs.slice(0, runs.indexOf(first) + 1)
  return before.findLast(({ step, patch }) => step === 'install' && patch === first.patch) ?? first
}

export function telling(evidence: Evidence): Checker {
  const name = 'the end that is told is the truth'
  const programs = new Programs(evidence)
  const judged = new Set<Report['orderId']>()

  const judge = (who: SimulatedAppliance, { orderId, state, reason }: Report): void => {
    if (!hasEnded(state) || judged.has(orderId)) return
    judged.add(orderId)
    const runs = programs.under(who, orderId)
    const [first] = runs
    if (first?.patch == null) return
    const { patch } = first
    const publication = evidence.patches.get(patch)?.publication
    const title = publication?.name ?? patch
    const there = publication === undefined ? null : who.installer.installedVersion(publication.name)
    const tells = `${who.name} tells that ${title} is ${state} (${reason})`
    const ongoing = programs.running(who, patch)
    evidence.expect(ongoing === undefined, name, () => `${tells} while its ${ongoing?.step} runs`)
    const last = runs.findLast(({ step }) => step === 'install')
    if (state === 'installed') {
      const verified = runs.some(
        ({ step, outcome, fromMs }) => step === 'verify' && outcome?.ok === true && fromMs >= (last?.fromMs ?? 0),
      )
      // Until it is told that its ledger is older it cannot know that an installer was started.
      const hasForgotten = evidence.setBack.get(who.peer)?.isNoticed === false
      evidence.expect(
        last === undefined || verified || hasForgotten,
        name,
        () => `${tells}, and nobody has verified it`,
      )
      evidence.expect(there === publication?.version, name, () => `${tells}, and ${there} is there`)
    }
    const putBack = runs.some(({ step, outcome }) => step === 'revert' && outcome?.ok === true)
    if (state === 'reverted' || (state === 'failed' && putBack)) {
      const was = whenItBegan(programs.on(who), first).versionBefore
      evidence.expect(there === was, name, () => `${tells}, and ${there} is there instead of ${was}`)
    }
  }

  return {
    name,
    performed(who, effect) {
      for (const report of writtenReports(who, effect)) judge(who, report)
    },
  }
}
