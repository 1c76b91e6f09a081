/**
 * A policy comes, from the Service Center or by whoever passes it on: owners have signed it, and it is later than the one that
 * is held, or it changes nothing (protocol/trust/policy.ts judges that). What is taken is durable, and then told.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import { judgePolicy, POLICY_DOCUMENT } from '../../protocol/trust/policy.ts'
import { readDocument } from '../../protocol/trust/signed-document.ts'
import { PolicyHeld, type PolicyNotice } from '../../protocol/trust/statements.ts'
import type { AgentEffect } from './events.ts'
import { keepTrust } from './held-policy.ts'
import { post } from './letters.ts'
import type { AgentState } from './state.ts'

/** What is held here already, or is not what owners have signed, changes nothing. */
export function policyArrived(state: AgentState, { document }: PolicyNotice): AgentEffect[] {
  const policy = readDocument(POLICY_DOCUMENT, document)
  const { trust, root, settings } = state
  const refusal = isRefusal(policy)
    ? policy
    : judgePolicy(policy, { fleet: root, held: trust.policy?.stated ?? null, pinned: settings.policyOwners })
  if (refusal?.refused === 'stale') return []
  if (refusal !== null || isRefusal(policy))
    return [log(`policy refused: ${refusal?.message}`, { code: refusal?.refused ?? '' })]
  trust.policy = policy
  const { version } = policy.stated
  return [
    ...keepTrust(state),
    log('holds another policy', { version }),
    ...post(state, PolicyHeld, (common) => ({ ...common, version, heldSince: state.clock.wallMs })),
  ]
}

function log(line: string, fields: Record<string, string | number>): AgentEffect {
  return { kind: 'log', line, fields }
}
