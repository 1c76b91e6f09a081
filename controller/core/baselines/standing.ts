/**
 * Who keeps to a baseline and who does not, and why: newcomers, appliances on which it was installed and is there no more,
 * and those on which an install of it ended otherwise, which nothing but a person begins again.
 */
import { appliancesByPlace } from '../census.ts'
import { findingOn, hasIt } from '../findings.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'
import { isFinal } from '../rollout/install-states.ts'
import type { ServiceCenterState } from '../state.ts'
import type { Baseline } from './baseline.ts'

/** What was installed and is there no more is installed by itself again so long after at the earliest: no loop. */
const AGAIN_AFTER_MS = 24 * 3_600_000

export type Behind = {
  readonly appliance: ApplianceRecord
  readonly has: string | null
  readonly reason: string
  /** Nobody has to decide anything before it is brought up. */
  readonly isWanted: boolean
}
export type BaselineStanding = { readonly keeping: number; readonly behind: readonly Behind[] }

export function standingOf(state: ServiceCenterState, baseline: Baseline, patch: PatchRecord): BaselineStanding {
  const behind: Behind[] = []
  let keeping = 0
  for (const appliance of appliancesByPlace(state)) {
    const { organization, dataCenter, kind } = appliance
    if (organization !== baseline.organization || dataCenter !== baseline.dataCenter || kind !== baseline.kind) continue
    const finding = findingOn(state, patch, appliance)
    if (finding.result === 'notApplicable') continue
    if (hasIt(patch, finding)) keeping += 1
    else behind.push({ appliance, has: finding.installedVersion, ...whyBehind(state, baseline, appliance) })
  }
  return { keeping, behind }
}

function whyBehind(
  { standings, clock }: ServiceCenterState,
  { patch, setAt }: Baseline,
  { peer, enrolledAt }: ApplianceRecord,
): Pick<Behind, 'reason' | 'isWanted'> {
  const part = standings.newest.get(patch)?.get(peer)
  if (part !== undefined && !isFinal(part.state))
    return { reason: `an install of it goes on: ${part.state}`, isWanted: false }
  if (part?.state === 'installed') {
    const isWanted = clock.wallMs - part.changedAt >= AGAIN_AFTER_MS
    return { reason: 'it was installed, and is there no more', isWanted }
  }
  if (part !== undefined) {
    const because = part.reason === '' ? '' : `: ${part.reason}`
    return { reason: `its last install ended as ${part.state}${because}; start another one`, isWanted: false }
  }
  return { reason: enrolledAt > setAt ? 'joined after the baseline was set' : 'has not got it yet', isWanted: true }
}
