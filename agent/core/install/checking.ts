/**
 * Asking the checks of the appliance's operator: before anything is changed, and after each verification of the new
 * version, so at the end of its soak too. What they said before is in the ledger when the installer starts, and is never
 * asked anew for a second try; policies/checks.ts says what the difference means.
 */
import { MAX_REPORTED_OUTPUT_BYTES } from '../../../protocol/limits.ts'
import type { AgentEffect, Outcome } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import type { Attempt } from './attempt.ts'
import { checkLines } from './policies/checks.ts'

/** Whether they are to be asked before this attempt goes on: not for a second try, after what the first one did. */
export function asksBefore({ settings }: AgentState, { failure }: Attempt): boolean {
  return settings.checks.length > 0 && failure === null
}

/** `verified`: how the verification ended after which they are asked. */
export function askChecks(state: AgentState, attempt: Attempt, verified: Outcome | null): AgentEffect[] {
  state.roundsOfChecks += 1
  const round = state.roundsOfChecks
  attempt.checks.asked = { round, verified }
  return [{ kind: 'run-checks', round }]
}

/** Says what is waited for, and looks again. */
export function waitForChecks(
  state: AgentState,
  attempt: Attempt,
  { why, againMs, atMostMs }: { why: string; againMs: number; atMostMs: number },
): AgentEffect[] {
  const { wallMs, monotonicMs } = state.clock
  attempt.checks.waitsSinceMs ??= monotonicMs
  attempt.retryAtMs = monotonicMs + againMs
  const until = new Date(wallMs + attempt.checks.waitsSinceMs + atMostMs - monotonicMs).toISOString()
  const reason = `waits until ${until} at the latest and looks again every ${againMs / 1000} seconds: ${why}`
  const told = attempt.phase === 'preflight' ? 'preflight' : 'verifying'
  return report(state, attempt.order, { state: told, reason, output: checksOutput(attempt) })
}

export function checksOutput({ checks: { before, after } }: Attempt): string {
  return checkLines(before, after).slice(0, MAX_REPORTED_OUTPUT_BYTES)
}

/** How long they may take at most. */
export function checksTakeMs({ settings }: AgentState): number {
  return settings.checks.reduce((sum, { timeoutSeconds }) => sum + timeoutSeconds * 1000, 0)
}
