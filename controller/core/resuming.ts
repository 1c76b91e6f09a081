/**
 * What a fresh process must do about the state that it has loaded.
 */
import type { ServiceCenterEffect } from './effects.ts'
import { seedLimits } from './limiting.ts'
import { admitted, allPartnersChange } from './membership.ts'
import { livePatches } from './publishing.ts'
import type { ServiceCenterState } from './state.ts'

export function resume(state: ServiceCenterState): ServiceCenterEffect[] {
  allPartnersChange(state)
  return [
    admitted(state),
    seedLimits(state),
    ...livePatches(state).map(({ sha256 }): ServiceCenterEffect => ({ kind: 'seed', patch: sha256, isNew: false })),
  ]
}
