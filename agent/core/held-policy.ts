/**
 * The policy that this appliance holds, and the newest install that it took for each name of a patch. Both are kept twice,
 * in the ledger and in a file of their own, and the later of the two counts: a ledger that is lost or put back takes neither
 * away. What is kept is durable before anything is done by it.
 */
import { z } from 'zod'
import { Bytes, decode, encode } from '../../protocol/codec.ts'
import { PatchName } from '../../protocol/identifiers.ts'
import { MAX_TAKEN_INSTALLS } from '../../protocol/limits.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { judgeFleet, POLICY_DOCUMENT, type PolicyDocument } from '../../protocol/trust/policy.ts'
import { printDocument, readDocument } from '../../protocol/trust/signed-document.ts'
import type { AgentEffect } from './events.ts'
import type { AgentState } from './state.ts'

export type HeldTrust = {
  policy: PolicyDocument | null
  /** By name, the sequence of the newest authorization under which an order for such a patch was taken. */
  readonly taken: Map<PatchName, number>
}

const Kept = z.strictObject({
  version: z.literal(1),
  policy: Bytes.nullable(),
  taken: z.array(z.strictObject({ name: PatchName, sequence: z.int().min(0) })).max(MAX_TAKEN_INSTALLS),
})

export function newTrust(): HeldTrust {
  return { policy: null, taken: new Map() }
}

/** Of two installs for patches of one name the newer one holds. */
export function noteTaken(state: AgentState, name: PatchName, sequence: number): AgentEffect[] {
  const { taken } = state.trust
  if (sequence <= (taken.get(name) ?? 0)) return []
  taken.delete(name)
  taken.set(name, sequence)
  const [oldest] = taken.keys()
  if (taken.size > MAX_TAKEN_INSTALLS && oldest !== undefined) taken.delete(oldest)
  return keepTrust(state)
}

export function keepTrust({ trust: { policy, taken } }: AgentState): AgentEffect[] {
  const kept: z.input<typeof Kept> = {
    version: 1,
    policy: policy === null ? null : printDocument(POLICY_DOCUMENT, policy),
    taken: [...taken].map(([name, sequence]) => ({ name, sequence })),
  }
  const bytes = encode(kept)
  return [
    { kind: 'keep-trust', bytes },
    { kind: 'record', entries: [{ key: 'trust', value: bytes }] },
  ]
}

/** What one of the two has lost, it gets again at the next start. */
export function keepTrustAgain(state: AgentState): AgentEffect[] {
  return state.trust.policy === null && state.trust.taken.size === 0 ? [] : keepTrust(state)
}

/** Takes in what was kept, where it is later than what is held by now; a refusal where it is damaged, or of another fleet. */
export function takeKeptTrust({ trust, root }: AgentState, bytes: Uint8Array): Refusal | null {
  const kept = decode(Kept, bytes, 'the record of trust')
  if (isRefusal(kept)) return kept
  const policy = kept.policy === null ? null : readDocument(POLICY_DOCUMENT, kept.policy)
  if (isRefusal(policy)) return policy
  const foreign = policy === null ? null : judgeFleet(policy.stated, root)
  if (foreign !== null) return foreign
  if (policy !== null && policy.stated.version > (trust.policy?.stated.version ?? 0)) trust.policy = policy
  for (const { name, sequence } of kept.taken)
    if (sequence > (trust.taken.get(name) ?? 0)) trust.taken.set(name, sequence)
  return null
}

/** The version that is held, for the greeting; nothing where none is. */
export function heldVersion({ trust }: AgentState): { policyVersion?: number } {
  return trust.policy === null ? {} : { policyVersion: trust.policy.stated.version }
}
