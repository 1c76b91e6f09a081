/**
 * The appliances in the order in which people are shown them, found once and kept: which there are by place, and the
 * depot of each Data Center. A state that shows a part of the fleet has fewer appliances and so a census of its own; it is
 * found when somebody first asks and forgotten with that part.
 */
import {
  type DataCenterName,
  type OrganizationName,
  type PeerId,
  SERVICE_PROVIDER,
} from '../../protocol/identifiers.ts'
import type { ApplianceRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** The appliances of one kind that an organization has in one Data Center. */
export type Place = {
  readonly organization: OrganizationName
  readonly dataCenter: DataCenterName
  readonly kind: ApplianceRecord['kind']
  appliances: number
}

/** Lists are in the order of `byPlace`; they name appliances, since the record of one changes with each contact. */
export type Census = {
  readonly appliances: PeerId[]
  readonly depots: PeerId[]
  readonly depotOf: Map<DataCenterName, PeerId[]>
  /** By `groupKey`, those that stand in for each other. */
  readonly groups: Map<string, PeerId[]>
  readonly places: Map<string, Place>
  /** Those of `places` that hold Service Provider appliances. */
  readonly depotPlaces: Map<string, Place>
  /** Rises with whoever comes, goes or is given another place. */
  revision: number
}

/** By the appliances that were counted. */
export type Censuses = WeakMap<ServiceCenterState['appliances'], Census>

export function censusOf({ appliances, censuses }: Pick<ServiceCenterState, 'appliances' | 'censuses'>): Census {
  const known = censuses.get(appliances)
  if (known !== undefined) return known
  const census: Census = {
    ...{ appliances: [], depots: [], depotOf: new Map(), groups: new Map(), places: new Map(), depotPlaces: new Map() },
    revision: 0,
  }
  for (const appliance of [...appliances.values()].sort(byPlace)) {
    for (const list of listsOf(census, appliance)) list.push(appliance.peer)
    countPlace(census, appliance, 1)
  }
  censuses.set(appliances, census)
  return census
}

/** Keeps the census of the whole fleet when an appliance comes, goes, or is given another place. */
export function keepCensus(
  state: Pick<ServiceCenterState, 'appliances' | 'censuses'>,
  before: ApplianceRecord | undefined,
  after: ApplianceRecord | undefined,
): void {
  const census = censusOf(state)
  if (before !== undefined && after !== undefined && byPlace(before, after) === 0 && before.kind === after.kind) return
  census.revision += 1
  if (before !== undefined) {
    for (const list of listsOf(census, before)) list.splice(list.indexOf(before.peer), 1)
    countPlace(census, before, -1)
  }
  if (after === undefined) return
  for (const list of listsOf(census, after)) list.splice(placeIn(list, after, state.appliances), 0, after.peer)
  countPlace(census, after, 1)
}

/** Where the appliance belongs in a list that is in order. */
function placeIn(list: readonly PeerId[], appliance: ApplianceRecord, appliances: ServiceCenterState['appliances']) {
  let from = 0
  let to = list.length
  while (from < to) {
    const middle = (from + to) >> 1
    const other = appliances.get(list[middle] as PeerId)
    if (other === undefined || byPlace(other, appliance) < 0) from = middle + 1
    else to = middle
  }
  return from
}

function listsOf(census: Census, appliance: ApplianceRecord): PeerId[][] {
  const { kind, dataCenter } = appliance
  const group = census.groups.get(groupKey(appliance)) ?? []
  census.groups.set(groupKey(appliance), group)
  if (kind !== SERVICE_PROVIDER) return [census.appliances, group]
  const depot = census.depotOf.get(dataCenter) ?? []
  census.depotOf.set(dataCenter, depot)
  return [census.appliances, group, census.depots, depot]
}

function countPlace(census: Census, appliance: ApplianceRecord, by: 1 | -1): void {
  const { organization, dataCenter, kind } = appliance
  const key = placeKey(appliance)
  const place = census.places.get(key) ?? { organization, dataCenter, kind, appliances: 0 }
  place.appliances += by
  for (const places of kind === SERVICE_PROVIDER ? [census.places, census.depotPlaces] : [census.places]) {
    if (place.appliances === 0) places.delete(key)
    else places.set(key, place)
  }
}

/** Equal for the appliances that are counted together. */
export function placeKey({ organization, dataCenter, kind }: Omit<Place, 'appliances'>): string {
  return JSON.stringify([organization, dataCenter, kind])
}

/** Of a record, so that nobody puts the same words together at each look. */
const groupKeys = new WeakMap<ApplianceRecord, string>()

/** Equal for the appliances that stand in for each other. */
export function groupKey(appliance: ApplianceRecord): string {
  const known = groupKeys.get(appliance)
  if (known !== undefined) return known
  const key = JSON.stringify([appliance.organization, appliance.dataCenter, appliance.kind, appliance.group])
  groupKeys.set(appliance, key)
  return key
}

/** The other members of its group. */
export function peersOf(state: ServiceCenterState, appliance: ApplianceRecord): ApplianceRecord[] {
  const peers: ApplianceRecord[] = []
  for (const peer of censusOf(state).groups.get(groupKey(appliance)) ?? []) {
    const record = peer === appliance.peer ? undefined : state.appliances.get(peer)
    if (record !== undefined) peers.push(record)
  }
  return peers
}

/** All there are, by Data Center, organization, group, role and name. */
export function appliancesByPlace(state: ServiceCenterState): ApplianceRecord[] {
  return recordsOf(state, censusOf(state).appliances)
}

export function recordsOf(state: ServiceCenterState, peers: readonly PeerId[]): ApplianceRecord[] {
  return peers.flatMap((peer) => state.appliances.get(peer) ?? [])
}

export function byPlace(left: ApplianceRecord, right: ApplianceRecord): number {
  return (
    compare(left.dataCenter, right.dataCenter) ||
    compare(left.organization, right.organization) ||
    compare(left.group, right.group) ||
    compare(left.role, right.role) ||
    compare(left.name, right.name)
  )
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
