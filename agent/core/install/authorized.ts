/**
 * Whether people have agreed to what an order asks for, as the policy that this appliance holds demands: so whoever has the
 * Service Center and its keys can have nothing installed here by that alone. Judged when an order comes, again once it was
 * looked what is installed, and last right before the installer starts, each time by the policy as it is then.
 */
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import {
  AUTHORIZATION_DOCUMENT,
  type AuthorizationDocument,
  judgeApprovals,
  judgeFloors,
  judgePolicyAge,
  judgeScope,
  judgeVersions,
} from '../../../protocol/trust/authorization.ts'
import { approvalsNeeded, type Policy } from '../../../protocol/trust/policy.ts'
import { readDocument } from '../../../protocol/trust/signed-document.ts'
import type { Order, Publication } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { noteTaken } from '../held-policy.ts'
import type { AgentState } from '../state.ts'

/** Of an order that has come: null where it may wait for its turn. */
export function judgeNewOrder(state: AgentState, order: Order, publication: Publication): Refusal | null {
  const refusal = judgeAuthorized(state, order, publication)
  const authorization = authorizationOf(state, order)
  if (refusal !== null || authorization === null || isRefusal(authorization)) return refusal
  const newest = state.trust.taken.get(publication.name) ?? 0
  const { sequence } = authorization.stated
  if (sequence >= newest) return null
  return refuse(
    'newer_install',
    `a later install of ${publication.name} was ordered here (${newest}, and this is ${sequence})`,
  )
}

/** Of an order that is taken: no older install of a patch of this name follows it. */
export function takeAuthorization(state: AgentState, order: Order, publication: Publication): AgentEffect[] {
  const authorization = authorizationOf(state, order)
  if (authorization === null || isRefusal(authorization)) return []
  return noteTaken(state, publication.name, authorization.stated.sequence)
}

/** Null where it may be carried out by what is approved; where no policy is held nothing has to be. */
export function judgeAuthorized(state: AgentState, order: Order, publication: Publication): Refusal | null {
  const policy = state.trust.policy?.stated ?? null
  if (policy === null) return whyNoPolicy(state)
  const nowMs = state.clock.wallMs + Math.max(0, -(state.clockAheadMs ?? 0))
  const general = judgePolicyAge(policy, nowMs) ?? judgeFloors(policy, publication)
  if (general !== null) return general
  const authorization = neededAuthorization(policy, state, order)
  if (authorization === null || isRefusal(authorization)) return authorization
  const { patch } = authorization.stated
  if (patch.name !== publication.name || patch.version !== publication.version) {
    const published = `${publication.name}@${publication.version}`
    return refuse('wrong_authorization', `${patch.name}@${patch.version} is approved, and published as ${published}`)
  }
  return judgeScope(authorization, { ...order, fleet: state.root }, nowMs) ?? judgeApprovals(policy, authorization)
}

/** The same once it is known what is installed. */
export function judgeAuthorizedOver(
  state: AgentState,
  order: Order,
  publication: Publication,
  installedVersion: string | null,
): Refusal | null {
  const refusal = judgeAuthorized(state, order, publication)
  const policy = state.trust.policy?.stated ?? null
  if (refusal !== null || policy === null) return refusal
  const authorization = neededAuthorization(policy, state, order)
  if (authorization === null || isRefusal(authorization)) return authorization
  return judgeVersions(authorization, installedVersion)
}

function whyNoPolicy({ settings }: AgentState): Refusal | null {
  if (settings.policyOwners.length === 0) return null
  const why = 'the configuration of this appliance names owners of a policy (policyOwners), and none of theirs has come'
  return refuse('not_approved', why)
}

/** Null where the policy asks for no approval in this organization. */
function neededAuthorization(policy: Policy, state: AgentState, order: Order): AuthorizationDocument | Refusal | null {
  const needed = approvalsNeeded(policy, order.organization)
  if (needed === 0) return null
  const authorization = authorizationOf(state, order)
  return authorization ?? refuse('not_approved', `0 of ${needed} needed approvals came with the order`)
}

/** Null where none came with it, or none is asked for. */
function authorizationOf({ trust }: AgentState, { authorization }: Order): AuthorizationDocument | Refusal | null {
  if (trust.policy === null || authorization === undefined) return null
  return readDocument(AUTHORIZATION_DOCUMENT, authorization)
}
