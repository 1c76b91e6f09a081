/**
 * The difference that an install makes to the checks of the operator, judged by what they said on the machines, and never by
 * what the agent says of them: nothing begins before they were asked, nor while one is bad that must pass; and nothing is
 * told to be installed that has made a check bad which was good before, or after which nobody has asked them.
 */
import type { OrderId } from '../../protocol/identifiers.ts'
import type { Report } from '../../protocol/trust/statements.ts'
import type { Disruption } from '../world/disruptions.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Look } from '../world/simulated-operator.ts'
import type { Checker, Evidence } from './evidence.ts'
import { Programs } from './programs.ts'
import { writtenReports } from './written-reports.ts'

export function checks(evidence: Evidence): Checker {
  const name = 'what a check has noticed is put back'
  const { settings } = evidence.world
  const programs = new Programs(evidence)
  const required = new Set(settings.checks.filter((check) => check.mustPassBefore).map((check) => check.name))
  const judged = new Set<OrderId>()

  const titleOf = ({ patch }: Disruption): string => (patch === null ? 'something' : evidence.titleOf(patch))
  const lookBefore = (who: SimulatedAppliance, { order, fromMs }: Disruption): Look | undefined =>
    who.operator.looks.findLast((look) => look.order === order && look.atMs <= fromMs)

  const begins = (who: SimulatedAppliance, order: OrderId): void => {
    const [first, ...more] = programs.under(who, order).filter(({ step }) => step === 'install')
    if (first === undefined || more.length > 0) return
    const look = lookBefore(who, first)
    evidence.expect(
      look !== undefined,
      name,
      () => `${who.name} begins to install ${titleOf(first)}, and its checks were not asked before`,
    )
    const bad = look?.results.find((result) => !result.ok && required.has(result.name))
    evidence.expect(
      bad === undefined,
      name,
      () => `${who.name} begins to install ${titleOf(first)} while its check ${bad?.name} is bad: ${bad?.reason}`,
    )
  }

  const told = (who: SimulatedAppliance, { orderId, state }: Report): void => {
    if (state !== 'installed' || judged.has(orderId)) return
    // Two machines with one key share what they tell, and an older ledger does not know what it began.
    if (evidence.clones.has(who.peer) || evidence.setBack.has(who.peer)) return
    judged.add(orderId)
    const runs = programs.under(who, orderId)
    const first = runs.find(({ step }) => step === 'install')
    const verified = runs.findLast(({ step, outcome }) => step === 'verify' && outcome?.ok === true)
    if (first === undefined || verified === undefined) return
    const before = lookBefore(who, first)
    const after = who.operator.looks.findLast((look) => look.order === orderId && look.atMs >= (verified.toMs ?? 0))
    const tells = `${who.name} tells that ${titleOf(first)} is installed`
    evidence.expect(after !== undefined, name, () => `${tells}, and its checks were not asked after that`)
    const worse = after?.results.find(
      (now) => !now.ok && before?.results.some((was) => was.name === now.name && was.ok) === true,
    )
    evidence.expect(
      worse === undefined,
      name,
      () => `${tells}, and its check ${worse?.name}, which was good before, is bad: ${worse?.reason}`,
    )
  }

  return {
    name,
    performed(who, effect) {
      if (settings.checks.length === 0) return
      const order = who.state.orders.attempt?.order.orderId
      if (effect.kind === 'run-step' && effect.step === 'install' && order !== undefined) begins(who, order)
      for (const report of writtenReports(who, effect)) told(who, report)
    },
  }
}
