/**
 * What a fleet looks like before it exists: its appliances, its Data Centers with their WAN links, and the Service
 * Center's own link. A topology is plain data; whoever enrolls one, runs one as processes or runs one in virtual time
 * reads the same value. Every rate is finite and above zero, and every latency and window is in milliseconds.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'
import type { Slot } from '../core/records.ts'

export type Topology = {
  /** In the order of the file: by Data Center, in each its depot first. Names are unique. */
  readonly appliances: readonly TopologyAppliance[]
  readonly dataCenters: readonly TopologyDataCenter[]
  /** Between the Service Center and everything else. */
  readonly serviceCenter: Link
  /** Inside each Data Center: what one appliance sends, and what it receives. */
  readonly lanBitsPerSecond: number
}

export type TopologyAppliance = Slot & { readonly diskBytes: number }

export type TopologyDataCenter = { readonly name: DataCenterName; readonly wan: Link }

/** The connection of one site to the WAN, seen from the site: down is what it receives. */
export type Link = {
  readonly downBitsPerSecond: number
  readonly upBitsPerSecond: number
  /** One way, once for each crossing of this link. */
  readonly latencyMs: number
  /** Of the packets, each way: 0.001 is 0.1 %. */
  readonly lossRatio: number
  /** In order, without overlap. */
  readonly unavailable: readonly Outage[]
}

/** Counted from the moment at which the upload of the patch has ended. */
export type Outage = { readonly fromMs: number; readonly forMs: number }

/** The place alone, as the Service Center keeps it. */
export function slotOf({ name, organization, dataCenter, kind, role, group }: Slot): Slot {
  return { name, organization, dataCenter, kind, role, group }
}
