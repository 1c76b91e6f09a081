/**
 * What makes an attempt go on by itself: the clock, another start of the machine, a restart of the agent, and programs of an
 * earlier process of it that have ended. Each goes on from the phase that the ledger names; what it goes on with is in
 * installing.ts.
 */
import { unreachable } from '../../../protocol/assert.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { AgentEffect } from '../events.ts'
import type { Machine } from '../machine.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, replicaOf } from './attempt.ts'
import { lackingCopies } from './continuing.ts'
import { end } from './ending.ts'
import { beginNext } from './installing.ts'
import { tendLease } from './leasing.ts'
import { restartsOver } from './looking.ts'
import { beSeen, isThisRelease, tendTrial } from './on-trial.ts'
import { judgeTime } from './policies/order-time.ts'
import { preflight } from './preflight.ts'
import { revertAgain } from './reverting.ts'
import { verify } from './running.ts'
import { switchoverCutOff, takeBackAgain } from './switched.ts'
import { hasWaited, isSoakOver, whyWaiting } from './waiting.ts'

export function tendAttempt(state: AgentState): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null) return []
  switch (attempt.phase) {
    case 'soaking':
      return isSoakOver(state, attempt, replicaOf(state, attempt.order).publication) ? verify(state, attempt) : []
    case 'restarting':
      return notRestarted(state, attempt)
    case 'staging':
      return notStaged(state, attempt)
    case 'leasing':
      return tendLease(state, attempt)
    case 'preflight':
    case 'installing':
      return isDue(state, attempt) ? preflight(state, attempt) : []
    case 'verifying':
      return isDue(state, attempt) ? verify(state, attempt) : []
    case 'reverting':
      return isDue(state, attempt) ? revertAgain(state, attempt) : []
    case 'taking-back':
      return isDue(state, attempt) ? takeBackAgain(state, attempt) : []
    case 'on-trial':
      return tendTrial(state, attempt)
    case 'handing-over':
      return []
    default:
      return unreachable(attempt.phase)
  }
}

/** The copy did not come as long as the order was good. */
function notStaged(state: AgentState, attempt: Attempt): AgentEffect[] {
  const expired = judgeTime(attempt.order, state.clock.wallMs, state.clockAheadMs)
  if (expired === null) return []
  const [lacking = attempt.order.patch] = lackingCopies(state, attempt.order)
  const { wrong, phase } = state.replicas.get(lacking) ?? replicaOf(state, attempt.order)
  const why = wrong !== '' ? wrong : 'reason' in phase ? phase.reason : 'pieces are missing still'
  const reason = `${expired.message}, and until then no proven copy was here: ${why}`
  return end(state, attempt, { state: 'refused', reason, refusal: expired.refused })
}

function isDue({ clock }: AgentState, { retryAtMs }: Attempt): boolean {
  return retryAtMs !== null && clock.monotonicMs >= retryAtMs
}

/** What the machine is now. Where it has started again, what waited for that is verified, and looked at. */
export function surveyed(state: AgentState, machine: Machine): AgentEffect[] {
  state.machine = machine
  const looks = restartsOver(state)
  const { attempt } = state.orders
  if (attempt === null || attempt.phase !== 'restarting' || !hasWaited(state, attempt)) return looks
  return [...looks, ...verify(state, attempt)]
}

/** The new version stays, and counts as soon as the machine was restarted after all. */
function notRestarted(state: AgentState, attempt: Attempt): AgentEffect[] {
  if (attempt.order.expiresAt > state.clock.wallMs) return []
  const { version } = replicaOf(state, attempt.order).publication
  const reason = `version ${version} is there, and the appliance was not restarted in time: restart it, then it counts`
  return end(state, attempt, { state: 'failed', reason, installedVersion: version })
}

/** After a restart: whatever was under way goes on from the step that the ledger names. */
export function resumeAttempt(state: AgentState): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null) return beginNext(state)
  const { publication } = replicaOf(state, attempt.order)
  switch (attempt.phase) {
    case 'staging':
      return lackingCopies(state, attempt.order).length === 0 ? preflight(state, attempt) : []
    case 'preflight':
    case 'leasing':
      return attempt.gaveUp && attempt.tries === 0 ? switchoverCutOff(state, attempt) : preflight(state, attempt)
    case 'installing':
    case 'on-trial':
    case 'verifying':
    case 'reverting':
    case 'handing-over':
    case 'taking-back':
      return [{ kind: 'settle', publication }]
    case 'restarting':
    case 'soaking':
      return report(state, attempt.order, {
        state: 'verifying',
        reason: whyWaiting(attempt, publication),
        installedVersion: publication.version,
      })
    default:
      return unreachable(attempt.phase)
  }
}

export function settled(state: AgentState, patch: Sha256): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt === null || attempt.order.patch !== patch) return []
  if (attempt.phase === 'installing' || attempt.phase === 'on-trial') {
    const isNew = isThisRelease(state, replicaOf(state, attempt.order).publication)
    return isNew ? beSeen(state, attempt) : verify(state, attempt)
  }
  if (attempt.phase === 'verifying') return verify(state, attempt)
  if (attempt.phase === 'handing-over') return switchoverCutOff(state, attempt)
  if (attempt.phase === 'taking-back') return takeBackAgain(state, attempt)
  return attempt.phase === 'reverting' ? revertAgain(state, attempt) : []
}
