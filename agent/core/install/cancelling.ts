/**
 * The Service Center takes an order back, because its install was cancelled or has halted. That is for what has changed
 * nothing yet: it ends as cancelled, wherever it waits. What an installer has begun is never cut off; it is finished or put
 * back, and a member that comes after it follows. A cancellation may come before its order, and is kept for it.
 */
import { MAX_KEPT_CANCELLATIONS } from '../../../protocol/limits.ts'
import type { Cancellation } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { ordersEntry } from '../ledger.ts'
import type { Ending } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { end } from './ending.ts'
import { leaveLine } from './following.ts'
import { isStoppable } from './stopping.ts'

export function orderCancelled(state: AgentState, said: Cancellation): AgentEffect[] {
  const { orders } = state
  const { attempt } = orders
  if (orders.ended.some(({ order }) => order === said.order)) return []
  const ending: Ending = { state: 'cancelled', reason: `${said.reason}; nothing was changed on this appliance` }
  if (attempt?.order.orderId === said.order) {
    if (isStoppable(attempt)) return end(state, attempt, ending)
    const line = 'an order was cancelled that has begun to change this appliance: it is finished, or put back'
    return [{ kind: 'log', line, fields: { order: said.order } }]
  }
  const order = orders.queue.find(({ orderId }) => orderId === said.order)
  if (order !== undefined) return leaveLine(state, order, ending)
  orders.cancelled = [...orders.cancelled.filter((id) => id !== said.order), said.order].slice(-MAX_KEPT_CANCELLATIONS)
  return [{ kind: 'record', entries: [ordersEntry(state)] }]
}
