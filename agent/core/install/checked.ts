/**
 * What the operator's checks have said, and what follows. Before an install: it begins, or waits for those that must pass,
 * and is refused when they do not come to be good. After it: it goes on, or what has become worse is waited for a little,
 * as a service that is still coming up, and then the patch is put back.
 */
import type { AgentEffect, CheckResult, Outcome } from '../events.ts'
import type { AgentState } from '../state.ts'
import type { Attempt } from './attempt.ts'
import { checksOutput, waitForChecks } from './checking.ts'
import { end } from './ending.ts'
import { verified } from './installing.ts'
import { WAITED_BEFORE_MS, waitedAfterMs, whyNotBegin, whyWorse } from './policies/checks.ts'
import { judgeTime } from './policies/order-time.ts'
import { beginChecked } from './preflighting.ts'
import { refused, revert } from './reverting.ts'

const AGAIN_BEFORE_MS = 30_000
const AGAIN_AFTER_MS = 10_000

/** An answer to an earlier question, or to one of an order that was stopped, counts for nothing. */
export function checked(state: AgentState, round: number, results: readonly CheckResult[]): AgentEffect[] {
  const { attempt } = state.orders
  const asked = attempt?.checks.asked ?? null
  if (attempt === null || asked === null || asked.round !== round) return []
  attempt.checks.asked = null
  return asked.verified === null
    ? checkedBefore(state, attempt, results)
    : checkedAfter(state, attempt, { results, outcome: asked.verified })
}

function checkedBefore(state: AgentState, attempt: Attempt, results: readonly CheckResult[]): AgentEffect[] {
  const { clock, settings } = state
  attempt.checks.before = results
  const why = whyNotBegin(settings.checks, results)
  // How long they took makes nothing old that was looked at before them.
  attempt.lookedAtMs = clock.monotonicMs
  const late = judgeTime(attempt.order, clock.wallMs, state.clockAheadMs)
  if (late !== null) return refused(state, attempt, late)
  if (why === null) {
    attempt.checks.waitsSinceMs = null
    return beginChecked(state, attempt, 'install')
  }
  if (!isOver(state, attempt, WAITED_BEFORE_MS))
    return waitForChecks(state, attempt, { why, againMs: AGAIN_BEFORE_MS, atMostMs: WAITED_BEFORE_MS })
  const reason = `${why}; nothing was changed on this appliance`
  return end(state, attempt, { state: 'refused', refusal: 'check_failed', reason, output: checksOutput(attempt) })
}

function checkedAfter(
  state: AgentState,
  attempt: Attempt,
  { results, outcome }: { results: readonly CheckResult[]; outcome: Outcome },
): AgentEffect[] {
  attempt.checks.after = results
  const why = whyWorse(attempt.checks.before, results)
  if (why === null) {
    attempt.checks.waitsSinceMs = null
    return verified(state, attempt, outcome)
  }
  const atMostMs = waitedAfterMs(state.settings.checks, attempt.checks.before, results)
  if (!isOver(state, attempt, atMostMs))
    return waitForChecks(state, attempt, { why, againMs: Math.min(AGAIN_AFTER_MS, atMostMs), atMostMs })
  const output = checksOutput(attempt)
  return revert(state, attempt, 'verify', { ok: false, reason: why, output, temporary: false })
}

function isOver({ clock }: AgentState, { checks: { waitsSinceMs } }: Attempt, atMostMs: number): boolean {
  return atMostMs === 0 || (waitsSinceMs !== null && clock.monotonicMs - waitsSinceMs >= atMostMs)
}
