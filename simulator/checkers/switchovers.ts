/**
 * Planned switchovers, judged by the hooks that ran on the machines: where there is a hook, nothing that interrupts an
 * appliance begins beside a peer before the hook has ended well under the same order; and whoever has given up its service
 * has taken it back, or has tried as often as it may, before the end of its order is told.
 */
import { AGENT_KIND } from '../../protocol/bundle/manifest.ts'
import type { OrderId } from '../../protocol/identifiers.ts'
import type { Report } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { Programs } from './programs.ts'
import { writtenReports } from './written-reports.ts'

const TAKE_BACKS_AT_MOST = 3

export function switchovers(evidence: Evidence): Checker {
  const name = 'service is handed over, and taken back'
  const { hookSeconds } = evidence.world.settings
  const programs = new Programs(evidence)

  const begins = (who: SimulatedAppliance, order: OrderId, title: string): void => {
    const hooks = programs.under(who, order).filter(({ step }) => step === 'release')
    const last = hooks.at(-1)
    // Beside nobody, where a person has allowed the outage, there is nobody to hand over to.
    if (last === undefined && who.state.orders.attempt?.order.allowOutage === true) return
    evidence.expect(
      last?.outcome?.ok === true,
      name,
      () => `${who.name} begins to install ${title}, and has not handed over its service`,
    )
  }

  const told = (who: SimulatedAppliance, { orderId, state }: Report): void => {
    if (hookSeconds.takeBack === null || !hasEnded(state)) return
    if (evidence.clones.has(who.peer) || evidence.setBack.has(who.peer)) return
    const runs = programs.under(who, orderId)
    const at = runs.findLastIndex(({ step }) => step === 'release')
    if (at < 0) return
    const takings = runs.slice(at + 1).filter(({ step }) => step === 'takeBack')
    evidence.expect(
      takings.some(({ outcome }) => outcome?.ok === true) || takings.length >= TAKE_BACKS_AT_MOST,
      name,
      () => `${who.name} tells that its order has ended ${state}, and has not taken back its service`,
    )
  }

  return {
    name,
    performed(who, effect) {
      if (hookSeconds.release === null) return
      const order = who.state.orders.attempt?.order.orderId
      if (effect.kind === 'run-step' && effect.step === 'install' && order !== undefined) {
        const { name: title, manifest } = effect.publication
        // The service of an appliance goes on while its agent is exchanged.
        if (manifest.impact.restart !== 'none' && manifest.kind !== AGENT_KIND) begins(who, order, title)
      }
      for (const report of writtenReports(who, effect)) told(who, report)
    },
  }
}
