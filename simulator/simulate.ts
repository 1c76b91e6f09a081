/**
 * `patchmesh simulate`: reads the command line and the topology, and hands both to who runs it: in virtual time, or as
 * real processes.
 */
import { open } from 'node:fs/promises'
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
what no way of distributing it could beat, latency and loss left aside. The windows of
unavailability of the file count from the end of the upload too. Exit status 0: every
copy is there, and every appliance has it installed if that was wanted.

  --seed N           what happens by chance, the same for the same number (default 1)
  --patch-bytes N    size of the patch, in bytes or as 1 GiB (default 64 MiB)
  --install          install it for every organization in all Data Centers too
  --allow-outage     with --install: also where a group has one member, who is away meanwhile
  --faults WORD      none, some or all (default none), while the patch replicates: some are
                     appliances killed and started again, and WAN links down for some
                     seconds; all are those, and every kind of npm run seeds that touches a transfer
  --json             print one JSON object at the end
  --report FILE      write a page with pictures (.html), for virtual time only

  --real             as real processes on this machine's loopback, one for each appliance
  --isolate          as real processes, each in a network namespace of its own, on links of
                     the file's rates; on Linux, as root. Latency and loss are refused
  --keep             with --real or --isolate: stay up until Ctrl-C, and print a sign-in link

With --real and --isolate, --faults takes none or some; on loopback no link goes down.
The WAN factor is copies of the patch that entered a Data Center; with --isolate it is
counted on the wire, with headers of some 5 %.

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
  readonly allowOutage: boolean
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
/** Making a world of more takes a while in which nothing can be told. */
const MANY_APPLIANCES = 300
const TELL_EVERY_MS = 2_000
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

/** Equal options print equal bytes: nothing of what is printed may depend on this machine or on the time. */
async function virtually(options: SimulateOptions): Promise<number> {
  const { topology, json, report } = options
  const wrong = report === undefined ? null : await whyNotWritten(report)
  if (wrong !== null) {
    say(`patchmesh: ${wrong}`)
    return 1
  }
  const { appliances } = topology
  if (appliances.length > MANY_APPLIANCES) say(`enrolling ${appliances.length} appliances, in virtual time`)
  const { simulateVirtually } = await import('./virtual-run.ts')
  const run = await simulateVirtually({ ...options, progress: sayNowAndThen() })
  if (report !== undefined) {
    const { writeReport } = await import('./report/write-report.ts')
    await writeReport(run, report, basename(options.topologyFile))
    say(`drawn in ${report}`)
  }
  process.stdout.write(`${json ? JSON.stringify(run) : summary({ ...run, install: run.installs })}\n`)
  return run.makespanMs !== null && (run.installs === null || isWhole(run.installs)) ? 0 : 1
}

function isWhole({ state, installed, total }: { state: string; installed: number; total: number }): boolean {
  return state === 'done' && installed === total
}

/** Asked before the run, which may take minutes. */
async function whyNotWritten(file: string): Promise<string | null> {
  try {
    await (await open(file, 'a')).close()
    return null
  } catch (error) {
    return `the report cannot be written to ${file}: ${(error as Error).message}; name a file in a folder that is there`
  }
}

/** For who waits at this machine: nothing in the first seconds, then a line every few. */
function sayNowAndThen(): (line: () => string) => void {
  let toldMs = performance.now()
  return (line) => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return
    toldMs = performance.now()
    say(line())
  }
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
        'allow-outage': { type: 'boolean', default: false },
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
    const { install, 'allow-outage': allowOutage, json, report, real, isolate, keep, faults } = values
    const processes = real || isolate
    if (faults !== 'none' && faults !== 'some' && faults !== 'all')
      throw new Error(`--faults takes none, some or all, not ${JSON.stringify(faults)}`)
    if (processes && faults === 'all')
      throw new Error('--faults all is for virtual time only; --real takes none or some')
    if (processes && report !== undefined) throw new Error('--report is for virtual time only')
    if (allowOutage && !install) throw new Error('--allow-outage goes with --install')
    if (keep && !processes) throw new Error('--keep goes with --real or --isolate')
    const seed = wholeNumber('--seed', values.seed, 0, MAX_SEED)
    const patchBytes = sizeOf(values['patch-bytes'])
    return { topologyFile, seed, patchBytes, install, allowOutage, faults, json, report, real, isolate, keep }
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
