/**
 * `patchmesh simulate --real` and `--isolate`: the run of a topology file as real processes, and what that took.
 */
import { join } from 'node:path'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { dataCenterBoundMs, fluidBoundMs } from '../fluid-bound.ts'
import { summary } from '../run-summary.ts'
import type { Topology } from '../topology.ts'
import { planFaults, windowsOf } from '../topology-faults.ts'
import { whyNotIsolated } from './isolated-network.ts'
import { type RealOutcome, runForReal, say } from './real-run.ts'

export type RealOptions = {
  readonly topology: Topology
  readonly seed: number
  readonly patchBytes: number
  readonly install: boolean
  readonly allowOutage: boolean
  readonly faults: 'none' | 'some'
  readonly isolate: boolean
  readonly json: boolean
  readonly keep: boolean
}

/** Each is a process of some 100 MB at work. */
const MOST_APPLIANCES = 200

/** The exit status. */
export async function simulateReally(options: RealOptions): Promise<number> {
  const { topology, patchBytes, seed, isolate, json } = options
  const refusal = tooMany(topology) ?? (isolate ? await whyNotIsolated(topology) : null)
  if (refusal !== null) {
    say(`patchmesh: ${refusal}.`)
    return 1
  }
  if (!isolate) tellWhatLoopbackLeavesOut(topology)
  const windows = isolate ? windowsOf(topology) : []
  const drawn = options.faults === 'some' ? planFaults({ topology, patchBytes, seed, links: isolate }) : []
  const faults = [...windows, ...drawn]
  const patchIn = async (folder: string): Promise<string> => {
    const out = join(folder, 'simulated-1.0.0.patch')
    await writeExampleBundle({ name: 'simulated', version: '1.0.0', bytes: patchBytes, out })
    return out
  }
  return runForReal({ ...options, faults, patchIn }, (outcome) => {
    const late = faults.length - outcome.faults.kills - outcome.faults.linkDowns
    if (late > 0 && outcome.makespanMs !== null)
      say(`the run was over before ${late} of ${faults.length} faults: a larger --patch-bytes takes longer`)
    const report = reportOf(options, outcome)
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else if (outcome.patch !== null) process.stdout.write(`${summary(report)}\n`)
  })
}

/** The object of `--json`. */
function reportOf({ topology, patchBytes, isolate, seed, faults }: RealOptions, outcome: RealOutcome) {
  const { wanBytesIn, makespanMs, install, patch } = outcome
  const bytes = patch?.bytes ?? patchBytes
  const boundMs = Math.round(fluidBoundMs(topology, bytes))
  const factors = wanBytesIn === null ? null : [...wanBytesIn.values()].map((given) => given / bytes)
  return {
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
    faults,
    faultsHappened: outcome.faults,
    perDataCenter: topology.dataCenters.map((dataCenter) => ({
      name: dataCenter.name,
      completeMs: outcome.completeMs.get(dataCenter.name) ?? null,
      boundMs: Math.round(dataCenterBoundMs(topology, dataCenter, bytes)),
      wanFactor: wanBytesIn === null ? null : round((wanBytesIn.get(dataCenter.name) ?? 0) / bytes),
    })),
    install: install === null ? null : { state: install.state, installed: install.installed, total: install.total },
  }
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
