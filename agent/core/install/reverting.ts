/**
 * How long an appliance goes on putting back what was there: a revert that fails for now (somebody holds dpkg's lock) is
 * tried again with growing waits, across restarts, and says meanwhile what is in the way. Between two tries nothing of
 * the attempt runs. After the last one the attempt has failed, and a person has to decide.
 */
import { assert } from '../../../protocol/assert.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import type { Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect, Outcome } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter, replicaOf } from './attempt.ts'
import { broke, mended } from './broken.ts'
import { end } from './ending.ts'
import { restartNotWanted } from './waiting.ts'

const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 5 * 60_000
/** Somebody who upgrades a whole machine by hand is done within the two hours that these take. */
export const MAX_REVERTS = 28

export type AfterRevert =
  | { readonly next: 'again'; readonly waitMs: number; readonly reason: string }
  /** `reverted` is said only of a patch that was installed and taken back; an installer that failed is `failed`. */
  | { readonly next: 'end'; readonly state: 'reverted' | 'failed'; readonly reason: string }

/** `failedReverts` counts those that failed for now, with this one if it did. */
export function afterRevert(
  { step, outcome: { reason: why } }: NonNullable<Attempt['failure']>,
  outcome: Outcome,
  failedReverts: number,
): AfterRevert {
  if (outcome.ok) return { next: 'end', state: step === 'verify' ? 'reverted' : 'failed', reason: both(why, outcome) }
  if (!outcome.temporary) return { next: 'end', state: 'failed', reason: both(why, outcome) }
  if (failedReverts >= MAX_REVERTS) {
    const word = `; this was tried ${MAX_REVERTS} times; order the patch again to have it tried once more`
    return { next: 'end', state: 'failed', reason: both(why, outcome, word) }
  }
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failedReverts - 1))
  const when = `tries again in ${waitMs / 1000} seconds, after ${failedReverts} of ${MAX_REVERTS} times`
  const start = `cannot put back yet what was there: ${outcome.reason}; ${when}; the install failed: `
  return { next: 'again', waitMs, reason: start + cut(why, MAX_SENTENCE_CHARACTERS - start.length) }
}

/** Why the patch failed, and what putting back came to. */
function both(why: string, { ok, reason }: Outcome, word = ''): string {
  const end = `; ${ok ? '' : 'what was there could not be put back: '}${reason}${word}`
  return cut(why, MAX_SENTENCE_CHARACTERS - end.length) + end
}

/** What is there now, and what to do, matter more than the end of a long reason. */
function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(0, characters - 2))} …`
}

export function revert(
  state: AgentState,
  attempt: Attempt,
  step: 'install' | 'verify',
  outcome: Outcome,
): AgentEffect[] {
  enter(attempt, 'reverting')
  attempt.failure = { step, outcome }
  return [
    ...report(state, attempt.order, {
      state: 'verifying',
      reason: `puts back what was there, because: ${outcome.reason}`,
      output: outcome.output,
    }),
    { kind: 'run-step', step: 'revert', publication: replicaOf(state, attempt.order).publication },
  ]
}

export function reverted(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  const { failure, order } = attempt
  assert(failure !== null, 'nothing is reverted without a failure')
  if (!outcome.ok && outcome.temporary) attempt.failedReverts += 1
  const after = afterRevert(failure, outcome, attempt.failedReverts)
  if (after.next === 'again') {
    attempt.retryAtMs = state.clock.monotonicMs + after.waitMs
    return report(state, order, { state: 'verifying', reason: after.reason, output: outcome.output })
  }
  const { publication } = replicaOf(state, order)
  const output = failure.outcome.output || outcome.output
  const noted = outcome.ok
    ? [...restartNotWanted(state, publication), ...mended(state, publication)]
    : broke(state, publication, after.reason)
  return [...noted, ...end(state, attempt, { state: after.state, reason: after.reason, output })]
}

export function revertAgain(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { failure } = attempt
  return failure === null ? [] : revert(state, attempt, failure.step, failure.outcome)
}

/** What a first try has begun is put back, also when there may be no second one. */
export function refused(
  state: AgentState,
  attempt: Attempt,
  { refused: refusal, message: reason }: Refusal,
  installedVersion: string | null = null,
): AgentEffect[] {
  const { failure } = attempt
  if (failure === null) return end(state, attempt, { state: 'refused', reason, refusal, installedVersion })
  const why = `${failure.outcome.reason}; it is not tried again: ${reason}`
  return revert(state, attempt, failure.step, { ...failure.outcome, reason: why })
}
