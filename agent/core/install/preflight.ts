/** The beginning of each attempt, and of each that has waited long: what is there is looked at. */
import type { AgentEffect } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter, replicaOf } from './attempt.ts'
import { looksFor } from './looking.ts'

export function preflight(state: AgentState, attempt: Attempt): AgentEffect[] {
  enter(attempt, 'preflight')
  const { publication } = replicaOf(state, attempt.order)
  const { all, now } = looksFor(state, publication)
  attempt.looksAt = all
  return [...report(state, attempt.order, { state: 'preflight', reason: 'looks what is installed' }), ...now]
}
