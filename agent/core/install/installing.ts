/**
 * Carrying out orders: one at a time, each at most once, and never a patch whose copy here is not proven. The attempt
 * is in the ledger before its step begins, so after a crash it goes on from there: an installer that was started is
 * never started again, what it left is verified, and reverted if it is not right. How long a revert is tried is in
 * reverting.ts.
 *
 *     staging -> preflight -> installing -> verifying -> installed
 *                                 |          |  ^  ^
 *                                 |          |  |  +-- restarting, soaking
 *                                 +-> reverting -> failed | reverted
 *
 * What verifies well waits for a restart of the machine and for the end of a soak where the manifest asks for them, is verified
 * again, and only then counts; waiting.ts decides that.
 */
import { assert, unreachable } from '../../../protocol/assert.ts'
import { type Envelope, open } from '../../../protocol/envelope.ts'
import { SERVICE_PROVIDER, type Sha256 } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import { Order } from '../../../protocol/statements.ts'
import type { AgentEffect, Found, InstallStep, Outcome } from '../events.ts'
import { lookAfterRun, lookAt, looked } from '../looking-again.ts'
import { restartSentence } from '../machine.ts'
import type { Replica } from '../replica.ts'
import { type Ending, report } from '../reporting.ts'
import type { AgentState, Attempt } from '../state.ts'
import { decide } from './deciding.ts'
import { whyInLine } from './in-line.ts'
import { judgeOrder } from './judging-orders.ts'
import { looksFor, noteFound, placeOf } from './looking.ts'
import { judgePlace } from './policies/applicability.ts'
import { judgeTime } from './policies/order-time.ts'
import { afterRevert } from './reverting.ts'
import { IS_MENDED, stage } from './staging.ts'
import { restartNotWanted, restartWanted, waitFor } from './waiting.ts'

/** An error that the installer calls temporary is waited out once. */
const RETRY_AFTER_MS = 10_000
const MAX_TRIES = 2

export function orderArrived(state: AgentState, envelope: Envelope): AgentEffect[] {
  const order = open(Order, envelope, [state.root])
  if (isRefusal(order)) return [refusalLog(order)]
  const refusal = judgeOrder(state, order)
  if (refusal?.refused === 'wrong_addressee' || refusal?.refused === 'replayed') return [refusalLog(refusal)]
  state.orders.sequence = order.sequence
  if (refusal !== null) {
    return [
      refusalLog(refusal),
      ...report(state, order, { state: 'refused', reason: refusal.message, refusal: refusal.refused }),
    ]
  }
  state.orders.queue.push(order)
  if (state.orders.attempt === null) return beginNext(state)
  return report(state, order, { state: 'queued', reason: whyInLine(state) })
}

export function beginNext(state: AgentState): AgentEffect[] {
  const order = state.orders.queue.shift()
  if (order === undefined) return []
  const replica = replicaOf(state, order)
  const attempt: Attempt = {
    ...{ order, phase: 'preflight', looksAt: new Set(), failure: null, tries: 0, failedReverts: 0 },
    ...{ retryAtMs: null, soakEndsAt: null, soakEndsAtMs: null, told: { reason: '', at: state.clock.wallMs } },
  }
  state.orders.attempt = attempt
  // What is not meant for this place need not be copied first; before the machine was looked at nobody knows that.
  const place = state.machine === null ? null : placeOf(state)
  const misplaced = place === null ? null : judgePlace(replica.publication.manifest, place)
  if (misplaced !== null) return refused(state, attempt, misplaced)
  if (replica.phase.name === 'held') return preflight(state, attempt)
  if (state.membership?.kind === SERVICE_PROVIDER) {
    return end(state, attempt, {
      state: 'refused',
      reason: 'this appliance holds no proven copy of the patch',
      refusal: 'not_replicated',
    })
  }
  return stage(state, attempt, 'copies the patch from the depot of its Data Center')
}

/** The copy that an order waited for is proven. */
export function staged(state: AgentState, patch: Sha256): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.phase !== 'staging' || attempt.order.patch !== patch) return []
  return preflight(state, attempt)
}

export function preflight(state: AgentState, attempt: Attempt): AgentEffect[] {
  attempt.phase = 'preflight'
  attempt.retryAtMs = null
  const { publication } = replicaOf(state, attempt.order)
  const { all, now } = looksFor(state, publication)
  attempt.looksAt = all
  return [...report(state, attempt.order, { state: 'preflight', reason: 'looks what is installed' }), ...now]
}

/** What detection found: for the attempt under way, or only to be told. */
export function detected(state: AgentState, patch: Sha256, seen: Found): AgentEffect[] {
  const { attempt } = state.orders
  const isOlder = state.looking.asked?.patch === patch
  const told = [...noteFound(state, patch, seen), ...looked(state, patch)]
  if (attempt?.phase !== 'preflight' || attempt.retryAtMs !== null) return told
  if (isOlder && attempt.looksAt.has(patch)) return [...told, ...lookAt(state, patch)]
  const isLookedAt = attempt.looksAt.delete(patch)
  if (attempt.looksAt.size > 0 || !(isLookedAt || attempt.order.patch === patch)) return told
  const found = state.found.get(attempt.order.patch)
  return found === undefined ? told : [...told, ...carryOn(state, attempt, found)]
}

function carryOn(state: AgentState, attempt: Attempt, found: Found): AgentEffect[] {
  const { installedVersion } = found
  const { publication } = replicaOf(state, attempt.order)
  const decision = decide(state, attempt.order, publication, found)
  switch (decision.kind) {
    case 'is-installed': {
      if (attempt.tries > 0 && installedVersion === publication.version) return verify(state, attempt)
      const reason = found.reason || 'was installed already'
      return end(state, attempt, { state: 'installed', reason, installedVersion })
    }
    case 'verify':
      return verify(state, attempt)
    case 'refuse':
      return refused(state, attempt, decision.refusal, installedVersion)
    case 'install':
      return state.settings.judgesSignatures ? [{ kind: 'judge', publication }] : install(state, attempt)
    default:
      return unreachable(decision)
  }
}

/** What a first try has begun is put back, also when there may be no second one. */
function refused(
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

/** The Service Center may be in other hands: what no publisher that is listed here has signed is not installed. */
export function judged(state: AgentState, patch: Sha256, refusal: Refusal | null): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt?.order.patch !== patch || attempt.phase !== 'preflight' || attempt.retryAtMs !== null) return []
  // The answer is for an order that was stopped meanwhile: this one is judged once everything was looked at.
  if (attempt.looksAt.size > 0) return []
  const why = refusal ?? judgeTime(attempt.order, state.clock.wallMs, state.clockAheadMs)
  if (why === null) return install(state, attempt)
  return [refusalLog(why), ...refused(state, attempt, why)]
}

function install(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { publication, phase } = replicaOf(state, attempt.order)
  if (phase.name !== 'held' && attempt.failure !== null) return refused(state, attempt, IS_MENDED)
  if (phase.name !== 'held') return stage(state, attempt, IS_MENDED.message)
  attempt.phase = 'installing'
  attempt.tries += 1
  return [
    ...restartWanted(state, publication),
    ...report(state, attempt.order, { state: 'installing', reason: 'the installer runs' }),
    { kind: 'run-step', step: 'install', publication },
  ]
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
      return outcome.ok ? verified(state, attempt, outcome) : revert(state, attempt, 'verify', outcome)
    case 'reverting':
      return step === 'revert' ? reverted(state, attempt, outcome) : []
    case 'staging':
    case 'preflight':
    case 'restarting':
    case 'soaking':
      return []
    default:
      return unreachable(attempt.phase)
  }
}

export function verify(state: AgentState, attempt: Attempt): AgentEffect[] {
  attempt.phase = 'verifying'
  return [
    ...report(state, attempt.order, {
      state: 'verifying',
      reason: 'looks whether the new version is there and healthy',
    }),
    { kind: 'run-step', step: 'verify', publication: replicaOf(state, attempt.order).publication },
  ]
}

/** There and healthy now: what the manifest lets it wait for comes first, and then it is looked at once more. */
function verified(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
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
  const seen: Found = { result: 'installed', installedVersion: version, reason: outcome.reason }
  const reason = [outcome.reason, restartSentence(state.machine)].filter((words) => words !== '').join('; ')
  return [
    ...noteFound(state, attempt.order.patch, seen),
    { kind: 'tidy', publication },
    ...end(state, attempt, { state: 'installed', reason, installedVersion: version }),
  ]
}

export function revert(
  state: AgentState,
  attempt: Attempt,
  step: 'install' | 'verify',
  outcome: Outcome,
): AgentEffect[] {
  attempt.phase = 'reverting'
  attempt.failure = { step, outcome }
  attempt.retryAtMs = null
  return [
    ...report(state, attempt.order, {
      state: 'verifying',
      reason: `puts back what was there, because: ${outcome.reason}`,
      output: outcome.output,
    }),
    { kind: 'run-step', step: 'revert', publication: replicaOf(state, attempt.order).publication },
  ]
}

function reverted(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
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
  const noted = outcome.ok ? restartNotWanted(state, publication) : []
  return [...noted, ...end(state, attempt, { state: after.state, reason: after.reason, output })]
}

/** The installer found beforehand what stands against it: nothing was changed, so nothing is put back. */
function untouched(state: AgentState, attempt: Attempt, { reason, output }: Outcome): AgentEffect[] {
  return end(state, attempt, {
    ...{ state: 'refused', refusal: 'not_installable', output },
    reason: `${reason}; nothing was changed on this appliance`,
  })
}

function retryLater(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  attempt.phase = 'preflight'
  attempt.failure = { step: 'install', outcome }
  attempt.retryAtMs = state.clock.monotonicMs + RETRY_AFTER_MS
  return report(state, attempt.order, {
    state: 'preflight',
    reason: `tries once more in 10 seconds: ${outcome.reason}`,
    output: outcome.output,
  })
}

export function end(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
  const { publication } = replicaOf(state, attempt.order)
  state.orders.attempt = null
  const ended = [...report(state, attempt.order, ending), ...beginNext(state)]
  return attempt.tries === 0 ? ended : [...ended, ...lookAfterRun(state, publication)]
}

/** Whether an order still needs this patch here. */
export function isOrdered(state: AgentState, patch: Sha256): boolean {
  return state.orders.attempt?.order.patch === patch || state.orders.queue.some((order) => order.patch === patch)
}

export function replicaOf(state: AgentState, order: Order): Replica {
  const replica = state.replicas.get(order.patch)
  assert(replica !== undefined, 'an order is accepted only for a known patch, and such a patch is not forgotten')
  return replica
}

function refusalLog(refusal: Refusal): AgentEffect {
  return { kind: 'log', line: `order refused: ${refusal.message}`, fields: { code: refusal.refused } }
}
