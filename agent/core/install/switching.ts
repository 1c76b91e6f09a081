/**
 * A planned switchover: before anything interrupts this appliance, a hook of its operator gives up its service to a peer
 * that has just promised to serve. That is in the ledger first. Whether a peer serves is asked once more when the hook has
 * ended (leasing.ts), and only its fresh answer lets anything begin.
 */
import { isOfAgent } from '../../../protocol/bundle/manifest.ts'
import type { AgentEffect } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Asking, type Attempt, enter, replicaOf } from './attempt.ts'

/** Once in an attempt; and not where an outage is allowed and nobody is there to hand over to. */
export function handsOver(state: AgentState, { gaveUp, order }: Attempt, { answers }: Asking): boolean {
  // What the appliance serves goes on while its agent is exchanged.
  if (isOfAgent(replicaOf(state, order).publication.manifest)) return false
  const isPromised = [...answers.values()].some(({ answer }) => answer === 'granted')
  return state.settings.hookSeconds.release !== null && !gaveUp && isPromised
}

export function handOver(state: AgentState, attempt: Attempt, { follows, number }: Asking): AgentEffect[] {
  enter(attempt, 'handing-over')
  attempt.gaveUp = true
  attempt.handsOverFor = follows
  attempt.lease = number
  const reason = "gives up its service to a peer that has promised to serve: the hook of this appliance's operator runs"
  return [...report(state, attempt.order, { state: 'preflight', reason }), { kind: 'run-hook', hook: 'release' }]
}
