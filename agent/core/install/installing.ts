/**
 * Carrying out orders: one at a time, each at most once, and never a patch whose copy here is not proven. The attempt
 * is in the ledger before its step begins (attempt.ts), so after a crash it goes on from there: an installer that was
 * started is never started again, what it left is verified, and reverted if it is not right.
 *
 * What verifies well waits for a restart of the machine and for the end of a soak where the manifest asks for them, is verified
 * again, and only then counts; waiting.ts decides that.
 */
import { unreachable } from '../../../protocol/assert.ts'
import { SERVICE_PROVIDER, type Sha256 } from '../../../protocol/identifiers.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { AgentEffect, Found, InstallStep, Outcome } from '../events.ts'
import { restartSentence } from '../machine.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter, isOrdered, newAttempt, replicaOf } from './attempt.ts'
import { takeAuthorization } from './authorized.ts'
import { mended } from './broken.ts'
import { askChecks, checksOutput } from './checking.ts'
import { carriedLease, endingBehind, lackingCopies } from './continuing.ts'
import { end, refusalLog } from './ending.ts'
import { askHowItEnded } from './following.ts'
import { nextInLine, whyInLine } from './in-line.ts'
import { judgeOrder } from './judging-orders.ts'
import { noteFound, placeOf } from './looking.ts'
import { judgePlace } from './policies/applicability.ts'
import { differenceWords } from './policies/checks.ts'
import { preflight } from './preflight.ts'
import { refused, revert, reverted } from './reverting.ts'
import { verify } from './running.ts'
import { stage } from './staging.ts'
import { waitFor } from './waiting.ts'

/** An error that the installer calls temporary is waited out once. */
const RETRY_AFTER_MS = 10_000
const MAX_TRIES = 2

export function orderArrived(state: AgentState, order: Order): AgentEffect[] {
  const refusal = judgeOrder(state, order)
  if (refusal?.refused === 'replayed') return [refusalLog(refusal)]
  state.orders.sequence = order.sequence
  if (refusal !== null) {
    return [
      refusalLog(refusal),
      ...report(state, order, { state: 'refused', reason: refusal.message, refusal: refusal.refused }),
    ]
  }
  if (state.orders.cancelled.includes(order.orderId)) {
    state.orders.cancelled = state.orders.cancelled.filter((id) => id !== order.orderId)
    return report(state, order, { state: 'cancelled', reason: 'it was cancelled before it came to this appliance' })
  }
  const taken = takeAuthorization(state, order, replicaOf(state, order).publication)
  state.orders.queue.push(order)
  const begun = [...taken, ...beginNext(state)]
  if (!state.orders.queue.includes(order)) return begun
  const queued = report(state, order, { state: 'queued', reason: whyInLine(state, order) })
  return [...begun, ...queued, ...askHowItEnded(state, order)]
}

/** Each in line that can end at once does; the first that cannot has the place. */
export function beginNext(state: AgentState): AgentEffect[] {
  const effects: AgentEffect[] = []
  while (state.orders.attempt === null) {
    const order = nextInLine(state)
    if (order === undefined) break
    effects.push(...beginOne(state, order))
  }
  return effects
}

function beginOne(state: AgentState, order: Order): AgentEffect[] {
  state.orders.queue = state.orders.queue.filter((other) => other !== order)
  const replica = replicaOf(state, order)
  const attempt = newAttempt(order, state.clock.wallMs)
  attempt.lease = carriedLease(state, order)
  state.orders.attempt = attempt
  const behind = endingBehind(state, order)
  if (behind !== null) return end(state, attempt, behind)
  // What is not meant for this place need not be copied first; before the machine was looked at nobody knows that.
  const place = state.machine === null ? null : placeOf(state)
  const misplaced = place === null ? null : judgePlace(replica.publication.manifest, place)
  if (misplaced !== null) return refused(state, attempt, misplaced)
  if (lackingCopies(state, order).length === 0) return preflight(state, attempt)
  if (state.membership?.kind === SERVICE_PROVIDER) {
    return end(state, attempt, {
      state: 'refused',
      reason:
        replica.phase.name === 'held'
          ? 'this appliance holds no proven copy of a patch that is to go on from it'
          : 'this appliance holds no proven copy of the patch',
      refusal: 'not_replicated',
    })
  }
  return stage(state, attempt, 'copies the patch from the depot of its Data Center')
}

/** The copy that an order waited for is proven. */
export function staged(state: AgentState, patch: Sha256): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.phase !== 'staging' || !isOrdered(state, patch)) return []
  return lackingCopies(state, attempt.order).length === 0 ? preflight(state, attempt) : []
}

export function stepEnded(state: AgentState, step: InstallStep, patch: Sha256, outcome: Outcome): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.order.patch !== patch) return []
  switch (attempt.phase) {
    case 'installing':
      if (step !== 'install') return []
      if (outcome.ok) return verify(state, attempt)
      if (outcome.temporary && attempt.tries < MAX_TRIES) return retryLater(state, attempt, outcome)
      if (outcome.untouched === true) return untouched(state, attempt, outcome)
      return revert(state, attempt, 'install', outcome)
    case 'verifying':
      if (step !== 'verify') return []
      if (!outcome.ok) return revert(state, attempt, 'verify', outcome)
      return state.settings.checks.length > 0 ? askChecks(state, attempt, outcome) : verified(state, attempt, outcome)
    case 'reverting':
      return step === 'revert' ? reverted(state, attempt, outcome) : []
    case 'staging':
    case 'preflight':
    case 'leasing':
    case 'on-trial':
    case 'restarting':
    case 'soaking':
    case 'handing-over':
    case 'taking-back':
      return []
    default:
      return unreachable(attempt.phase)
  }
}

/** There and healthy now: what the manifest lets it wait for comes first, and then it is looked at once more. */
export function verified(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  const { publication } = replicaOf(state, attempt.order)
  const reason = waitFor(state, attempt, publication)
  return reason === null
    ? installed(state, attempt, outcome)
    : report(state, attempt.order, { state: 'verifying', reason, installedVersion: publication.version })
}

/** The verification judged by detection, so the version is the one that was found. */
function installed(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  const { publication } = replicaOf(state, attempt.order)
  const { version } = publication
  const { before, after } = attempt.checks
  const seen: Found = { result: 'installed', installedVersion: version, reason: outcome.reason }
  const words = [outcome.reason, differenceWords(before, after), restartSentence(state.machine)]
  const reason = words.filter((part) => part !== '').join('; ')
  return [
    ...noteFound(state, attempt.order.patch, seen),
    { kind: 'tidy', publication },
    ...mended(state, publication),
    ...end(state, attempt, { state: 'installed', reason, installedVersion: version, output: checksOutput(attempt) }),
  ]
}

/** The installer found beforehand what stands against it: nothing was changed, so nothing is put back. */
function untouched(state: AgentState, attempt: Attempt, { reason, output }: Outcome): AgentEffect[] {
  return end(state, attempt, {
    ...{ state: 'refused', refusal: 'not_installable', output },
    reason: `${reason}; nothing was changed on this appliance`,
  })
}

function retryLater(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  enter(attempt, 'preflight')
  attempt.failure = { step: 'install', outcome }
  attempt.retryAtMs = state.clock.monotonicMs + RETRY_AFTER_MS
  return report(state, attempt.order, {
    state: 'preflight',
    reason: `tries once more in 10 seconds: ${outcome.reason}`,
    output: outcome.output,
  })
}
