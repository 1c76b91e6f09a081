/**
 * Patches that go together: whatever goes on from another order at the same appliance begins only when that one has ended
 * there at its patch, as its installer had it when it said so, and all of them are copied before the first begins.
 */
import type { OrderId } from '../../protocol/identifiers.ts'
import type { Order } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { writtenReports } from './written-reports.ts'

export function continuing(evidence: Evidence): Checker {
  const name = 'what goes on from another patch comes after it'
  /** Orders that have ended without their patch, and of those that are known how. */
  const without = new Map<OrderId, string>()

  const begins = (who: SimulatedAppliance): void => {
    const order: Order | undefined = who.state.orders.attempt?.order
    if (order === undefined || evidence.clones.has(who.peer) || evidence.setBack.has(who.peer)) return
    const ended = order.continues === null ? undefined : without.get(order.continues)
    evidence.expect(
      ended === undefined,
      name,
      () => `${who.name} begins with ${evidence.titleOf(order.patch)}, and the patch that goes first there ${ended}`,
    )
    const lacking = order.stages.find((patch) => who.state.replicas.get(patch)?.phase.name !== 'held')
    evidence.expect(
      lacking === undefined || who.state.orders.attempt?.tries !== 1,
      name,
      () => `${who.name} begins with ${evidence.titleOf(order.patch)} before it has what goes on from it`,
    )
  }

  return {
    name,
    performed(who, effect) {
      if (effect.kind === 'run-step' && effect.step === 'install') begins(who)
      for (const { orderId, state, refusal } of writtenReports(who, effect))
        if (hasEnded(state) && state !== 'installed' && refusal !== 'not_applicable') without.set(orderId, state)
    },
  }
}
