/**
 * Waiting for the copies that an order needs: a tenant appliance copies them from its depot first, and whoever finds that
 * one is not right any more has it mended before anything else. It ends when they are proven, or with the order.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { enter as enterCopy } from '../replica.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter } from './attempt.ts'
import { lackingCopies } from './continuing.ts'

/** Each copy was held once, and may have been found not to be right since. Null where nothing is to be mended. */
export function whyMendedFirst(state: AgentState, order: Order): Refusal | null {
  const lacking = lackingCopies(state, order)
  if (lacking.length === 0) return null
  const whose = lacking.includes(order.patch) ? '' : ' of a patch that is to go on from it'
  return refuse('not_replicated', `the copy${whose} on this appliance was found not to be right, and is mended first`)
}

/** `reason` says from where it comes, or why it comes again. */
export function stage(state: AgentState, attempt: Attempt, reason: string): AgentEffect[] {
  enter(attempt, 'staging')
  for (const patch of lackingCopies(state, attempt.order)) {
    const replica = state.replicas.get(patch)
    if (replica?.phase.name === 'described') enterCopy(replica, { name: 'waiting', reason: 'ordered' })
  }
  return report(state, attempt.order, { state: 'staging', reason })
}
