/**
 * Lets go of patches that nothing needs any more, once an hour: they are withdrawn, so that every appliance deletes its copy
 * and its receipt counts no longer. The trail says of each which rule it was and who has set it.
 */
import { isRefusal } from '../../../protocol/refusals.ts'
import { commit } from '../committing.ts'
import type { ServiceCenterEffect } from '../effects.ts'
import { withdraw } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'
import { letGoBy, retentionStandings } from './standing.ts'

/** Each look goes through all patches; and whoever has set a number by mistake has some time to notice. */
export const LOOKED_EVERY_MS = 3_600_000

/** `tookMs` since the look before. */
export function letGo(state: ServiceCenterState, tookMs: number): ServiceCenterEffect[] {
  const { monotonicMs } = state.clock
  if (Math.floor(monotonicMs / LOOKED_EVERY_MS) === Math.floor((monotonicMs - tookMs) / LOOKED_EVERY_MS)) return []
  const { keepNewest, setBy } = state.retention.set ?? { keepNewest: null, setBy: '' }
  if (keepNewest === null) return []
  const actor = `the retention that ${setBy} has set`
  const reason = `it is none of the ${keepNewest} newest of its name, and nothing needs it any more`
  return letGoBy(retentionStandings(state, keepNewest)).flatMap((patch): ServiceCenterEffect[] => {
    const { reply, changes } = withdraw(state, { kind: 'withdraw', actor, patch, reason })
    return isRefusal(reply) ? [] : [...commit(state, changes), { kind: 'unseed', patch }]
  })
}
