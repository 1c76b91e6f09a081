/**
 * What a patch that is there and healthy still waits for before it counts: another start of the machine, where it
 * declares a reboot, and then the end of its soak. Each is in the ledger before it is told, so it goes on after a restart
 * of the agent; each has its end in words, and no timer makes anything count that was not seen again at that end.
 */
import type { Publication } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { restartsEntry } from '../ledger.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter } from './attempt.ts'
import { soakLeftMs, soakMs } from './policies/soak.ts'

/** Enters the next wait and says why; null where nothing is waited for any more. */
export function waitFor(state: AgentState, attempt: Attempt, publication: Publication): string | null {
  if (state.restarts.has(publication.sha256)) enter(attempt, 'restarting')
  else if (soakMs(publication.manifest) > 0 && attempt.soakEndsAt === null) {
    enter(attempt, 'soaking')
    attempt.soakEndsAt = state.clock.wallMs + soakMs(publication.manifest)
    attempt.soakEndsAtMs = state.clock.monotonicMs + soakMs(publication.manifest)
  } else return null
  return whyWaiting(attempt, publication)
}

export function whyWaiting({ phase, soakEndsAt }: Attempt, { version, manifest }: Publication): string {
  if (phase === 'restarting') return `version ${version} is there, and counts after a restart: restart this appliance`
  const until = new Date(soakEndsAt ?? 0).toISOString()
  return `version ${version} is there and healthy, and is watched until ${until}: the patch asks for ${manifest.verify.soakSeconds} seconds`
}

/** Before the installer starts: under which boot, so that it is known whether there was another one. */
export function restartWanted(state: AgentState, { sha256, manifest }: Publication): AgentEffect[] {
  const bootId = state.machine?.bootId ?? null
  if (manifest.impact.restart !== 'reboot' || bootId === null || state.restarts.has(sha256)) return []
  state.restarts.set(sha256, { bootId, sinceMs: state.clock.wallMs })
  return [{ kind: 'record', entries: [restartsEntry(state)] }]
}

/** What was taken back waits for nothing. */
export function restartNotWanted(state: AgentState, { sha256 }: Publication): AgentEffect[] {
  return state.restarts.delete(sha256) ? [{ kind: 'record', entries: [restartsEntry(state)] }] : []
}

/** Whether the machine has started again since the patch of this attempt was installed. */
export function hasWaited({ restarts, machine }: AgentState, { order }: Attempt): boolean {
  return machine !== null && !restarts.has(order.patch)
}

export function isSoakOver(state: AgentState, attempt: Attempt, { manifest }: Publication): boolean {
  const { monotonicMs, wallMs } = state.clock
  // After a restart of the agent: the other clock has begun anew.
  attempt.soakEndsAtMs ??= monotonicMs + soakLeftMs(manifest, attempt.soakEndsAt ?? wallMs, wallMs)
  return monotonicMs >= attempt.soakEndsAtMs
}
