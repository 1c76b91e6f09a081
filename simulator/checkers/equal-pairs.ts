/**
 * A pair ends equal: whoever comes after another member of its group begins only when that one has ended at the patch, and
 * does not end for its sake when it has. How the first ended is what its installer had when it said so, and neither what
 * it said nor what the second heard.
 */
import type { OrderId, PeerId } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { open } from '../../protocol/trust/envelope.ts'
import { Order, type Report } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { writtenReports } from './written-reports.ts'

type End = {
  readonly has: boolean
  readonly isMeant: boolean
  readonly forPeer: boolean
  readonly isCancelled: boolean
}

export function equalPairs(evidence: Evidence): Checker {
  const name = 'a pair ends equal'
  const orders = new Map<OrderId, Order>()
  /** By the order that comes first. */
  const second = new Map<OrderId, Order>()
  /** The newest order of an install to an appliance. */
  const newest = new Map<string, OrderId>()
  const ends = new Map<OrderId, End>()
  const keyOf = ({ install, to }: Order): string => `${install} ${to}`

  const hasIt = ({ installer }: SimulatedAppliance, { patch }: Order): boolean => {
    const publication = evidence.patches.get(patch)?.publication
    return publication !== undefined && installer.installedVersion(publication.name) === publication.version
  }
  /** It is not alone with its key, knows less than it has told, or has left the fleet. */
  const isDoubtful = ({ to }: Order): boolean =>
    evidence.clones.has(to) || evidence.setBack.has(to) || !evidence.members.has(to)

  /** Seconds that were told not to begin any more; whoever is not ordered again after that has ended so. */
  const cancelled = new Map<Order, Order>()

  const compare = (one: Order, other: Order): void => {
    if (ends.get(one.orderId)?.has === true && ends.get(other.orderId)?.isCancelled === true) cancelled.set(other, one)
    if (isDoubtful(one) || isDoubtful(other) || newest.get(keyOf(one)) !== one.orderId) return
    evidence.expect(ends.get(one.orderId)?.has !== true || ends.get(other.orderId)?.forPeer !== true, name, () => {
      const [first, last] = [one, other].map(({ to }: { to: PeerId }) => evidence.nameOf(to))
      return `${last} has ended without ${evidence.titleOf(one.patch)}, and ${first}, which came first, has it`
    })
  }

  const said = (who: SimulatedAppliance, { orderId, state, refusal }: Report): void => {
    const order = orders.get(orderId)
    if (order === undefined || order.to !== who.peer || !hasEnded(state)) return
    const isCancelled = state === 'cancelled'
    const forPeer = refusal === 'peer_not_at_patch'
    const has = state === 'installed' && hasIt(who, order)
    ends.set(orderId, { has, isMeant: refusal !== 'not_applicable', forPeer, isCancelled })
    const first = order.after === null ? undefined : orders.get(order.after.order)
    const last = second.get(orderId)
    if (first !== undefined) compare(first, order)
    if (last !== undefined) compare(order, last)
  }

  const begins = (who: SimulatedAppliance): void => {
    const order = orders.get(who.state.orders.attempt?.order.orderId ?? ('' as OrderId))
    const first = order?.after == null ? undefined : orders.get(order.after.order)
    if (order === undefined || first === undefined || isDoubtful(order) || isDoubtful(first)) return
    const end = ends.get(first.orderId)
    evidence.expect(
      end !== undefined && (end.has || !end.isMeant),
      name,
      () =>
        `${who.name} begins to install ${evidence.titleOf(order.patch)}, and ${evidence.nameOf(first.to)}, which comes first, has not ended with it`,
    )
  }

  return {
    name,
    committed(change) {
      if (change.table !== 'targets' || change.row.order === null || orders.has(change.row.order.id)) return
      const order = open(Order, change.row.order.envelope, [evidence.world.center.signing.peer])
      if (isRefusal(order)) return
      orders.set(order.orderId, order)
      newest.set(keyOf(order), order.orderId)
      if (order.after !== null) second.set(order.after.order, order)
    },
    ended() {
      for (const [other, one] of cancelled) {
        if (isDoubtful(one) || isDoubtful(other) || newest.get(keyOf(other)) !== other.orderId) continue
        const who = [...evidence.world.appliances.values()].find(({ peer }) => peer === other.to)
        evidence.expect(
          who === undefined || hasIt(who, other) || newest.get(keyOf(one)) !== one.orderId,
          name,
          () =>
            `${evidence.nameOf(other.to)} was told not to begin with ${evidence.titleOf(other.patch)}, which ${evidence.nameOf(one.to)} has, and was not ordered again`,
        )
      }
    },
    performed(who, effect) {
      if (effect.kind === 'run-step' && effect.step === 'install') begins(who)
      for (const report of writtenReports(who, effect)) said(who, report)
    },
  }
}
