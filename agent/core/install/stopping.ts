/**
 * A person at the appliance stops an order. That is for what has not begun to change anything: it waits in line, for its
 * copy, or while it is looked what is there. Then it ends as refused, so the Service Center and everybody who looks there
 * learn who stopped it. What an installer has begun is never cut off here: it is finished or put back.
 */
import { unreachable } from '../../../protocol/assert.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { AgentEffect, AgentEvent } from '../events.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, replicaOf } from './attempt.ts'
import { end } from './ending.ts'
import { leaveLine } from './following.ts'

export function stopAsked(
  state: AgentState,
  { visitor, order: wanted, by }: Extract<AgentEvent, { kind: 'stop-asked' }>,
): AgentEffect[] {
  const found = toStop(state, wanted)
  if (isRefusal(found)) return [{ kind: 'answer-visitor', visitor, answer: found }]
  const answer = { stopped: found.orderId, title: titleOf(state, found) }
  const line = `an order was stopped at this appliance: ${answer.title}`
  return [
    ...stop(state, found, by),
    { kind: 'log', line, fields: { order: found.orderId, by } },
    { kind: 'answer-visitor', visitor, answer },
  ]
}

/** Whether nothing of it has been changed yet, nor of what a first try has to put back. */
export function isStoppable({ phase, tries, gaveUp }: Attempt): boolean {
  switch (phase) {
    case 'staging':
    case 'preflight':
    case 'leasing':
      return tries === 0 && !gaveUp
    case 'installing':
    case 'on-trial':
    case 'verifying':
    case 'restarting':
    case 'soaking':
    case 'reverting':
    case 'handing-over':
    case 'taking-back':
      return false
    default:
      return unreachable(phase)
  }
}

/** Without a name it is the one under way. */
function toStop(state: AgentState, wanted: Order['orderId'] | null): Order | Refusal {
  const { attempt, queue } = state.orders
  if (wanted === null && attempt === null) {
    // It waits for another member of the group.
    return queue[0] ?? refuse('not_found', 'no order is under way on this appliance, so there is none to stop')
  }
  if (attempt !== null && (wanted === null || attempt.order.orderId === wanted)) {
    const begun = `${titleOf(state, attempt.order)} has begun to change this appliance (${attempt.phase})`
    return isStoppable(attempt) ? attempt.order : refuse('already_begun', `${begun}, so it is not stopped`)
  }
  const waits = queue.find(({ orderId }) => orderId === wanted)
  return waits ?? refuse('not_found', `order ${wanted} is not under way on this appliance, and does not wait in line`)
}

function stop(state: AgentState, order: Order, by: string): AgentEffect[] {
  const reason = `${by} stopped it at the appliance, before it changed anything there`
  const ending = { state: 'refused', reason, refusal: 'stopped_at_appliance' } as const
  const { attempt } = state.orders
  if (attempt?.order.orderId === order.orderId) return end(state, attempt, ending)
  return leaveLine(state, order, ending)
}

function titleOf(state: AgentState, order: Order): string {
  const { name, version } = replicaOf(state, order).publication
  return `${name} ${version}`
}
