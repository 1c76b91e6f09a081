/**
 * The policy of the fleet as people see it: which mode holds, who approves and signs, and how many appliances have told that
 * they go by it.
 */

import type { ServiceCenterState } from '../state.ts'
import { currentPolicy, holders } from './policies.ts'

/** `embedded`: the key of the Service Center alone decides, and it is online. */
export const POLICY_MODES = ['embedded', 'policy'] as const
export const POLICY_CONDITIONS = ['good', 'expiring', 'expired'] as const

const WARNED_MS = 60 * 24 * 3600 * 1000

export type PolicyView = {
  readonly mode: (typeof POLICY_MODES)[number]
  /** Of the key of the Service Center, for `policy init`. */
  readonly fleet: string
  /** Null in the embedded mode. */
  readonly policy: {
    readonly version: number
    readonly condition: (typeof POLICY_CONDITIONS)[number]
    readonly expiresAt: string
    readonly approvalsNeeded: number
    readonly organizations: readonly { readonly organization: string; readonly approvalsNeeded: number }[]
    readonly approvers: readonly {
      readonly name: string
      readonly keyid: string
      readonly organizations: readonly string[] | null
    }[]
    readonly owners: readonly { readonly name: string; readonly keyid: string }[]
    readonly ownersNeeded: number
    readonly floors: readonly { readonly patch: string; readonly version: string }[]
    readonly setAt: string
    readonly setBy: string
    /** Of the appliances that are connected, those that go by it. */
    readonly holding: number
    readonly connected: number
    /** Names of those that go by a later one, which was lost here. */
    readonly later: readonly string[]
  } | null
}

export function policyView(state: ServiceCenterState): PolicyView {
  const fleet = state.signing.peer
  const policy = currentPolicy(state)
  const record = state.policies.at(-1)
  if (policy === null || record === undefined) return { mode: 'embedded', fleet, policy: null }
  const { holding, connected, later } = holders(state)
  return {
    mode: 'policy',
    fleet,
    policy: {
      version: policy.version,
      condition: conditionOf(policy.expiresAt, state.clock.wallMs),
      expiresAt: policy.expiresAt,
      approvalsNeeded: policy.approvalsNeeded,
      organizations: policy.organizations,
      approvers: policy.approvers.map(({ name, keyid, organizations }) => ({ name, keyid, organizations })),
      owners: policy.owners.map(({ name, keyid }) => ({ name, keyid })),
      ownersNeeded: policy.ownersNeeded,
      floors: policy.floors,
      setAt: new Date(record.setAt).toISOString(),
      setBy: record.setBy,
      holding,
      connected,
      later: later.flatMap((peer) => state.appliances.get(peer)?.name ?? []),
    },
  }
}

function conditionOf(expiresAt: string, nowMs: number): (typeof POLICY_CONDITIONS)[number] {
  const leftMs = Date.parse(expiresAt) - nowMs
  return leftMs <= 0 ? 'expired' : leftMs <= WARNED_MS ? 'expiring' : 'good'
}
