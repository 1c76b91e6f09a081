/**
 * The policies of the fleet as the Service Center keeps and hands them on. It cannot make one: owners sign them elsewhere, and
 * what is judged here is judged again by each appliance. All are kept, since an appliance that was away is told those that it
 * missed, one after the other: each is signed by owners of the one before.
 */
import type { PeerId } from '../../../protocol/identifiers.ts'
import { MAX_POLICIES } from '../../../protocol/limits.ts'
import { isRefusal, refuse } from '../../../protocol/refusals.ts'
import { type Envelope, seal } from '../../../protocol/trust/envelope.ts'
import { judgePolicy, POLICY_DOCUMENT, type Policy } from '../../../protocol/trust/policy.ts'
import { documentDigest, printDocument, readDocument } from '../../../protocol/trust/signed-document.ts'
import { type PolicyHeld, PolicyNotice } from '../../../protocol/trust/statements.ts'
import type { Command } from '../effects.ts'
import type { Decision } from '../publishing.ts'
import type { Change, PolicyRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'

/** Null in the embedded mode, in which nothing has to be approved. */
export function currentPolicy({ policies }: ServiceCenterState): Policy | null {
  return policies.at(-1)?.document.stated ?? null
}

export function setPolicy(
  state: ServiceCenterState,
  { actor, document: bytes }: Extract<Command, { kind: 'set-policy' }>,
): Decision {
  const document = readDocument(POLICY_DOCUMENT, bytes)
  if (isRefusal(document)) return { reply: document, changes: [] }
  const { stated } = document
  const held = state.policies.at(-1)?.document
  const isSame =
    held !== undefined && documentDigest(POLICY_DOCUMENT, held) === documentDigest(POLICY_DOCUMENT, document)
  if (isSame) return { reply: { kind: 'policy-set', version: stated.version }, changes: [] }
  const refusal = judgePolicy(document, { fleet: state.signing.peer, held: held?.stated ?? null, pinned: [] })
  if (refusal !== null) return { reply: refusal, changes: [] }
  if (state.policies.length >= MAX_POLICIES)
    return { reply: refuse('too_many', `there are ${MAX_POLICIES} policies already`), changes: [] }
  const at = state.clock.wallMs
  const outcome = `policy ${stated.version}: ${stated.approvalsNeeded} approvals of ${stated.approvers.length} people, until ${stated.expiresAt}`
  return {
    reply: { kind: 'policy-set', version: stated.version },
    changes: [
      { table: 'policies', row: { version: stated.version, document, setAt: at, setBy: actor } },
      { table: 'audit', row: { at, actor, action: 'set-policy', subject: 'policy', outcome } },
    ],
  }
}

/** Those that an appliance misses which holds this version, signed for the way. */
export function missedPolicies({ policies, signing }: ServiceCenterState, held: number): Envelope[] {
  return policies.filter(({ version }) => version > held).map((record) => noticeOf(record, signing))
}

function noticeOf({ document }: PolicyRecord, signing: ServiceCenterState['signing']): Envelope {
  return seal(PolicyNotice, { document: printDocument(POLICY_DOCUMENT, document) }, signing)
}

/** Kept while it is connected: it says so again when it comes. */
export function notePolicyHeld(state: ServiceCenterState, { from, version }: PolicyHeld): Change[] {
  const session = state.sessions.get(from)
  if (session !== undefined) session.policyHeld = Math.max(session.policyHeld, version)
  return []
}

/** Of those that are connected, how many have told that they hold the newest policy, or a later one. */
export function holders(state: ServiceCenterState): { holding: number; connected: number; later: PeerId[] } {
  const newest = currentPolicy(state)?.version ?? 0
  const held = [...state.sessions].filter(([peer]) => state.appliances.has(peer))
  return {
    holding: held.filter(([, { policyHeld }]) => policyHeld >= newest).length,
    connected: held.length,
    later: held.filter(([, { policyHeld }]) => policyHeld > newest).map(([peer]) => peer),
  }
}
