/**
 * The part of one appliance in an install, before anything was ordered of it: what an install begins with, what joins one
 * later, what waits its turn once more, and what a plan is made of.
 */
import type { PeerId } from '../../../protocol/identifiers.ts'
import type { InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'

/** What is not there, or not any more, while nothing is ordered of it. */
export const NOT_ORDERED = {
  ...{ order: null, counter: 0, wave: null, stoodAt: null, orderedAt: null, beganAt: null, phaseTimes: {} },
} as const

export function newTarget(
  state: Pick<ServiceCenterState, 'detections' | 'clock'>,
  { id, patch, run }: Pick<InstallRecord, 'id' | 'patch' | 'run'>,
  appliance: PeerId,
): TargetRecord {
  return {
    install: id,
    appliance,
    state: 'queued',
    reason: 'waits its turn',
    refusal: null,
    output: '',
    installedVersion: state.detections.get(patch)?.get(appliance)?.installedVersion ?? null,
    changedAt: state.clock.wallMs,
    run,
    ...NOT_ORDERED,
  }
}

/** What has ended waits its turn once more, as if it had never been ordered. */
export function queuedOnceMore(target: TargetRecord, at: number): TargetRecord {
  return {
    ...target,
    ...{ state: 'queued', reason: 'waits its turn', refusal: null, output: '', changedAt: at },
    ...NOT_ORDERED,
  }
}
