/**
 * The end of an attempt: it is told, what the other members have promised for it is given back, and its place is free for the
 * next order in line, which begins when the event is dealt with (step.ts).
 */
import type { Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect } from '../events.ts'
import { lookAfterRun } from '../looking-again.ts'
import { type Ending, report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, replicaOf } from './attempt.ts'
import { release } from './releasing.ts'

export function end(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
  const { publication } = replicaOf(state, attempt.order)
  state.orders.attempt = null
  const ended = [...report(state, attempt.order, ending), ...release(state, attempt.order.orderId)]
  return attempt.tries === 0 ? ended : [...ended, ...lookAfterRun(state, publication)]
}

export function refusalLog(refusal: Refusal): AgentEffect {
  return { kind: 'log', line: `order refused: ${refusal.message}`, fields: { code: refusal.refused } }
}
