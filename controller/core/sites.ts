/**
 * Who stands in which Data Center, and which of them may trade pieces with which. Every roster asks, and after a restart
 * everybody is sent one; so it is found once and kept until somebody comes, goes or moves, or a Data Center may trade or not.
 */
import { type DataCenterName, type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { censusOf, recordsOf } from './census.ts'
import { neighboursIn } from './neighbourhood.ts'
import type { ApplianceRecord } from './records.ts'
import { limitsOf, type ServiceCenterState } from './state.ts'

type Sites = {
  readonly revision: number
  /** Data Centers whose depots people have forbidden to trade. */
  readonly forbidden: string
  readonly members: ReadonlyMap<DataCenterName, readonly PeerId[]>
  /** Where each stands in the order of the fleet, which that of a roster follows. */
  readonly order: ReadonlyMap<PeerId, number>
  readonly traders: ReadonlySet<DataCenterName>
  readonly neighboursOf: (dataCenter: DataCenterName) => DataCenterName[]
}

const kept = new WeakMap<ServiceCenterState['appliances'], Sites>()

function sitesOf(state: ServiceCenterState): Sites {
  const { revision } = censusOf(state)
  const forbidden = [...state.limits.values()].flatMap(({ place, trades }) => (trades ? [] : [place])).join('\n')
  const known = kept.get(state.appliances)
  if (known?.revision === revision && known.forbidden === forbidden) return known
  const members = new Map<DataCenterName, PeerId[]>()
  const order = new Map<PeerId, number>()
  const traders = new Set<DataCenterName>()
  for (const { peer, kind, dataCenter } of state.appliances.values()) {
    const there = members.get(dataCenter)
    if (there === undefined) members.set(dataCenter, [peer])
    else there.push(peer)
    order.set(peer, order.size)
    if (kind === SERVICE_PROVIDER && limitsOf(state, dataCenter).trades) traders.add(dataCenter)
  }
  const sites = { revision, forbidden, members, order, traders, neighboursOf: neighboursIn(traders) }
  kept.set(state.appliances, sites)
  return sites
}

export function membersOfSite(state: ServiceCenterState, dataCenter: DataCenterName): ApplianceRecord[] {
  return recordsOf(state, sitesOf(state).members.get(dataCenter) ?? [])
}

/** Those that have a depot, where people did not forbid it. */
export function tradingDataCenters(state: ServiceCenterState): ReadonlySet<DataCenterName> {
  return sitesOf(state).traders
}

/** The Service Provider appliances of the Data Centers with which this one may trade pieces. */
export function tradingPartners(state: ServiceCenterState, dataCenter: DataCenterName): ApplianceRecord[] {
  const { traders, order, neighboursOf } = sitesOf(state)
  if (!traders.has(dataCenter)) return []
  return neighboursOf(dataCenter)
    .flatMap((neighbour) => membersOfSite(state, neighbour))
    .filter(({ kind }) => kind === SERVICE_PROVIDER)
    .sort((left, right) => (order.get(left.peer) ?? 0) - (order.get(right.peer) ?? 0))
}
