/**
 * `patchmesh simulate --real`: a topology as real processes, on loopback or each in a network namespace of its own, from
 * nothing to a patch on every Service Provider appliance, and what that took.
 */
import { join } from 'node:path'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { InstallDetail, PatchDetail } from '../../controller/core/views.ts'
import type { DataCenterName } from '../../protocol/identifiers.ts'
import { dataCenterBoundMs, fluidBoundMs } from '../fluid-bound.ts'
import { Fleet } from '../processes/fleet.ts'
import { summary } from '../run-summary.ts'
import type { Topology } from '../topology.ts'
import { planFaults } from './fault-plan.ts'
import { FaultTimeline } from './fault-timeline.ts'
import { followReplication, installEverywhere, type Say, secondsSince } from './follow-patch.ts'
import { guardRun, Interrupted } from './guard-run.ts'
import { IsolatedNetwork, whyNotIsolated } from './isolated-network.ts'

export type RealOptions = {
  readonly topology: Topology
  readonly seed: number
  readonly patchBytes: number
  readonly install: boolean
  readonly faults: 'none' | 'some'
  readonly isolate: boolean
  readonly json: boolean
  readonly keep: boolean
}

/** Each is a process of some 100 MB at work. */
const MOST_APPLIANCES = 200

/** What has come true so far; the report is made from it, also after a failure. */
type Outcome = {
  patch?: PatchDetail
  install?: InstallDetail
  makespanMs: number | null
  readonly completeMs: Map<string, number>
  wanBytesIn: ReadonlyMap<DataCenterName, number> | null
  faults: { kills: number; linkDowns: number }
}

/** The exit status. */
export async function simulateReally(options: RealOptions): Promise<number> {
  const { topology, isolate } = options
  const refusal = tooMany(topology) ?? (isolate ? await whyNotIsolated(topology) : null)
  if (refusal !== null) {
    say(`patchmesh: ${refusal}.`)
    return 1
  }
  const outcome: Outcome = {
    makespanMs: null,
    completeMs: new Map(),
    wanBytesIn: null,
    faults: { kills: 0, linkDowns: 0 },
  }
  const guard = guardRun()
  const running: { fleet?: Fleet; network?: IsolatedNetwork } = {}
  let status = 0
  try {
    await guard.interruptible(run(options, running, outcome))
    print(options, outcome)
    if (options.keep) {
      say(`\nSystem Patches: ${await running.fleet?.signInLink()}\n(the link works once; Ctrl-C stops everything)`)
      await guard.interrupted
    }
  } catch (error) {
    status = error instanceof Interrupted ? error.status : 1
    say(
      error instanceof Interrupted
        ? error.message
        : `failed: ${error instanceof Error ? error.message : String(error)}`,
    )
    print(options, outcome)
  } finally {
    say('stopping')
    await running.fleet?.stop()
    running.network?.close()
    for (const left of await guard.end()) say(left)
  }
  return status
}

async function run(
  options: RealOptions,
  running: { fleet?: Fleet; network?: IsolatedNetwork },
  outcome: Outcome,
): Promise<void> {
  const { topology, patchBytes } = options
  const { appliances, dataCenters } = topology
  say(`starting a Service Center and ${appliances.length} appliances in ${dataCenters.length} Data Centers`)
  const network = options.isolate ? await IsolatedNetwork.make(topology) : null
  if (network === null) tellWhatLoopbackLeavesOut(topology)
  else running.network = network
  const fleet = await Fleet.start(undefined, network?.places)
  running.fleet = fleet
  let ready = 0
  const started = performance.now()
  await fleet.addAll(appliances, ({ name }) => {
    ready += 1
    if (ready % 8 === 0 || ready === appliances.length)
      say(`${ready} of ${appliances.length} appliances enrolled, ${name} last, after ${secondsSince(started)}`)
  })

  const file = join(fleet.folder, 'simulated-1.0.0.patch')
  await writeExampleBundle({ name: 'simulated', version: '1.0.0', bytes: patchBytes, out: file })
  const before = (await network?.wanBytesIn()) ?? null
  say(`uploading ${patchBytes} bytes`)
  const uploaded = await fleet.api.upload(file)
  const uploadedAt = performance.now()
  say('the patch is published; it replicates by itself')
  const timeline = new FaultTimeline({ fleet, network, say })
  outcome.faults = timeline.happened
  timeline.begin(planFaults({ ...options, links: network !== null }))
  try {
    outcome.patch = await followReplication(fleet, uploaded.id, {
      since: uploadedAt,
      say,
      hear: (detail) => noteCompleteDataCenters(detail, uploadedAt, outcome),
    })
    outcome.makespanMs = Math.round(performance.now() - uploadedAt)
    if (network !== null && before !== null) outcome.wanBytesIn = difference(await network.wanBytesIn(), before)
  } finally {
    await timeline.end()
  }
  if (options.install) {
    const organizations = [...new Set(appliances.map(({ organization }) => organization))]
    const hear = (detail: InstallDetail): void => void (outcome.install = detail)
    await fleet.reachable(appliances.map(({ name }) => name))
    await installEverywhere(fleet, { patch: uploaded.id, organizations }, { say, hear })
  }
}

function noteCompleteDataCenters(detail: PatchDetail, since: number, outcome: Outcome): void {
  outcome.patch = detail
  const open = new Set<string>(
    detail.appliances.filter(({ state }) => state !== 'replicated').map(({ dataCenter }) => dataCenter),
  )
  for (const { dataCenter } of detail.appliances) {
    if (!open.has(dataCenter) && !outcome.completeMs.has(dataCenter))
      outcome.completeMs.set(dataCenter, Math.round(performance.now() - since))
  }
}

/** The object of `--json`, or the same in words. */
function print({ topology, patchBytes, isolate, seed, json }: RealOptions, outcome: Outcome): void {
  const bytes = outcome.patch?.bytes ?? patchBytes
  const { wanBytesIn, makespanMs, install, patch } = outcome
  const boundMs = Math.round(fluidBoundMs(topology, bytes))
  const factors = wanBytesIn === null ? null : [...wanBytesIn.values()].map((given) => given / bytes)
  const report = {
    mode: isolate ? 'isolate' : 'loopback',
    seed,
    patchBytes: bytes,
    replications: patch?.replications ?? { complete: 0, total: 0 },
    makespanMs,
    boundMs,
    /** Loopback has no rates to be bound by. */
    ratio: makespanMs === null || !isolate ? null : round(makespanMs / boundMs),
    wanFactor: {
      mean: factors === null ? null : round(factors.reduce((sum, factor) => sum + factor, 0) / factors.length),
      max: factors === null ? null : round(Math.max(...factors)),
    },
    faultsHappened: outcome.faults,
    perDataCenter: topology.dataCenters.map((dataCenter) => ({
      name: dataCenter.name,
      completeMs: outcome.completeMs.get(dataCenter.name) ?? null,
      boundMs: Math.round(dataCenterBoundMs(topology, dataCenter, bytes)),
      wanFactor: wanBytesIn === null ? null : round((wanBytesIn.get(dataCenter.name) ?? 0) / bytes),
    })),
    install:
      install === undefined ? null : { state: install.state, installed: install.installed, total: install.total },
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  process.stdout.write(`${summary(report)}\n`)
}

function difference(
  after: ReadonlyMap<DataCenterName, number>,
  before: ReadonlyMap<DataCenterName, number>,
): Map<DataCenterName, number> {
  return new Map(Array.from(after, ([name, bytes]) => [name, bytes - (before.get(name) ?? 0)]))
}

function tooMany({ appliances }: Topology): string | null {
  if (appliances.length <= MOST_APPLIANCES) return null
  return `the topology has ${appliances.length} appliances, and --real starts at most ${MOST_APPLIANCES} processes: simulate it in virtual time`
}

function tellWhatLoopbackLeavesOut({ serviceCenter, dataCenters }: Topology): void {
  const windows = [serviceCenter, ...dataCenters.map(({ wan }) => wan)].some(
    ({ unavailable }) => unavailable.length > 0,
  )
  say(`on loopback links have no rate, latency or loss${windows ? ', and are always available' : ''}; see --isolate`)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

const say: Say = (line) => void process.stderr.write(`${line}\n`)
