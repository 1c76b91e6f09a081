/**
 * Whether the other members of the group may count on this appliance. After an install that failed and could not be put back
 * they may not, until an order for a version of the same patch ends well here: that it lies there says nothing of its health.
 */
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { leasesEntry } from '../ledger.ts'
import type { AgentState } from '../state.ts'

export function broke(state: AgentState, { name, version }: Publication, why: string): AgentEffect[] {
  return mayNotServe(state, name, `since ${name}@${version} failed: ${why}`)
}

export function cannotTakeBack(state: AgentState, { name, version }: Publication, why: string): AgentEffect[] {
  return mayNotServe(state, name, `since it could not take service back after ${name}@${version}: ${why}`)
}

function mayNotServe(state: AgentState, name: Publication['name'], why: string): AgentEffect[] {
  const reason = `may not serve until an order for ${name} ends well on it, ${why}`
  state.leases.broken = { name, reason: reason.slice(0, MAX_SENTENCE_CHARACTERS) }
  return [{ kind: 'record', entries: [leasesEntry(state)] }]
}

/** By a version of this patch. */
export function isBroken(state: AgentState, { name }: Publication): boolean {
  return state.leases.broken?.name === name
}

export function mended(state: AgentState, publication: Publication): AgentEffect[] {
  if (!isBroken(state, publication)) return []
  state.leases.broken = null
  return [{ kind: 'record', entries: [leasesEntry(state)] }]
}
