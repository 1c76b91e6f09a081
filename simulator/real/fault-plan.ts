/**
 * What goes wrong in a run of real processes, and when: the windows of unavailability that the topology has, and with
 * `--faults some` one appliance that is killed outright and started again, and one WAN link that goes away for some
 * seconds. The seed decides which, and when; it is all in the first half of the shortest time that the run can take.
 */
import { type ApplianceName, type DataCenterName, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { nextBelow, seededRandom } from '../../protocol/random.ts'
import { fluidBoundMs } from '../fluid-bound.ts'
import type { Topology } from '../topology.ts'

/** A Data Center, or null for the Service Center. */
export type Site = DataCenterName | null

/** `atMs` counts from the end of the upload. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly appliance: ApplianceName }
  | { readonly kind: 'cut'; readonly site: Site; readonly forMs: number }
)

const LEAST_CUT_MS = 2_000
const MOST_CUT_MS = 5_000

export type FaultsAsked = {
  readonly topology: Topology
  readonly patchBytes: number
  readonly seed: number
  readonly faults: 'none' | 'some'
  /** Whether there are links that can be cut. */
  readonly links: boolean
}

export function planFaults({ topology, patchBytes, seed, faults, links }: FaultsAsked): Fault[] {
  const planned: Fault[] = []
  if (links) {
    for (const { name, wan } of [{ name: null, wan: topology.serviceCenter }, ...topology.dataCenters]) {
      for (const { fromMs, forMs } of wan.unavailable) planned.push({ kind: 'cut', site: name, atMs: fromMs, forMs })
    }
  }
  if (faults === 'some') {
    const random = seededRandom(seed)
    const half = Math.max(1, Math.floor(fluidBoundMs(topology, patchBytes) / 2))
    const depots = topology.appliances.filter(({ kind }) => kind === SERVICE_PROVIDER)
    const appliance = depots[nextBelow(random, depots.length)]
    if (appliance !== undefined)
      planned.push({ kind: 'kill', appliance: appliance.name, atMs: nextBelow(random, half) })
    const site = topology.dataCenters[nextBelow(random, topology.dataCenters.length)]
    const forMs = LEAST_CUT_MS + nextBelow(random, MOST_CUT_MS - LEAST_CUT_MS)
    if (links && site !== undefined)
      planned.push({ kind: 'cut', site: site.name, atMs: nextBelow(random, half), forMs })
  }
  return planned.sort((left, right) => left.atMs - right.atMs)
}
