/**
 * The Service Center asks a tenant appliance to copy a patch ahead of the order that will install it, so that the copy is
 * proven when the maintenance window opens. It permits nothing but the copy: what is installed, and when, is in orders
 * alone. Asked twice, or again after a restart in the middle, it changes nothing more.
 */
import type { Staging } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { pull } from '../pulling.ts'
import { enter } from '../replica.ts'
import type { AgentState } from '../state.ts'

export function copyAhead(state: AgentState, said: Staging): AgentEffect[] {
  const replica = state.replicas.get(said.patch)
  if (replica?.phase.name !== 'described') return []
  const opens = new Date(said.opensAt).toISOString()
  enter(replica, { name: 'waiting', reason: `is copied ahead of its maintenance window, which opens at ${opens}` })
  return pull(state)
}
