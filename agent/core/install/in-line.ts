/**
 * Orders in line: an appliance carries out one at a time, in the order in which they came; one that comes after an order
 * to another member of its group lets those behind it go first until that has ended. What goes on from the one that has
 * just ended, under its lease, goes before all others.
 */
import type { Order } from '../../../protocol/trust/statements.ts'
import type { AgentState } from '../state.ts'
import { carriedLease } from './continuing.ts'
import { whyAfter } from './following.ts'

/** Whose turn it is when the place is free. */
export function nextInLine(state: AgentState): Order | undefined {
  const ready = state.orders.queue.filter((order) => whyAfter(state, order) === null)
  return ready.find((order) => carriedLease(state, order) !== null) ?? ready[0]
}

/** What an order in line waits for. */
export function whyInLine(state: AgentState, order: Order): string {
  const { attempt } = state.orders
  const busy = attempt === null ? undefined : state.replicas.get(attempt.order.patch)?.publication
  return (
    whyAfter(state, order) ?? `waits until the install of ${busy?.name ?? 'another patch'} has ended on this appliance`
  )
}
