/**
 * How the hooks of a planned switchover ended. One that fails before anything was interrupted ends the attempt, and so does
 * a restart of the agent in the middle of it: nothing was changed, and service is taken back. Taking back is tried three
 * times, across restarts; who cannot take its service back is not taken for one that serves until a person has mended it.
 */
import { assert } from '../../../protocol/assert.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import type { AgentEffect, Hook, Outcome } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, replicaOf } from './attempt.ts'
import { cannotTakeBack } from './broken.ts'
import { end, over, takeBack } from './ending.ts'
import { lease } from './leasing.ts'

const MAX_TAKE_BACKS = 3
const AGAIN_AFTER_MS = 10_000
const UNCHANGED = 'nothing was changed on this appliance'

export function hookEnded(state: AgentState, hook: Hook, outcome: Outcome): AgentEffect[] {
  const { attempt } = state.orders
  if (hook === 'release') return attempt?.phase === 'handing-over' ? released(state, attempt, outcome) : []
  return attempt?.phase === 'taking-back' ? tookBack(state, attempt, outcome) : []
}

function released(state: AgentState, attempt: Attempt, { ok, reason, output }: Outcome): AgentEffect[] {
  const { handsOverFor } = attempt
  if (!ok || handsOverFor === null) return inVain(state, attempt, { reason, output })
  // How long the hook took makes nothing old that was looked at before it.
  attempt.lookedAtMs = state.clock.monotonicMs
  return lease(state, attempt, handsOverFor)
}

/** After a restart: nobody knows how the hook ended. */
export function switchoverCutOff(state: AgentState, attempt: Attempt): AgentEffect[] {
  return inVain(state, attempt, { reason: 'the agent was started anew in the middle of the switchover', output: '' })
}

function inVain(state: AgentState, attempt: Attempt, { reason, output }: Pick<Outcome, 'reason' | 'output'>) {
  const words = `service was not handed over to a peer: ${reason}; ${UNCHANGED}`
  return end(state, attempt, { state: 'refused', refusal: 'switchover_failed', reason: words, output })
}

function tookBack(state: AgentState, attempt: Attempt, { ok, reason, output }: Outcome): AgentEffect[] {
  const { takingBack } = attempt
  if (takingBack === null) return []
  if (ok) return over(state, attempt, takingBack.ending)
  if (takingBack.tries >= MAX_TAKE_BACKS) return endWithoutTakingBack(state, attempt, { reason, output })
  attempt.retryAtMs = state.clock.monotonicMs + AGAIN_AFTER_MS
  const times = `after ${takingBack.tries} of ${MAX_TAKE_BACKS} times`
  const words = `cannot take service back yet, tries again in ${AGAIN_AFTER_MS / 1000} seconds ${times}: ${reason}`
  return report(state, attempt.order, { state: attempt.tries === 0 ? 'preflight' : 'verifying', reason: words, output })
}

export function takeBackAgain(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { takingBack } = attempt
  if (takingBack === null) return []
  // Somebody has taken the hook out of the configuration meanwhile.
  if (state.settings.hookSeconds.takeBack === null) return over(state, attempt, takingBack.ending)
  return takingBack.tries >= MAX_TAKE_BACKS
    ? endWithoutTakingBack(state, attempt, { reason: 'the agent was started anew while its hook ran', output: '' })
    : takeBack(state, attempt, takingBack)
}

/** It has the patch or not, and does not serve: its peer must not begin. */
function endWithoutTakingBack(
  state: AgentState,
  attempt: Attempt,
  { reason, output }: Pick<Outcome, 'reason' | 'output'>,
): AgentEffect[] {
  const { takingBack } = attempt
  assert(takingBack !== null, 'whoever takes service back knows how the attempt ends then')
  const { ending } = takingBack
  const start = `service could not be taken back: ${reason}; mend that and order the patch again; before that it was ${ending.state}: `
  const told = (start + ending.reason).slice(0, MAX_SENTENCE_CHARACTERS)
  const reached = ending.state === 'installed' ? 'failed' : ending.state
  const { publication } = replicaOf(state, attempt.order)
  return [
    ...cannotTakeBack(state, publication, reason),
    ...over(state, attempt, { ...ending, state: reached, reason: told, output: output || (ending.output ?? '') }),
  ]
}
