/**
 * The exposure clocks of a patch added up, for each organization and for all. Ten thousand appliances are looked at again
 * and again, so what was added up is kept until an appliance tells something else of the patch, comes or goes, or the clock
 * is set otherwise. Nothing in it depends on what time it is.
 */
import type { OrganizationName, Sha256 } from '../../../protocol/identifiers.ts'
import { censusOf } from '../census.ts'
import type { PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { type ApplianceClock, clockOf, exposureOf, type PatchClock } from './clock.ts'

/** Appliances that are exposed since one moment and due at one. */
export type ExposedSince = { readonly since: number; readonly dueAt: number | null; count: number }
export type Sum = {
  /** By both moments. */
  readonly exposed: Map<string, ExposedSince>
  notApplicable: number
  joinedLate: number
  patchedLate: number
  /** When the last of those that have it got it; 0 of none. */
  ended: number
  /** In milliseconds, the shortest first. */
  readonly took: number[]
}
export type Profile = {
  readonly clock: PatchClock
  readonly all: Sum
  readonly organizations: ReadonlyMap<OrganizationName, Sum>
}

/** By the appliances that are seen; of a part of the fleet they are made for one request. */
const profiles = new WeakMap<ServiceCenterState['appliances'], Map<Sha256, { key: string; profile: Profile }>>()

export function profileOf(state: ServiceCenterState, patch: PatchRecord): Profile {
  const clock = clockOf(state, patch)
  const key = [censusOf(state).revision, patch.uploadedAt, clock.since, clock.dueAt, clock.days].join(' ')
  const kept = profiles.get(state.appliances) ?? new Map<Sha256, { key: string; profile: Profile }>()
  profiles.set(state.appliances, kept)
  const known = kept.get(patch.sha256)
  if (known?.key === key) return known.profile
  const profile = { clock, ...addUp(state, patch) }
  kept.set(patch.sha256, { key, profile })
  return profile
}

/** Something was told of it. */
export function forgetProfile({ appliances }: Pick<ServiceCenterState, 'appliances'>, patch: Sha256): void {
  profiles.get(appliances)?.delete(patch)
}

function addUp(state: ServiceCenterState, patch: PatchRecord): Omit<Profile, 'clock'> {
  const { appliances, notMeant } = exposureOf(state, patch)
  const all = nothing()
  const organizations = new Map<OrganizationName, Sum>()
  const sumOf = (organization: OrganizationName): Sum => {
    const sum = organizations.get(organization) ?? nothing()
    organizations.set(organization, sum)
    return sum
  }
  for (const clock of appliances) for (const sum of [all, sumOf(clock.appliance.organization)]) add(sum, clock)
  for (const { appliance } of notMeant) for (const sum of [all, sumOf(appliance.organization)]) sum.notApplicable += 1
  for (const { took } of [all, ...organizations.values()]) took.sort((left, right) => left - right)
  return { all, organizations }
}

function add(sum: Sum, { since, dueAt, joinedLate, endedAt }: ApplianceClock): void {
  if (joinedLate) sum.joinedLate += 1
  if (endedAt === null) {
    const key = `${since} ${dueAt}`
    const known = sum.exposed.get(key)
    if (known === undefined) sum.exposed.set(key, { since, dueAt, count: 1 })
    else known.count += 1
  } else {
    sum.ended = Math.max(sum.ended, endedAt)
    sum.took.push(endedAt - since)
    if (dueAt !== null && dueAt < endedAt) sum.patchedLate += 1
  }
}

function nothing(): Sum {
  return { exposed: new Map(), notApplicable: 0, joinedLate: 0, patchedLate: 0, ended: 0, took: [] }
}
