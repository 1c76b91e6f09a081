/**
 * Waiting for the copy that an order installs: a tenant appliance copies it from its depot first, and whoever finds that
 * its copy is not right any more has it mended before anything else. It ends when the copy is proven, or with the order.
 */
import { refuse } from '../../../protocol/refusals.ts'
import type { AgentEffect } from '../events.ts'
import { enter as enterCopy } from '../replica.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter } from './attempt.ts'
import { lackingCopies } from './continuing.ts'

/** Nothing was begun with a copy that was found not to be right. */
export const IS_MENDED = refuse(
  'not_replicated',
  'the copy on this appliance was found not to be right, and is mended first',
)

/** `reason` says from where it comes, or why it comes again. */
export function stage(state: AgentState, attempt: Attempt, reason: string): AgentEffect[] {
  enter(attempt, 'staging')
  for (const patch of lackingCopies(state, attempt.order)) {
    const replica = state.replicas.get(patch)
    if (replica?.phase.name === 'described') enterCopy(replica, { name: 'waiting', reason: 'ordered' })
  }
  return report(state, attempt.order, { state: 'staging', reason })
}
