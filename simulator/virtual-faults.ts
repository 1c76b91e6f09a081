/**
 * Does the faults of a topology to its world while the patch replicates: some, as real processes meet them too, or with
 * them every kind that the seeds know and that touches a transfer. After a while all of them end, so that what can
 * converge does. What really happened is kept as plain data.
 */
import { SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import { nextBelow, type Random } from '../protocol/random.ts'
import { installerActs } from './acts/installers.ts'
import { rotActs } from './acts/rot.ts'
import { Evidence } from './checkers/evidence.ts'
import { FAULT_KINDS, type Fault, type FaultKind, isOfDepot, isOfLink } from './faults.ts'
import { Injector } from './injecting.ts'
import { LetterTampering } from './letter-tampering.ts'
import { PEOPLE_KINDS } from './people-faults.ts'
import type { Topology } from './topology.ts'
import { expectedTransferMs, type FaultCounts, planFaults, windowsOf } from './topology-faults.ts'
import { pick } from './workload.ts'
import { SERVICE_CENTER_SITE } from './world/topology-world.ts'
import type { World } from './world/world.ts'

/** What a process that was killed needs until it is there again. */
const START_AGAIN_MS = 1_000
/** Of the kinds of the seeds: they begin while the transfer goes on, and end by themselves or after this. */
const STORM_AT_LEAST_MS = 5_000
const LAST_AT_MOST_MS = 8_000
const DEPOTS_PER_FAULT = 2
/** Installers are left alone, a copy that rots when complete is not looked at again, and a clock that jumped stays wrong. */
const WITHOUT_TRANSFER = new Set<string>([
  ...Object.keys(installerActs),
  'reboot-in-install',
  ...Object.keys(rotActs),
  'clock-jump',
  'dead-connection',
  ...PEOPLE_KINDS,
])
const KINDS = FAULT_KINDS.filter((kind) => !WITHOUT_TRANSFER.has(kind))
/** Done to a Data Center, not to an appliance. */
const OF_SITES: ReadonlySet<FaultKind> = new Set<FaultKind>(['isolate', 'slow-link'])

export type FaultRun = {
  /** By kind; some are laid out and strike later or never, and count when they strike. */
  readonly counts: FaultCounts
  /** In the order of their times, which count from the end of the upload. */
  readonly list: readonly {
    readonly atMs: number
    readonly kind: string
    /** An appliance or a site. */
    readonly who: string
    /** Where it was felt; null for the Service Center. */
    readonly dataCenter: string | null
    readonly forMs: number
  }[]
}

export type FaultsAsked = { topology: Topology; patchBytes: number; seed: number; level: 'some' | 'all' }

/** Lays the faults out in the world; the function it gives tells what has happened by now. */
export function layOutFaults(world: World, asked: FaultsAsked): () => FaultRun {
  const beganMs = world.nowMs
  const counts: FaultCounts = { kills: 0, linkDowns: 0 }
  const list: FaultRun['list'][number][] = []
  const rejoin = rejoinOutsideWindows(world, asked.topology)
  const dataCenterOf = placesIn(asked.topology)
  for (const fault of planFaults({ ...asked, links: true })) {
    world.at(beganMs + fault.atMs, () => {
      if (fault.kind === 'kill') {
        if (!kill(world, fault.appliance)) return
        counts.kills += 1
        list.push({
          atMs: fault.atMs,
          kind: 'kill',
          who: fault.appliance,
          dataCenter: dataCenterOf(fault.appliance),
          forMs: START_AGAIN_MS,
        })
      } else {
        const site = fault.site ?? SERVICE_CENTER_SITE
        counts.linkDowns += 1
        list.push({ atMs: fault.atMs, kind: 'link-down', who: site, dataCenter: fault.site, forMs: fault.forMs })
        world.network.isolate(site)
        world.at(world.nowMs + fault.forMs, () => rejoin(site))
      }
    })
  }
  const storm = asked.level === 'all' ? layOutStorm(world, asked, rejoin) : null
  return () => ({
    counts: { ...counts, ...storm?.counts() },
    list: [...list, ...(storm?.list() ?? [])].toSorted((left, right) => left.atMs - right.atMs),
  })
}

/** The Data Center of an appliance, or of itself; null for the Service Center. */
function placesIn({ appliances, dataCenters }: Topology): (who: string) => string | null {
  const places = new Map<string, string>(dataCenters.map(({ name }) => [name, name]))
  for (const { name, dataCenter } of appliances) places.set(name, dataCenter)
  return (who) => places.get(who) ?? null
}

function kill(world: World, name: string): boolean {
  const appliance = world.appliance(name)
  if (!appliance.isRunning) return false
  appliance.stop()
  world.at(world.nowMs + START_AGAIN_MS, () => {
    if (!appliance.isRunning) appliance.start()
  })
  return true
}

type Rejoin = (site: string) => void

/** A link that the file says is unavailable now stays so, whatever fault of it ends. */
function rejoinOutsideWindows(world: World, topology: Topology): Rejoin {
  const beganMs = world.nowMs
  const windows = windowsOf(topology)
  return (name) => {
    const sinceMs = world.nowMs - beganMs
    const isWindow = windows.some(
      ({ site, atMs, forMs }) => (site ?? SERVICE_CENTER_SITE) === name && atMs <= sinceMs && sinceMs < atMs + forMs,
    )
    if (isWindow) world.network.isolate(name)
    else world.network.rejoin(name)
  }
}

/** Each kind of the seeds at least once. */
function layOutStorm(world: World, { topology, patchBytes, seed }: FaultsAsked, rejoin: Rejoin) {
  const beganMs = world.nowMs
  const dataCenterOf = placesIn(topology)
  const stormMs = Math.max(STORM_AT_LEAST_MS, expectedTransferMs({ topology, patchBytes, links: true }))
  const random = world.randomFor(`faults ${seed}`)
  const depots = topology.appliances.filter(({ kind }) => kind === SERVICE_PROVIDER)
  const count = Math.max(KINDS.length, Math.ceil(depots.length / DEPOTS_PER_FAULT))
  const faults = Array.from({ length: count }, (_, id): Fault => {
    const atMs = beganMs + nextBelow(random, stormMs)
    const lastsMs = 500 + nextBelow(random, LAST_AT_MOST_MS)
    const kind = KINDS[id % KINDS.length] ?? 'crash'
    return { id, atMs, lastsMs, kind, dice: nextBelow(random, 1_000_000), ...drawEnds(random, topology, kind) }
  })
  const evidence = new Evidence(world)
  const injector = new Injector(world, evidence, new LetterTampering(world, evidence, () => {}), random)
  injector.arm(faults)
  world.at(beganMs + stormMs + LAST_AT_MOST_MS, () => {
    injector.calm()
    for (const { name } of topology.dataCenters) rejoin(name)
    rejoin(SERVICE_CENTER_SITE)
  })
  return {
    counts: (): Record<string, number> =>
      Object.fromEntries([...injector.counts].sort(([one], [other]) => one.localeCompare(other))),
    list: (): FaultRun['list'] => {
      const happened = new Set(injector.happened)
      return faults
        .filter(({ id }) => happened.has(id))
        .map(({ atMs, kind, who, lastsMs }) => ({
          atMs: Math.round(atMs - beganMs),
          kind,
          who,
          dataCenter: dataCenterOf(who),
          forMs: lastsMs,
        }))
    },
  }
}

function drawEnds(random: Random, topology: Topology, kind: FaultKind): { who: string; other: string } {
  if (kind.startsWith('center')) return { who: 'service-center', other: '' }
  if (OF_SITES.has(kind)) return { who: pick(random, topology.dataCenters).name, other: '' }
  const depots = topology.appliances.filter((appliance) => appliance.kind === SERVICE_PROVIDER)
  const anyone = pick(random, isOfDepot(kind) || !isOfLink(kind) ? depots : topology.appliances)
  if (!isOfLink(kind)) return { who: anyone.name, other: '' }
  const near = depots.filter(({ name, dataCenter }) => name !== anyone.name && dataCenter === anyone.dataCenter)
  const others = near.map(({ name }): string => name)
  if (anyone.kind === SERVICE_PROVIDER || others.length === 0) others.push('service-center')
  return { who: anyone.name, other: pick(random, others) }
}
