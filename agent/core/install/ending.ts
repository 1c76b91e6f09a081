/**
 * The end of an attempt: service that was given up is taken back, it is told, what the other members have promised for it is
 * given back or goes on to the order that continues it, and its place is free for the next order in line, which begins when
 * the event is dealt with (step.ts).
 */
import type { Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect } from '../events.ts'
import { lookAfterRun } from '../looking-again.ts'
import { type Ending, report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter, replicaOf } from './attempt.ts'
import { carryLease } from './continuing.ts'
import { whyAfter } from './following.ts'
import { release } from './releasing.ts'

/** Whoever has given up service takes it back first, where there is a hook for that. */
export function end(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
  const takesBack = attempt.gaveUp && state.settings.hookSeconds.takeBack !== null
  return takesBack ? takeBack(state, attempt, { ending, tries: 0 }) : over(state, attempt, ending)
}

/** Starts the hook; `taking-back` is in the ledger first, with how often that was. */
export function takeBack(
  state: AgentState,
  attempt: Attempt,
  { ending, tries }: NonNullable<Attempt['takingBack']>,
): AgentEffect[] {
  enter(attempt, 'taking-back')
  attempt.takingBack = { ending, tries: tries + 1 }
  const reached = attempt.tries === 0 ? 'preflight' : 'verifying'
  const reason = `takes service back: the hook of this appliance's operator runs; then it ends ${ending.state}: ${ending.reason}`
  return [...report(state, attempt.order, { state: reached, reason }), { kind: 'run-hook', hook: 'takeBack' }]
}

export function over(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
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
