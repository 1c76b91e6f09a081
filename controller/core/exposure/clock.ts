/**
 * The exposure clock of a patch: since when each appliance that must have it is without it, by when it is to have it, and
 * when it got it. An appliance must have it if it is not told to be not applicable; what nobody has told of counts as
 * exposed. The clock begins with the advisory, or where none is known with the upload. For whoever joined when both were
 * there it begins then, with the days of its severity from then on. What was there and is lost counts from the beginning
 * again.
 */

import { appliancesByPlace } from '../census.ts'
import { type Finding, findingOn, hasIt } from '../findings.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { advisoryOf, daysFor } from './advisory.ts'

const DAY_MS = 86_400_000

/** Moments are wall milliseconds. */
export type PatchClock = { readonly since: number; readonly dueAt: number | null; readonly days: number | null }

export type ApplianceClock = {
  readonly appliance: ApplianceRecord
  readonly finding: Finding
  readonly since: number
  readonly dueAt: number | null
  readonly joinedLate: boolean
  /** When it was seen to have the patch; null while it is exposed. */
  readonly endedAt: number | null
}

export type PatchExposure = {
  /** Those that must have it. */
  readonly appliances: readonly ApplianceClock[]
  readonly notMeant: readonly { readonly appliance: ApplianceRecord; readonly reason: string }[]
}

export function clockOf(state: ServiceCenterState, { sha256, uploadedAt }: PatchRecord): PatchClock {
  const { severity, publishedAt, dueAt } = advisoryOf(state, sha256)
  const since = publishedAt ?? uploadedAt
  const days = daysFor(state, severity)
  return { since, days, dueAt: dueAt ?? (days === null ? null : since + days * DAY_MS) }
}

export function exposureOf(state: ServiceCenterState, patch: PatchRecord): PatchExposure {
  const clock = clockOf(state, patch)
  const appliances: ApplianceClock[] = []
  const notMeant: { appliance: ApplianceRecord; reason: string }[] = []
  for (const appliance of appliancesByPlace(state)) {
    const finding = findingOn(state, patch, appliance)
    if (finding.result === 'notApplicable') notMeant.push({ appliance, reason: finding.reason })
    else appliances.push({ appliance, finding, ...applianceClock(state, patch, clock, { appliance, finding }) })
  }
  return { appliances, notMeant }
}

function applianceClock(
  state: ServiceCenterState,
  patch: PatchRecord,
  { since: begun, dueAt, days }: PatchClock,
  { appliance: { peer, enrolledAt }, finding }: Pick<ApplianceClock, 'appliance' | 'finding'>,
): Omit<ApplianceClock, 'appliance' | 'finding'> {
  const joinedLate = enrolledAt > Math.max(begun, patch.uploadedAt)
  const since = joinedLate ? enrolledAt : begun
  const own = joinedLate && dueAt !== null && days !== null ? Math.max(dueAt, since + days * DAY_MS) : dueAt
  if (!hasIt(patch, finding)) return { since, dueAt: own, joinedLate, endedAt: null }
  // By the clock of the appliance, which may be wrong.
  const seen = state.detections.get(patch.sha256)?.get(peer)?.satisfiedSince ?? since
  return { since, dueAt: own, joinedLate, endedAt: Math.max(seen, since) }
}
