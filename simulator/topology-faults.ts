/**
 * What goes wrong in a run of a topology, and when, drawn from its seed; the same for a virtual run and for one of real
 * processes. A few times a Service Provider appliance that others depend on is killed and started again, and a few times
 * the WAN link of a Data Center is down for some seconds: all in the middle of the transfer, where it is felt.
 */
import { type ApplianceName, type DataCenterName, SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import { nextBelow, seededRandom } from '../protocol/random.ts'
import { fluidBoundMs } from './fluid-bound.ts'
import type { Topology } from './topology.ts'

/** A Data Center, or null for the Service Center. */
export type Site = DataCenterName | null

/** `atMs` counts from the end of the upload. */
export type TopologyFault = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly appliance: ApplianceName }
  | { readonly kind: 'link-down'; readonly site: Site; readonly forMs: number }
)

/** What really happened, counted: kills and downs of links, and what else there was by its name. */
export type FaultCounts = { kills: number; linkDowns: number; [kind: string]: number }

const LEAST_DOWN_MS = 2_000
const MOST_DOWN_MS = 5_000
const DATA_CENTERS_PER_FAULT = 4
/** What processes on one machine hand over to each other without links. */
const LOOPBACK_BYTES_PER_MS = 200_000

export type FaultsAsked = {
  readonly topology: Topology
  readonly patchBytes: number
  readonly seed: number
  /** Whether there are links, that have rates and can go down. */
  readonly links: boolean
}

export function planFaults(asked: FaultsAsked): TopologyFault[] {
  const { topology, seed, links } = asked
  const { appliances, dataCenters } = topology
  const random = seededRandom(seed)
  const primaries = appliances.filter(({ kind, role }) => kind === SERVICE_PROVIDER && role === 'primary')
  const expectedMs = expectedTransferMs(asked)
  const inTheMiddle = (): number => Math.floor(expectedMs / 5) + nextBelow(random, Math.ceil(expectedMs / 2))
  const drawn: TopologyFault[] = []
  for (let turn = 0; turn < Math.ceil(dataCenters.length / DATA_CENTERS_PER_FAULT); turn++) {
    const primary = primaries[nextBelow(random, primaries.length)]
    if (primary !== undefined) drawn.push({ kind: 'kill', appliance: primary.name, atMs: inTheMiddle() })
    const site = dataCenters[nextBelow(random, dataCenters.length)]
    const forMs = LEAST_DOWN_MS + nextBelow(random, MOST_DOWN_MS - LEAST_DOWN_MS)
    if (links && site !== undefined) drawn.push({ kind: 'link-down', site: site.name, atMs: inTheMiddle(), forMs })
  }
  return drawn.sort((left, right) => left.atMs - right.atMs)
}

/** The windows in which the file says that a link is unavailable. */
export function windowsOf({ serviceCenter, dataCenters }: Topology): (TopologyFault & { kind: 'link-down' })[] {
  return [{ name: null, wan: serviceCenter }, ...dataCenters]
    .flatMap(({ name, wan }) =>
      wan.unavailable.map(({ fromMs, forMs }) => ({ kind: 'link-down' as const, site: name, atMs: fromMs, forMs })),
    )
    .sort((left, right) => left.atMs - right.atMs)
}

/** While nobody but the Service Center sends over the WAN; a transfer takes as long at least. */
export function expectedTransferMs({ topology, patchBytes, links }: Omit<FaultsAsked, 'seed'>): number {
  const { serviceCenter, dataCenters, appliances } = topology
  const copies = appliances.filter(({ kind }) => kind === SERVICE_PROVIDER).length
  if (!links) return (copies * patchBytes) / LOOPBACK_BYTES_PER_MS
  const sendingMs = (1000 * 8 * dataCenters.length * patchBytes) / serviceCenter.upBitsPerSecond
  return Math.max(sendingMs, fluidBoundMs(topology, patchBytes))
}

export function siteName(site: Site): string {
  return site ?? 'the Service Center'
}
