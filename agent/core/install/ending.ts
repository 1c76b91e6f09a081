/**
 * The end of an attempt: it is told, what the other members have promised for it is given back or goes on to the order that
 * continues it, and its place is free for the next order in line, which begins when the event is dealt with (step.ts).
 */
import type { Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect } from '../events.ts'
import { lookAfterRun } from '../looking-again.ts'
import { type Ending, report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, replicaOf } from './attempt.ts'
import { carryLease } from './continuing.ts'
import { whyAfter } from './following.ts'
import { release } from './releasing.ts'

export function end(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
  const { publication } = replicaOf(state, attempt.order)
  state.orders.attempt = null
  const told = report(state, attempt.order, ending)
  const next = state.orders.queue.find(({ continues }) => continues === attempt.order.orderId)
  const carried = next === undefined || whyAfter(state, next) !== null ? null : carryLease(state, attempt.order, next)
  const ended = [...told, ...(carried ?? release(state, attempt.order.orderId))]
  return attempt.tries === 0 ? ended : [...ended, ...lookAfterRun(state, publication)]
}

export function refusalLog(refusal: Refusal): AgentEffect {
  return { kind: 'log', line: `order refused: ${refusal.message}`, fields: { code: refusal.refused } }
}
