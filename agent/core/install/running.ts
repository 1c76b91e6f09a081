/** Starting what an installer does. The phase is in the ledger, with the lease, before anything runs under it. */
import { assert } from '../../../protocol/assert.ts'
import type { AgentEffect } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Asking, type Attempt, enter, replicaOf } from './attempt.ts'
import { judgeAuthorized } from './authorized.ts'
import { refused } from './reverting.ts'
import { restartWanted } from './waiting.ts'

/** Nothing is in the way any more. */
export function leased(
  state: AgentState,
  attempt: Attempt,
  { follows, number }: { follows: Asking['follows']; number: number | null },
): AgentEffect[] {
  attempt.lease = number
  if (follows === 'verify') return verify(state, attempt)
  const unauthorized = judgeAuthorized(state, attempt.order, replicaOf(state, attempt.order).publication)
  return unauthorized === null ? install(state, attempt) : refused(state, attempt, unauthorized)
}

function install(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { publication, phase } = replicaOf(state, attempt.order)
  assert(phase.name === 'held', 'nothing is installed but a copy that was proven')
  enter(attempt, 'installing')
  attempt.tries += 1
  return [
    ...restartWanted(state, publication),
    ...report(state, attempt.order, { state: 'installing', reason: 'the installer runs' }),
    { kind: 'run-step', step: 'install', publication },
  ]
}

export function verify(state: AgentState, attempt: Attempt): AgentEffect[] {
  enter(attempt, 'verifying')
  return [
    ...report(state, attempt.order, {
      state: 'verifying',
      reason: 'looks whether the new version is there and healthy',
    }),
    { kind: 'run-step', step: 'verify', publication: replicaOf(state, attempt.order).publication },
  ]
}
