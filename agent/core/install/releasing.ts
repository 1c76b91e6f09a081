/**
 * Giving back what was promised: when an order has ended, each member that has promised to serve for it is told, again and
 * again until it has acknowledged that. A release is good for all that this appliance asked for before, so to each member
 * the newest is owed and no other, however long one is away. Who has left the group is told nothing.
 */
import type { OrderId, PeerId } from '../../../protocol/identifiers.ts'
import { envelopeDigest } from '../../../protocol/trust/envelope.ts'
import type { Acknowledgement } from '../../../protocol/trust/statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import { leasesEntry } from '../ledger.ts'
import type { AgentState } from '../state.ts'
import { groupPeers, type Owed, peerCalled, sealRelease } from './leases.ts'

const SEND_AGAIN_MS = 30_000

type Given = { readonly to: PeerId; readonly order: OrderId; readonly number: number }

/** For an order that has ended, and for which this appliance has asked. */
export function release(state: AgentState, order: OrderId): AgentEffect[] {
  const { asked } = state.leases
  if (asked?.order !== order) return []
  state.leases.asked = null
  return owe(
    state,
    (groupPeers(state) ?? []).map(({ peer }) => ({ to: peer, ...asked })),
  )
}

export function owe(state: AgentState, given: readonly Given[]): AgentEffect[] {
  const { leases, clock } = state
  const owed = given.map((one) => ({ ...one, releasedAt: clock.wallMs }))
  const newest = new Map<PeerId, Owed>()
  for (const one of [...leases.owed, ...owed]) {
    if (one.number >= (newest.get(one.to)?.number ?? 0)) newest.set(one.to, one)
  }
  leases.owed = [...newest.values()]
  leases.sendAtMs = clock.monotonicMs + SEND_AGAIN_MS
  const sent = leases.owed.filter((one) => owed.includes(one))
  return [{ kind: 'record', entries: [leasesEntry(state)] }, ...sent.flatMap((one) => send(state, one))]
}

export function tendReleases(state: AgentState): AgentEffect[] {
  const { leases, clock } = state
  if (leases.owed.length === 0 || clock.monotonicMs < leases.sendAtMs) return []
  leases.sendAtMs = clock.monotonicMs + SEND_AGAIN_MS
  const members = leases.owed.filter(({ to }) => peerCalled(state, to) !== undefined)
  const sent = members.flatMap((one) => send(state, one))
  if (members.length === leases.owed.length || state.roster === null) return sent
  leases.owed = members
  return [{ kind: 'record', entries: [leasesEntry(state)] }, ...sent]
}

function send(state: AgentState, owed: Owed): AgentEffect[] {
  return sendToMember(state, owed.to, sealRelease(state, owed))
}

export function releaseAcknowledged(state: AgentState, { from, letters }: Acknowledgement): AgentEffect[] {
  const left = state.leases.owed.filter(
    (owed) => owed.to !== from || !letters.includes(envelopeDigest(sealRelease(state, owed))),
  )
  if (left.length === state.leases.owed.length) return []
  state.leases.owed = left
  return [{ kind: 'record', entries: [leasesEntry(state)] }]
}
