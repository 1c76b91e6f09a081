/**
 * What people and scripts are shown of exposure clocks: of each patch who is exposed, since when, due when and overdue by
 * how much, by organization; how long it took where it is over; who joined late, and for whom the patch is not meant.
 */
import { nameOf } from '../patch-identity.ts'
import { livePatches } from '../publishing.ts'
import type { PatchRecord } from '../records.ts'
import { isFinal } from '../rollout/install-states.ts'
import type { ServiceCenterState } from '../state.ts'
import { supersedence } from '../supersedence.ts'
import { advisoryOf, type Severity } from './advisory.ts'
import { type ApplianceClock, exposureOf } from './clock.ts'
import { profileOf, type Sum } from './profile.ts'

export type ExposureState = 'overdue' | 'exposed' | 'ended' | 'not applicable'

export type ExposureCounts = {
  state: ExposureState
  /** Appliances that must have it: `exposed` and `patched` together. */
  total: number
  exposed: number
  patched: number
  /** Of those that are exposed, past their due date. */
  overdue: number
  notApplicable: number
  /** Of all that must have it, those that joined when the patch and its advisory were there. */
  joinedLate: number
  /** Of those that have it, past their due date when they got it. */
  patchedLate: number
  /** Of those that are exposed, since when the first is; null where nobody is. */
  since: string | null
  /** Of those that are exposed, the first. */
  dueAt: string | null
  overdueSeconds: number
  /** When the last got it; null while somebody is exposed, or where nobody must have it. */
  endedAt: string | null
  /** From the beginning of the clock of each to when it got it; null where nobody has. */
  medianSeconds: number | null
  longestSeconds: number | null
}
export type OrganizationExposure = ExposureCounts & { organization: string }
export type ExposureSummary = ExposureCounts & {
  patch: { id: string; name: string; version: string; architecture: string | null }
  supersededBy: { id: string; name: string; version: string; architecture: string | null } | null
  severity: Severity | null
  reference: string
  /** When the advisory was published; null where nobody has said so. */
  publishedAt: string | null
  uploadedAt: string
  /** Since when, and by when, appliances of before are counted. */
  clockSince: string
  clockDueAt: string | null
  /** Somebody has set that day; else it follows from the severity. */
  dueIsSet: boolean
  organizations: OrganizationExposure[]
}
export type ExposedAppliance = {
  name: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  since: string
  dueAt: string | null
  overdueSeconds: number
  joinedLate: boolean
  installedVersion: string | null
  reason: string
}
export type ExposureDetail = ExposureSummary & {
  /** Those that are exposed. */
  appliances: ExposedAppliance[]
  notMeant: { name: string; organization: string; dataCenter: string; kind: string; role: string; reason: string }[]
}

/** What is overdue first, then what is due first. `open`: of which somebody is exposed. */
export function exposureSummaries(state: ServiceCenterState, which: 'open' | 'all'): ExposureSummary[] {
  const newer = supersedence(state)
  return livePatches(state)
    .map((patch) => summary(state, patch, newer.get(patch.sha256)))
    .filter(({ exposed }) => which === 'all' || exposed > 0)
    .sort(byUrgency)
}

export function exposureDetail(state: ServiceCenterState, patch: PatchRecord): ExposureDetail {
  const exposure = exposureOf(state, patch)
  return {
    ...summary(state, patch, supersedence(state).get(patch.sha256)),
    appliances: exposure.appliances
      .filter(({ endedAt }) => endedAt === null)
      .map((clock) => ({ ...exposedLine(state, clock), reason: whyExposed(state, patch, clock) })),
    notMeant: exposure.notMeant.map(({ appliance: { name, organization, dataCenter, kind, role }, reason }) => ({
      ...{ name, organization, dataCenter, kind, role, reason },
    })),
  }
}

function byUrgency(left: ExposureSummary, right: ExposureSummary): number {
  const urgency = ({ overdueSeconds, exposed, dueAt }: ExposureSummary): number =>
    exposed === 0 ? Infinity : overdueSeconds > 0 ? -overdueSeconds : dueAt === null ? 1e300 : Date.parse(dueAt)
  return compare(urgency(left), urgency(right)) || compare(right.uploadedAt, left.uploadedAt)
}

function compare(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function summary(state: ServiceCenterState, patch: PatchRecord, newer: PatchRecord | undefined): ExposureSummary {
  const { clock, all, organizations } = profileOf(state, patch)
  const { severity, reference, publishedAt, dueAt } = advisoryOf(state, patch.sha256)
  const now = state.clock.wallMs
  return {
    patch: { id: patch.sha256, ...nameOf(patch) },
    supersededBy: newer === undefined ? null : { id: newer.sha256, ...nameOf(newer) },
    severity,
    reference,
    publishedAt: isoOrNull(publishedAt),
    uploadedAt: iso(patch.uploadedAt),
    clockSince: iso(clock.since),
    clockDueAt: isoOrNull(clock.dueAt),
    dueIsSet: dueAt !== null,
    ...countsOf(all, now),
    organizations: [...organizations]
      .map(([organization, sum]) => ({ organization, ...countsOf(sum, now) }))
      .sort((left, right) => compare(left.organization, right.organization)),
  }
}

function countsOf(sum: Sum, now: number): ExposureCounts {
  let since = Infinity
  let dueAt = Infinity
  let [exposed, overdue] = [0, 0]
  for (const group of sum.exposed.values()) {
    exposed += group.count
    since = Math.min(since, group.since)
    dueAt = Math.min(dueAt, group.dueAt ?? Infinity)
    if ((group.dueAt ?? Infinity) < now) overdue += group.count
  }
  const { took, notApplicable, joinedLate, patchedLate } = sum
  const patched = took.length
  const total = exposed + patched
  const inSeconds = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms / 1000))
  return {
    state: overdue > 0 ? 'overdue' : exposed > 0 ? 'exposed' : total > 0 ? 'ended' : 'not applicable',
    ...{ total, exposed, patched, overdue, notApplicable, joinedLate, patchedLate },
    since: exposed === 0 ? null : iso(since),
    dueAt: dueAt === Infinity ? null : iso(dueAt),
    overdueSeconds: overdue === 0 ? 0 : Math.round((now - dueAt) / 1000),
    endedAt: exposed > 0 || total === 0 ? null : iso(Math.min(sum.ended, now)),
    medianSeconds: inSeconds(took[Math.floor(patched / 2)]),
    longestSeconds: inSeconds(took.at(-1)),
  }
}

function exposedLine({ clock: { wallMs } }: ServiceCenterState, one: ApplianceClock): Omit<ExposedAppliance, 'reason'> {
  const { appliance, since, dueAt, joinedLate, finding } = one
  const { name, organization, dataCenter, kind, role } = appliance
  return {
    ...{ name, organization, dataCenter, kind, role, since: iso(since), dueAt: isoOrNull(dueAt), joinedLate },
    overdueSeconds: dueAt === null ? 0 : Math.max(0, Math.round((wallMs - dueAt) / 1000)),
    installedVersion: finding.installedVersion,
  }
}

/** What keeps it so: its newest install, or that there was none. */
function whyExposed(state: ServiceCenterState, patch: PatchRecord, { appliance, finding }: ApplianceClock): string {
  const part = state.standings.newest.get(patch.sha256)?.get(appliance.peer)
  const found = finding.result === 'unknown' ? finding.reason : ''
  if (part === undefined) return found === '' ? 'no install of it was ordered' : `unknown: ${found}`
  if (!isFinal(part.state)) return `its install goes on: ${part.state}`
  if (part.state === 'installed') return 'it was installed, and is there no more'
  return `its last install ended as ${part.state}${part.reason === '' ? '' : `: ${part.reason}`}`
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
function isoOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : iso(wallMs)
}
