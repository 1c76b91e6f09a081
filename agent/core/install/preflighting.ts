/**
 * Before anything runs: what is installed is looked at, all that the manifest and the appliance ask for is judged, then
 * the signatures, and last the other members of the group are asked. It may take long and may be done again; nothing has
 * changed on the appliance until it is over.
 */
import { unreachable } from '../../../protocol/assert.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect, Found } from '../events.ts'
import { lookAt, looked } from '../looking-again.ts'
import type { AgentState } from '../state.ts'
import { type Asking, type Attempt, replicaOf } from './attempt.ts'
import { isBroken } from './broken.ts'
import { askChecks, asksBefore } from './checking.ts'
import { decide } from './deciding.ts'
import { end, refusalLog } from './ending.ts'
import { lease, needsLease } from './leasing.ts'
import { noteFound } from './looking.ts'
import { judgeTime } from './policies/order-time.ts'
import { refused } from './reverting.ts'
import { leased, verify } from './running.ts'
import { stage, whyMendedFirst } from './staging.ts'

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
  attempt.lookedAtMs = state.clock.monotonicMs
  const { installedVersion } = found
  const { publication } = replicaOf(state, attempt.order)
  const decision = decide(state, attempt.order, publication, found)
  switch (decision.kind) {
    case 'is-installed': {
      if (attempt.tries > 0 && installedVersion === publication.version) return verify(state, attempt)
      if (isBroken(state, publication)) return begin(state, attempt, 'verify')
      const reason = found.reason || 'was installed already'
      return end(state, attempt, { state: 'installed', reason, installedVersion })
    }
    case 'verify':
      return begin(state, attempt, 'verify')
    case 'refuse':
      return refused(state, attempt, decision.refusal, installedVersion)
    case 'install':
      return state.settings.judgesSignatures ? [{ kind: 'judge', publication }] : begin(state, attempt, 'install')
    default:
      return unreachable(decision)
  }
}

/** The Service Center may be in other hands: what no publisher that is listed here has signed is not installed. */
export function judged(state: AgentState, patch: Sha256, refusal: Refusal | null): AgentEffect[] {
  const { attempt } = state.orders
  if (attempt?.order.patch !== patch || attempt.phase !== 'preflight' || attempt.retryAtMs !== null) return []
  // The answer is for an order that was stopped meanwhile: this one is judged once everything was looked at.
  if (attempt.looksAt.size > 0) return []
  const why = refusal ?? judgeTime(attempt.order, state.clock.wallMs, state.clockAheadMs)
  if (why === null) return begin(state, attempt, 'install')
  return [refusalLog(why), ...refused(state, attempt, why)]
}

/** All is judged that can be judged without the operator's checks. */
function begin(state: AgentState, attempt: Attempt, what: Asking['follows']): AgentEffect[] {
  if (what === 'install' && asksBefore(state, attempt)) return askChecks(state, attempt, null)
  return beginChecked(state, attempt, what)
}

/** What is judged before the lease is asked for has been judged. */
export function beginChecked(state: AgentState, attempt: Attempt, what: Asking['follows']): AgentEffect[] {
  const lost = what === 'install' ? whyMendedFirst(state, attempt.order) : null
  if (lost !== null)
    return attempt.failure !== null ? refused(state, attempt, lost) : stage(state, attempt, lost.message)
  return needsLease(state, attempt)
    ? lease(state, attempt, what)
    : leased(state, attempt, { follows: what, number: null })
}
