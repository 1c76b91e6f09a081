/**
 * What one appliance must still be told: its roster, the publications it does not know, the withdrawals and orders that
 * concern it, and what is taken back of those. Intended state against known state: it is worked out again at each greeting and after each change, so
 * nothing depends on a message that was sent before.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../protocol/limits.ts'
import { type Envelope, seal } from '../../protocol/trust/envelope.ts'
import { Cancellation } from '../../protocol/trust/statements.ts'
import { currentPolicy, missedPolicies } from './approvals/policies.ts'
import type { ServiceCenterEffect } from './effects.ts'
import { sealRoster } from './membership.ts'
import type { TargetRecord } from './records.ts'
import { orderOf } from './rollout/sealed-orders.ts'
import { whyTakenBack } from './rollout/taking-back.ts'
import type { ServiceCenterState } from './state.ts'

export function synchronize(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const session = state.sessions.get(peer)
  const appliance = state.appliances.get(peer)
  if (session === undefined || appliance === undefined) return []
  const envelopes: Envelope[] = []

  const rosterVersion = state.rosterVersions.get(appliance.dataCenter) ?? 0
  if (session.rosterVersion < rosterVersion) {
    session.rosterVersion = rosterVersion
    envelopes.push(sealRoster(state, appliance))
  }
  if (session.membershipAt < appliance.membershipAt) {
    session.membershipAt = appliance.membershipAt
    envelopes.push(appliance.membership)
  }
  envelopes.push(...missedPolicies(state, session.policySent))
  session.policySent = Math.max(session.policySent, currentPolicy(state)?.version ?? 0)
  for (const patch of state.patches.values()) {
    if (patch.withdrawal === null && !session.known.has(patch.sha256)) {
      session.known.add(patch.sha256)
      envelopes.push(patch.envelope)
    } else if (patch.withdrawal !== null && session.known.has(patch.sha256)) {
      session.known.delete(patch.sha256)
      envelopes.push(patch.withdrawal)
    }
  }
  for (const target of inSequence(state, peer)) {
    if (target.order === null) continue
    const { id, envelope } = target.order
    // An appliance that never spoke of an order is sent it again: it begins, or says that it has expired.
    if (target.counter === 0 && !session.sent.has(id)) {
      session.sent.add(id)
      envelopes.push(envelope)
    }
    const reason = session.takenBack.has(id) ? null : whyTakenBack(state, target)
    if (reason === null) continue
    session.takenBack.add(id)
    const said = { to: peer, order: id, reason: reason.slice(0, MAX_SENTENCE_CHARACTERS) }
    envelopes.push(seal(Cancellation, { ...said, cancelledAt: state.clock.wallMs }, state.signing))
  }
  return envelopes.map((envelope) => letterTo(state, peer, envelope, session.via))
}

/** In the order in which they were signed: an appliance takes none that is older than one which it has taken. */
function inSequence(state: ServiceCenterState, peer: PeerId): TargetRecord[] {
  const targets = [...(state.unsettledOn.get(peer)?.values() ?? [])]
  if (targets.length < 2) return targets
  const sequence = (target: TargetRecord): number => orderOf(state, target)?.sequence ?? 0
  return targets.sort((left, right) => sequence(left) - sequence(right))
}

export function letterTo(state: ServiceCenterState, to: PeerId, envelope: Envelope, via: PeerId): ServiceCenterEffect {
  return { kind: 'send', peer: via, message: { kind: 'letter', letter: { to, from: state.mesh, envelope } } }
}
