/**
 * A world that stands as a topology says: a site for each Data Center and one for the Service Center, with the rates,
 * latency and loss of their links, and every appliance enrolled and connected.
 */
import { DEFAULT_SETTINGS, type Settings } from '../../agent/core/state.ts'
import { assert } from '../../protocol/assert.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { Link, Topology } from '../topology.ts'
import type { SiteOptions } from './routes.ts'
import type { Tell } from './run-to-end.ts'
import { World } from './world.ts'

/**
 * Where the constants come from, so that a virtual run tells what a real one would do: one process encrypts, frames and
 * hashes about so much (Noise in Node.js on one core), writes pieces into the page cache, and reads a file back with its
 * digest.
 */
const PROCESS_BITS_PER_SECOND = 1.6e9
const WRITE_BYTES_PER_MS = 1_000_000
const PROVE_BYTES_PER_MS = 600_000

/** From here on the agents of a world are told the time every two seconds: the longest at which a source that sends never looks stalled. */
const HUGE = 500
const TICK_OF_HUGE_MS = 2_000
const CONNECTED_WITHIN_MS = 120_000

export const SERVICE_CENTER_SITE = 'Service Center'

export function worldOf(
  topology: Topology,
  options: { seed: number; keepsEverything?: boolean; settings?: Settings; progress?: Tell },
): World {
  const { appliances, dataCenters, serviceCenter, lanBitsPerSecond } = topology
  const { progress = () => {}, settings = DEFAULT_SETTINGS } = options
  const world = new World({
    seed: options.seed,
    keepsEverything: options.keepsEverything ?? false,
    checksMessages: appliances.length <= HUGE,
    settings: appliances.length > HUGE ? { ...settings, tickMs: TICK_OF_HUGE_MS } : settings,
    disks: { writeBytesPerMs: WRITE_BYTES_PER_MS, proveBytesPerMs: PROVE_BYTES_PER_MS },
    prepare: (network) => {
      network.addSite(SERVICE_CENTER_SITE, siteOptions(ofOneProcess(serviceCenter), lanBitsPerSecond))
      for (const { name, wan } of dataCenters) network.addSite(name, siteOptions(wan, lanBitsPerSecond))
      return { serviceCenterSite: SERVICE_CENTER_SITE }
    },
  })
  // Depots first: a tenant appliance is told where its depot can be dialled.
  for (const isDepot of [true, false]) {
    for (const { diskBytes, ...position } of appliances) {
      if ((position.kind === SERVICE_PROVIDER) !== isDepot) continue
      world.add(position.name, { position, site: position.dataCenter, diskBytes })
      progress(() => `${world.appliances.size} of ${appliances.length} appliances enrolled`)
    }
    const { sessions } = world.center.state
    const count = world.appliances.size
    const areConnected = (): boolean => {
      progress(() => `${sessions.size} of ${appliances.length} appliances connected`)
      return sessions.size === count
    }
    const isConnected = world.runUntil(areConnected, world.nowMs + CONNECTED_WITHIN_MS)
    assert(isConnected, `all ${count} appliances are connected: ${sessions.size} are`)
  }
  return world
}

/** Lets the links go silent in their windows, counted from now. */
export function openWindows(world: World, { dataCenters, serviceCenter }: Topology): void {
  const windows = [{ name: SERVICE_CENTER_SITE, wan: serviceCenter }, ...dataCenters]
  for (const { name, wan } of windows) {
    for (const { fromMs, forMs } of wan.unavailable) {
      world.at(world.nowMs + fromMs, () => world.network.isolate(name))
      world.at(world.nowMs + fromMs + forMs, () => world.network.rejoin(name))
    }
  }
}

function siteOptions({ downBitsPerSecond, upBitsPerSecond, latencyMs, lossRatio }: Link, lan: number): SiteOptions {
  return {
    downBitsPerSecond,
    upBitsPerSecond,
    latencyMs,
    lossRatio,
    lanBitsPerSecond: Math.min(lan, PROCESS_BITS_PER_SECOND),
  }
}

/** The Service Center is one process, however fast its link is. */
function ofOneProcess(link: Link): Link {
  const { downBitsPerSecond, upBitsPerSecond } = link
  return {
    ...link,
    downBitsPerSecond: Math.min(downBitsPerSecond, PROCESS_BITS_PER_SECOND),
    upBitsPerSecond: Math.min(upBitsPerSecond, PROCESS_BITS_PER_SECOND),
  }
}
