/**
 * One patch over one topology in virtual time: published, replicated to every Service Provider appliance, and installed
 * if that is wanted. What it gives is plain data, the same bytes for the same seed; it prints nothing and reads no clock.
 */
import { DEFAULT_SETTINGS, type Settings } from '../agent/core/state.ts'
import { countReplications } from '../controller/core/replications.ts'
import { assert } from '../protocol/assert.ts'
import { SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import { isRefusal } from '../protocol/refusals.ts'
import { WIRE_BYTES_PER_BYTE } from '../protocol/wan-limits.ts'
import { dataCenterBoundMs, fluidBoundMs } from './fluid-bound.ts'
import type { Topology } from './topology.ts'
import { windowsOf } from './topology-faults.ts'
import { type FaultRun, layOutFaults } from './virtual-faults.ts'
import { type InstallRun, installRun } from './virtual-install.ts'
import { type Progress, shareStored, watchProgress } from './virtual-progress.ts'
import { runToEnd, seconds, type Tell } from './world/run-to-end.ts'
import { type SymbolicPatch, symbolicPatch } from './world/symbolic-patch.ts'
import { openWindows, worldOf } from './world/topology-world.ts'
import type { World } from './world/world.ts'

const DEFAULT_PATCH_BYTES = 64 * 1024 * 1024

export type VirtualOptions = {
  readonly topology: Topology
  readonly seed?: number
  readonly patchBytes?: number
  readonly install?: boolean
  /** Only members of a group may be disrupted too. */
  readonly allowOutage?: boolean
  readonly faults?: 'none' | 'some' | 'all'
  /** Of every appliance, where they are not the defaults. */
  readonly settings?: Settings
  readonly progress?: Tell
}

export type DataCenterRun = {
  readonly name: string
  /** When its last member was counted; null if that never came. */
  readonly completeMs: number | null
  readonly boundMs: number
  /** Bytes of our frames that entered it over the WAN, for each byte of the patch. */
  readonly wanFactor: number
}

export type VirtualRun = {
  readonly seed: number
  readonly patchBytes: number
  readonly faults: 'none' | 'some' | 'all'
  /** While the patch replicated. */
  readonly faultsHappened: FaultRun['counts']
  readonly faultList: FaultRun['list']
  /** When links were unavailable because the file says so; null is the Service Center. */
  readonly windows: readonly { dataCenter: string | null; atMs: number; forMs: number }[]
  readonly replications: { complete: number; total: number }
  /** From publication to n = m; null if that never came. */
  readonly makespanMs: number | null
  readonly boundMs: number
  /** Of the makespan to the bound. */
  readonly ratio: number | null
  readonly wanFactor: { mean: number; max: number }
  /** With the headers below our frames. */
  readonly bytesByLink: Readonly<Record<string, number>>
  readonly perDataCenter: readonly DataCenterRun[]
  /** When each copy was counted, in that order. */
  readonly copies: readonly { appliance: string; dataCenter: string; atMs: number }[]
  readonly progress: Progress
  readonly installs: InstallRun | null
  /** Events and the steps that answered them. */
  readonly steps: number
}

export async function simulateVirtually(options: VirtualOptions): Promise<VirtualRun> {
  const {
    topology,
    seed = 1,
    patchBytes = DEFAULT_PATCH_BYTES,
    faults = 'none',
    settings = DEFAULT_SETTINGS,
    progress = () => {},
  } = options
  const world = worldOf(topology, { seed, settings, progress })
  const patch = symbolicPatch({ name: 'simulated', bytes: patchBytes })
  const copies = followCopies(world, patch)
  const beganMs = world.nowMs
  const before = linkBytes(world)
  const endWatch = watchProgress(world, patch)
  const reply = world.upload(patch)
  assert(!isRefusal(reply), `the upload is accepted: ${JSON.stringify(reply)}`)
  openWindows(world, topology)
  const boundMs = rounded(fluidBoundMs(topology, patchBytes))
  const faultsSoFar = faults === 'none' ? noFaults : layOutFaults(world, { topology, patchBytes, seed, level: faults })

  const total = countReplications(world.center.state, patch.publication.sha256).total
  runToEnd(world, {
    isOver: () => copies.size >= total,
    line: () =>
      `${seconds(world.nowMs - beganMs)} s of virtual time: replications ${copies.size}/${total}, ${percent(shareStored(world, patch))} of the bytes`,
    progress,
  })
  const progressOverTime = endWatch()
  const { counts: faultsHappened, list: faultList } = faultsSoFar()
  const replications = countReplications(world.center.state, patch.publication.sha256)
  const isComplete = replications.complete === replications.total
  const makespanMs = isComplete ? rounded(world.nowMs - beganMs) : null
  const perDataCenter = topology.dataCenters.map((dataCenter): DataCenterRun => {
    const { name } = dataCenter
    const members = topology.appliances.filter((one) => one.dataCenter === name && one.kind === SERVICE_PROVIDER)
    const times = members.map((one) => copies.get(one.name))
    const entered = (linkBytes(world).get(`${name} down`) ?? 0) - (before.get(`${name} down`) ?? 0)
    return {
      name,
      completeMs: times.some((time) => time === undefined) ? null : rounded(Math.max(...(times as number[])) - beganMs),
      boundMs: rounded(dataCenterBoundMs(topology, dataCenter, patchBytes)),
      wanFactor: ratioOf(entered, patchBytes),
    }
  })
  const factors = perDataCenter.map(({ wanFactor }) => wanFactor)
  const run = {
    seed,
    patchBytes,
    faults,
    faultsHappened,
    faultList,
    windows: windowsOf(topology).map(({ site, atMs, forMs }) => ({ dataCenter: site, atMs, forMs })),
    replications,
    makespanMs,
    boundMs,
    ratio: makespanMs === null ? null : ratioOf(makespanMs, boundMs),
    wanFactor: {
      mean: ratioOf(
        factors.reduce((sum, one) => sum + one, 0),
        factors.length,
      ),
      max: Math.max(...factors),
    },
    bytesByLink: Object.fromEntries(
      [...linkBytes(world)].map(([name, bytes]) => [
        name,
        Math.round((bytes - (before.get(name) ?? 0)) * WIRE_BYTES_PER_BYTE),
      ]),
    ),
    perDataCenter,
    progress: progressOverTime,
    copies: [...copies].map(([appliance, atMs]) => ({
      appliance,
      dataCenter: world.appliance(appliance).state.membership?.dataCenter ?? '',
      atMs: rounded(atMs - beganMs),
    })),
  }
  const installs =
    options.install === true ? installRun(world, patch, { allowOutage: options.allowOutage ?? false, progress }) : null
  return { ...run, installs, steps: world.steps }
}

/** Fills with the virtual times at which copies of the patch are counted, by appliance. */
function followCopies(world: World, patch: SymbolicPatch): Map<string, number> {
  const copies = new Map<string, number>()
  world.center.committed.push((changes) => {
    for (const change of changes) {
      if (change.table !== 'receipts' || change.row.sha256 !== patch.publication.sha256) continue
      const name = world.center.state.appliances.get(change.row.peer)?.name
      if (name !== undefined && !copies.has(name)) copies.set(name, world.nowMs)
    }
  })
  return copies
}

function linkBytes({ network }: World): Map<string, number> {
  const links = [...network.sites.values()].flatMap(({ down, up }) => [down, up])
  return new Map(links.map(({ name, pieceBytes, messageBytes }) => [name, pieceBytes + messageBytes]))
}

function noFaults(): FaultRun {
  return { counts: { kills: 0, linkDowns: 0 }, list: [] }
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}

function rounded(ms: number): number {
  return Math.round(ms)
}

/** To four places, so that a report is readable and the same everywhere. */
function ratioOf(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 10_000
}
