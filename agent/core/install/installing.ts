/**
 * Carrying out orders: one at a time, each at most once, and never a patch whose copy here is not proven. The attempt
 * is in the ledger before its step begins, so after a crash it goes on from there: an installer that was started is
 * never started again, what it left is verified, and reverted if it is not right.
 *
 *     staging -> preflight -> installing -> verifying -> installed
 *                                 |             |
 *                                 +-> reverting <+ -> failed | reverted
 */
import { assert, unreachable } from '../../../protocol/assert.ts'
import { type Envelope, open } from '../../../protocol/envelope.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { Order, type ReportState } from '../../../protocol/statements.ts'
import type { AgentEffect, Found, InstallStep, Outcome } from '../events.ts'
import { enter, isGivenUp, type Replica } from '../replica.ts'
import { type Ending, report, tellDetection } from '../reporting.ts'
import type { AgentState, Attempt } from '../state.ts'

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
  const busy = state.replicas.get(state.orders.attempt.order.patch)?.publication.name
  return report(state, order, {
    state: 'queued',
    reason: `waits until the install of ${busy} has ended on this appliance`,
  })
}

/** Null when the order is for this appliance, new, in time and within its membership. */
function judgeOrder(state: AgentState, order: Order): Refusal | null {
  const { membership } = state
  if (membership === null || order.to !== state.identity.peer) {
    return refuse('wrong_addressee', `the order is for ${order.to}, and this is ${state.identity.peer}`)
  }
  if (order.sequence <= state.orders.sequence) {
    return refuse('replayed', `the order has sequence ${order.sequence}, and ${state.orders.sequence} has been seen`)
  }
  if (order.organization !== membership.organization || order.dataCenter !== membership.dataCenter) {
    return refuse('wrong_scope', `the order is for ${order.organization} in ${order.dataCenter}`)
  }
  if (order.expiresAt <= state.clock.wallMs) {
    return refuse('expired', `the order expired at ${new Date(order.expiresAt).toISOString()}`)
  }
  const replica = state.replicas.get(order.patch)
  if (replica !== undefined && !isGivenUp(replica)) return null
  return state.withdrawn.has(order.patch)
    ? refuse('withdrawn', 'the patch was withdrawn')
    : refuse('not_found', `no publication of patch ${order.patch} is known here`)
}

function beginNext(state: AgentState): AgentEffect[] {
  const order = state.orders.queue.shift()
  if (order === undefined) return []
  const replica = replicaOf(state, order)
  const attempt: Attempt = { order, phase: 'preflight', failure: null, tries: 0, retryAtMs: null }
  state.orders.attempt = attempt
  if (replica.phase.name === 'held') return preflight(state, attempt)
  if (state.membership?.kind === SERVICE_PROVIDER) {
    return end(state, attempt, {
      state: 'refused',
      reason: 'this appliance holds no proven copy of the patch',
      refusal: 'not_replicated',
    })
  }
  attempt.phase = 'staging'
  if (replica.phase.name === 'described') enter(replica, { name: 'waiting', reason: 'ordered' })
  return report(state, order, { state: 'staging', reason: 'copies the patch from the depot of its Data Center' })
}

/** The copy that an order waited for is proven. */
export function staged(state: AgentState, patch: Sha256): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.phase !== 'staging' || attempt.order.patch !== patch) return []
  return preflight(state, attempt)
}

function preflight(state: AgentState, attempt: Attempt): AgentEffect[] {
  attempt.phase = 'preflight'
  attempt.retryAtMs = null
  return [
    ...report(state, attempt.order, { state: 'preflight', reason: 'looks what is installed' }),
    { kind: 'detect', publication: replicaOf(state, attempt.order).publication },
  ]
}

/** What detection found: for the attempt under way, or only to be told. */
export function detected(state: AgentState, patch: Sha256, found: Found): AgentEffect[] {
  const { attempt } = state.orders
  const told = tellDetection(state, patch, found)
  if (attempt === null || attempt.order.patch !== patch) return told
  if (attempt.phase === 'preflight' && attempt.retryAtMs === null) return [...told, ...decide(state, attempt, found)]
  return told
}

function decide(state: AgentState, attempt: Attempt, found: Found): AgentEffect[] {
  const { installedVersion } = found
  if (found.result === 'installed') {
    return end(state, attempt, {
      state: 'installed',
      reason: found.reason || 'was installed already',
      installedVersion,
    })
  }
  if (found.result === 'notApplicable') {
    return end(state, attempt, { state: 'refused', reason: found.reason, refusal: 'not_applicable', installedVersion })
  }
  if (attempt.order.expiresAt <= state.clock.wallMs) {
    return end(state, attempt, {
      state: 'refused',
      reason: 'the order expired before it could begin',
      refusal: 'expired',
      installedVersion,
    })
  }
  if (!state.settings.judgesSignatures) return install(state, attempt)
  return [{ kind: 'judge', publication: replicaOf(state, attempt.order).publication }]
}

/** The Service Center may be in other hands: what no publisher that is listed here has signed is not installed. */
export function judged(state: AgentState, patch: Sha256, refusal: Refusal | null): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.order.patch !== patch) return []
  if (attempt.phase !== 'preflight' || attempt.retryAtMs !== null) return []
  if (refusal === null) return install(state, attempt)
  const { refused, message } = refusal
  return [refusalLog(refusal), ...end(state, attempt, { state: 'refused', reason: message, refusal: refused })]
}

function install(state: AgentState, attempt: Attempt): AgentEffect[] {
  attempt.phase = 'installing'
  attempt.tries += 1
  return [
    ...report(state, attempt.order, { state: 'installing', reason: 'the installer runs' }),
    { kind: 'run-step', step: 'install', publication: replicaOf(state, attempt.order).publication },
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
      return revert(state, attempt, 'install', outcome)
    case 'verifying':
      if (step !== 'verify') return []
      return outcome.ok ? installed(state, attempt, outcome) : revert(state, attempt, 'verify', outcome)
    case 'reverting':
      return step === 'revert' ? reverted(state, attempt, outcome) : []
    case 'staging':
    case 'preflight':
      return []
    default:
      return unreachable(attempt.phase)
  }
}

function verify(state: AgentState, attempt: Attempt): AgentEffect[] {
  attempt.phase = 'verifying'
  return [
    ...report(state, attempt.order, {
      state: 'verifying',
      reason: 'looks whether the new version is there and healthy',
    }),
    { kind: 'run-step', step: 'verify', publication: replicaOf(state, attempt.order).publication },
  ]
}

/** The verification judged by detection, so the version is the one that was found. */
function installed(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  const { version } = replicaOf(state, attempt.order).publication
  const found: Found = { result: 'installed', installedVersion: version, reason: '' }
  return [
    ...tellDetection(state, attempt.order.patch, found),
    ...end(state, attempt, { state: 'installed', reason: outcome.reason, installedVersion: version }),
  ]
}

function revert(state: AgentState, attempt: Attempt, step: 'install' | 'verify', outcome: Outcome): AgentEffect[] {
  attempt.phase = 'reverting'
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

/** `reverted` is said only of a patch that was installed and taken back; an installer that failed is `failed`. */
function reverted(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  const { failure, order } = attempt
  assert(failure !== null, 'nothing is reverted without a failure')
  const ended: ReportState = outcome.ok && failure.step === 'verify' ? 'reverted' : 'failed'
  const reason = `${failure.outcome.reason}; ${outcome.reason}`
  const { publication } = replicaOf(state, order)
  return [
    ...end(state, attempt, { state: ended, reason, output: failure.outcome.output || outcome.output }),
    { kind: 'detect', publication },
  ]
}

function retryLater(state: AgentState, attempt: Attempt, outcome: Outcome): AgentEffect[] {
  attempt.phase = 'preflight'
  attempt.retryAtMs = state.clock.monotonicMs + RETRY_AFTER_MS
  return report(state, attempt.order, {
    state: 'preflight',
    reason: `tries once more in 10 seconds: ${outcome.reason}`,
    output: outcome.output,
  })
}

export function tendAttempt(state: AgentState): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.retryAtMs === null || state.clock.monotonicMs < attempt.retryAtMs) return []
  return preflight(state, attempt)
}

/** After a restart: whatever was under way goes on from the step that the ledger names. */
export function resumeAttempt(state: AgentState): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null) return beginNext(state)
  const { publication, phase } = replicaOf(state, attempt.order)
  switch (attempt.phase) {
    case 'staging':
      return phase.name === 'held' ? preflight(state, attempt) : []
    case 'preflight':
      return preflight(state, attempt)
    case 'installing':
    case 'verifying':
    case 'reverting':
      return [{ kind: 'settle', publication }]
    default:
      return unreachable(attempt.phase)
  }
}

export function settled(state: AgentState, patch: Sha256): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.order.patch !== patch) return []
  if (attempt.phase === 'installing' || attempt.phase === 'verifying') return verify(state, attempt)
  if (attempt.phase !== 'reverting' || attempt.failure === null) return []
  return revert(state, attempt, attempt.failure.step, attempt.failure.outcome)
}

function end(state: AgentState, attempt: Attempt, ending: Ending): AgentEffect[] {
  state.orders.attempt = null
  return [...report(state, attempt.order, ending), ...beginNext(state)]
}

/** Whether an order still needs this patch here. */
export function isOrdered(state: AgentState, patch: Sha256): boolean {
  return state.orders.attempt?.order.patch === patch || state.orders.queue.some((order) => order.patch === patch)
}

function replicaOf(state: AgentState, order: Order): Replica {
  const replica = state.replicas.get(order.patch)
  assert(replica !== undefined, 'an order is accepted only for a known patch, and such a patch is not forgotten')
  return replica
}

function refusalLog(refusal: Refusal): AgentEffect {
  return { kind: 'log', line: `order refused: ${refusal.message}`, fields: { code: refusal.refused } }
}
