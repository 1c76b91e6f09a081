/**
 * Whether an order for this appliance is new, in time and within its membership, agreed to by whom the policy asks, and names a patch that is known here:
 * all that can be judged of it before anything is looked at.
 */
import { assert } from '../../../protocol/assert.ts'
import { MAX_QUEUED_ORDERS } from '../../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import { isGivenUp } from '../replica.ts'
import type { AgentState } from '../state.ts'
import { replicaOf } from './attempt.ts'
import { judgeNewOrder } from './authorized.ts'
import { judgeTime } from './policies/order-time.ts'

/** Null when it is. */
export function judgeOrder(state: AgentState, order: Order): Refusal | null {
  const { membership } = state
  assert(membership !== null, 'only a member is ordered anything')
  if (order.sequence <= state.orders.sequence) {
    return refuse('replayed', `the order has sequence ${order.sequence}, and ${state.orders.sequence} has been seen`)
  }
  if (order.organization !== membership.organization || order.dataCenter !== membership.dataCenter) {
    return refuse('wrong_scope', `the order is for ${order.organization} in ${order.dataCenter}`)
  }
  const late = judgeTime(order, state.clock.wallMs, state.clockAheadMs)
  if (isRefusal(late)) return late
  if (state.orders.queue.length >= MAX_QUEUED_ORDERS) {
    return refuse('too_many_orders', `${MAX_QUEUED_ORDERS} orders wait on this appliance already`)
  }
  const unknown = [order.patch, ...order.stages].find((patch) => {
    const replica = state.replicas.get(patch)
    return replica === undefined || isGivenUp(replica)
  })
  if (unknown === undefined) return judgeNewOrder(state, order, replicaOf(state, order).publication)
  return state.withdrawn.has(unknown)
    ? refuse('withdrawn', 'the patch was withdrawn')
    : refuse('not_found', `no publication of patch ${unknown} is known here`)
}
