/**
 * What becomes of an order once everything that it depends on was looked at: nothing is to be done, it is refused with
 * the reason, or the installer may start. All of the manifest that can be judged before anything runs is judged here.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Order, Publication } from '../../../protocol/trust/statements.ts'
import type { Found } from '../events.ts'
import type { AgentState } from '../state.ts'
import { judgeAuthorizedOver } from './authorized.ts'
import { patchesThere, relatedPatches } from './looking.ts'
import { judgeTime } from './policies/order-time.ts'
import { judgePreflight } from './policies/preflight.ts'

export type Decision =
  | { readonly kind: 'is-installed' }
  /** It is there by an earlier order, and counts after a restart only. */
  | { readonly kind: 'verify' }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  | { readonly kind: 'install' }

export function decide(state: AgentState, order: Order, publication: Publication, found: Found): Decision {
  const { installedVersion } = found
  if (found.result === 'installed') return { kind: 'is-installed' }
  if (state.restarts.has(publication.sha256) && installedVersion === publication.version) return { kind: 'verify' }
  if (found.result === 'notApplicable') return { kind: 'refuse', refusal: refuse('not_applicable', found.reason) }
  const there = patchesThere(state, [...relatedPatches(state, publication), publication])
  const facts = { installedVersion, there, machine: state.machine }
  const refusal =
    judgeTime(order, state.clock.wallMs, state.clockAheadMs) ??
    judgeAuthorizedOver(state, order, publication, installedVersion) ??
    judgePreflight(publication.manifest, facts)
  return refusal === null ? { kind: 'install' } : { kind: 'refuse', refusal }
}
