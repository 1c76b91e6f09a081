/**
 * `patchmesh simulate`: reads the command line and the topology, and hands both to who runs it: in virtual time, or as
 * real processes.
 */
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { A_SIZE, readSize } from '../controller/topology/quantities.ts'
import { MAX_PATCH_BYTES } from '../protocol/limits.ts'
import { summary } from './run-summary.ts'
import type { Topology } from './topology.ts'
import { readTopologyFile } from './topology-file.ts'

const HELP = `Usage: patchmesh simulate TOPOLOGY.yaml [options]

Replicates a patch over the fleet that the file describes, in virtual time on one
thread, with the code that runs in production. The makespan is the time from the end of
the upload to the moment at which the Service Center counts the last copy; the bound is
what no way of distributing it could beat. The windows of unavailability of the file
count from the end of the upload too.

  --seed N           what happens by chance, the same for the same number (default 1)
  --patch-bytes N    size of the patch, in bytes or as 1 GiB (default 64 MiB)
  --install          install it for every organization in all Data Centers too
  --faults WORD      none, some or all (default none)
  --json             print one JSON object at the end
  --report FILE      write a page with pictures (.html), for virtual time only

  --real             as real processes on this machine's loopback, one for each appliance
  --isolate          as real processes, each in a network namespace of its own, on links of
                     the file's rates; on Linux, as root. Latency and loss are refused
  --keep             with --real or --isolate: stay up until Ctrl-C, and print a sign-in link

With --real and --isolate, --faults takes none or some: one appliance is killed and
started again, and with --isolate one link goes down for some seconds.

Examples: patchmesh simulate simulator/topologies/two-data-centers.yaml --seed 7 --json
          patchmesh simulate simulator/topologies/small-shaped.yaml --isolate
`

export type Faults = 'none' | 'some' | 'all'

export type SimulateOptions = {
  readonly topology: Topology
  /** As it was typed. */
  readonly topologyFile: string
  readonly seed: number
  readonly patchBytes: number
  readonly install: boolean
  readonly faults: Faults
  readonly json: boolean
  /** Where to write the page, if one is wanted. */
  readonly report: string | undefined
}

type Given = Omit<SimulateOptions, 'topology'> & {
  readonly real: boolean
  readonly isolate: boolean
  readonly keep: boolean
}

const MAX_SEED = 2 ** 32 - 1
const DEFAULT_PATCH_BYTES = 64 * 1024 * 1024

/** The exit status. */
export async function simulate(args: string[]): Promise<number> {
  const given = readOptions(args)
  if (typeof given === 'number') return given
  let topology: Topology
  try {
    topology = await readTopologyFile(given.topologyFile)
  } catch (error) {
    for (const line of (error as Error).message.split('\n')) say(`patchmesh: ${line}`)
    return 1
  }
  const { real, isolate, keep, ...options } = given
  if (real || isolate) {
    const { simulateReally } = await import('./real/simulate-really.ts')
    const faults = options.faults === 'all' ? 'some' : options.faults
    return simulateReally({ ...options, topology, faults, isolate, keep })
  }
  return virtually({ ...options, topology })
}

/** Equal options print equal bytes: nothing here may depend on this machine or on the time. */
async function virtually(options: SimulateOptions): Promise<number> {
  const { topology, seed, patchBytes, install, faults, json } = options
  const { simulateVirtually } = await import('./virtual-run.ts')
  const run = await simulateVirtually({ topology, seed, patchBytes, install, faults, progress: say })
  if (options.report !== undefined) {
    const { writeReport } = await import('./report/write-report.ts')
    await writeReport(run, options.report, basename(options.topologyFile))
    say(`drawn in ${options.report}`)
  }
  if (json) process.stdout.write(`${JSON.stringify(run)}\n`)
  else process.stdout.write(`${summary(run)}\n`)
  return run.makespanMs !== null && (run.installs === null || run.installs.state === 'done') ? 0 : 1
}

function readOptions(args: string[]): Given | number {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: '1' },
        'patch-bytes': { type: 'string' },
        install: { type: 'boolean', default: false },
        faults: { type: 'string', default: 'none' },
        json: { type: 'boolean', default: false },
        report: { type: 'string' },
        real: { type: 'boolean', default: false },
        isolate: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const [topologyFile, another] = positionals
    if (topologyFile === undefined) throw new Error('TOPOLOGY.yaml is missing')
    if (another !== undefined) throw new Error(`there is nothing to do with ${JSON.stringify(another)}`)
    const { install, json, report, real, isolate, keep, faults } = values
    const processes = real || isolate
    if (faults !== 'none' && faults !== 'some' && faults !== 'all')
      throw new Error(`--faults takes none, some or all, not ${JSON.stringify(faults)}`)
    if (processes && faults === 'all')
      throw new Error('--faults all is for virtual time only; --real takes none or some')
    if (processes && report !== undefined) throw new Error('--report is for virtual time only')
    if (keep && !processes) throw new Error('--keep goes with --real or --isolate')
    const seed = wholeNumber('--seed', values.seed, 0, MAX_SEED)
    const patchBytes = sizeOf(values['patch-bytes'])
    return { topologyFile, seed, patchBytes, install, faults, json, report, real, isolate, keep }
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ')
    say(`patchmesh: ${sentence}; see patchmesh simulate --help`)
    return 2
  }
}

function sizeOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PATCH_BYTES
  const bytes = /^\d+$/.test(text) ? Number(text) : readSize(text)
  if (bytes === null) throw new Error(`--patch-bytes ${JSON.stringify(text)} is no number of bytes, and not ${A_SIZE}`)
  return wholeNumber('--patch-bytes', String(bytes), 1, MAX_PATCH_BYTES)
}

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${what} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
