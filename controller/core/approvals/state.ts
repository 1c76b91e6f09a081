/**
 * What the Service Center knows of policies and of what approvers are asked to sign, and how it takes in their records.
 */
import type { InstallId, Sha256 } from '../../../protocol/identifiers.ts'
import { inner } from '../nested-maps.ts'
import type { AuthorizationRecord, PolicyRecord } from '../records.ts'

export type ApprovalsState = {
  /** By version; the last one holds. */
  policies: readonly PolicyRecord[]
  authorizations: Map<InstallId, Map<Sha256, AuthorizationRecord>>
  /** The highest sequence of them. */
  newestAuthorization: number
}

export function noApprovals(): ApprovalsState {
  return { policies: [], authorizations: new Map(), newestAuthorization: 0 }
}

export function takePolicy(state: ApprovalsState, row: PolicyRecord): void {
  const others = state.policies.filter(({ version }) => version !== row.version)
  state.policies = [...others, row].sort((one, other) => one.version - other.version)
}

export function takeAuthorization(state: ApprovalsState, row: AuthorizationRecord): void {
  inner(state.authorizations, row.install).set(row.digest, row)
  state.newestAuthorization = Math.max(state.newestAuthorization, row.document.stated.sequence)
}
