/**
 * A new release of this agent that the updater tries: it runs beside the order that has brought it, and stays when its peer
 * and the Service Center have seen it (policies/seen.ts). They are asked until they have answered, and no longer than a
 * setting says; then it asks the updater to take it back, by the same step that puts back any other patch.
 */
import { isOfAgent } from '../../../protocol/bundle/manifest.ts'
import { equalBytes } from '../../../protocol/hashing.ts'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { type LeaseAnswer, LeaseRequest } from '../../../protocol/trust/pair-statements.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Attempt, enter } from './attempt.ts'
import { groupPeers, newNonce } from './leases.ts'
import { whoHasNotSeen, whoHasSeen } from './policies/seen.ts'
import { revert } from './reverting.ts'
import { verify } from './running.ts'

const ASK_AGAIN_MS = 3_000

export type OnTrial = {
  nonce: Uint8Array
  /** Monotonic. */
  readonly sinceMs: number
  askedAtMs: number
  readonly answered: Set<PeerId>
  /** Who is missing, as it was told last. */
  told: string
}

/** Whether this process is the release that the patch brings. */
export function isThisRelease({ release }: AgentState, { manifest, version }: Publication): boolean {
  return isOfAgent(manifest) && release === version
}

/** An order is under way, and this process is what it has installed. */
export function beSeen(state: AgentState, attempt: Attempt): AgentEffect[] {
  enter(attempt, 'on-trial')
  const now = state.clock.monotonicMs
  const answered = new Set<PeerId>()
  attempt.onTrial = { nonce: newNonce(state.random), sinceMs: now, askedAtMs: now, answered, told: '' }
  return [...ask(state, attempt, attempt.onTrial), ...tell(state, attempt, attempt.onTrial)]
}

export function tendTrial(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { onTrial } = attempt
  if (onTrial === null) return []
  const now = state.clock.monotonicMs
  const missing = missingNow(state, attempt, onTrial)
  if (missing === null) return seen(state, attempt, onTrial)
  const { seenWithinMs } = state.settings
  if (now - onTrial.sinceMs >= seenWithinMs) {
    const reason = `release ${state.release} of the agent was not seen by ${missing} within ${seenWithinMs / 1000} seconds`
    return revert(state, attempt, 'verify', { ok: false, reason, output: '', temporary: false })
  }
  const told = onTrial.told === missing ? [] : tell(state, attempt, onTrial)
  if (now - onTrial.askedAtMs < ASK_AGAIN_MS) return told
  onTrial.askedAtMs = now
  return [...told, ...ask(state, attempt, onTrial)]
}

/** Whatever a peer answers to this process: it has heard it, and is heard. */
export function answeredOnTrial(state: AgentState, attempt: Attempt, { from, nonce }: LeaseAnswer): AgentEffect[] {
  const { onTrial } = attempt
  if (onTrial === null || !equalBytes(nonce, onTrial.nonce)) return []
  onTrial.answered.add(from)
  return tendTrial(state, attempt)
}

function missingNow(state: AgentState, { order }: Attempt, { answered, sinceMs }: OnTrial): string | null {
  return whoHasNotSeen({
    // Its first letter was acknowledged: until then there are counters of which it has not heard.
    isHeardAbove: state.gaps.length === 0,
    peers: groupPeers(state),
    answered,
    allowOutage: order.allowOutage,
    waitedMs: state.clock.monotonicMs - sinceMs,
  })
}

function seen(state: AgentState, attempt: Attempt, { answered }: OnTrial): AgentEffect[] {
  const line = `release ${state.release} of the agent ${whoHasSeen({ peers: groupPeers(state), answered })}`
  return [{ kind: 'log', line, fields: {} }, ...verify(state, attempt)]
}

function tell(state: AgentState, attempt: Attempt, onTrial: OnTrial): AgentEffect[] {
  onTrial.told = missingNow(state, attempt, onTrial) ?? ''
  const until = `for ${state.settings.seenWithinMs / 1000} seconds at most`
  const reason = `release ${state.release} of the agent runs on trial, ${until}, and waits to be seen by ${onTrial.told}`
  return report(state, attempt.order, { state: 'verifying', reason })
}

/** What was promised for this order is promised again, and no answer of before counts. */
function ask(state: AgentState, attempt: Attempt, { nonce, answered }: OnTrial): AgentEffect[] {
  const { identity, clock, leases } = state
  const number = attempt.lease ?? leases.number
  const question = { from: identity.peer, order: attempt.order.orderId, number, nonce, askedAt: clock.wallMs }
  return (groupPeers(state) ?? [])
    .filter(({ peer }) => !answered.has(peer))
    .flatMap(({ peer }) => sendToMember(state, peer, seal(LeaseRequest, { ...question, to: peer }, identity)))
}
