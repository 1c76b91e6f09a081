/**
 * `npm run bench:idle -- --against FOLDER`: what idle daemons of this working copy take beside those of another one, such
 * as a worktree of an earlier commit with its own node_modules. Both fleets stand idle at the same time on the same
 * machine, so that whatever else it does hits both, and the middle one of several windows counts. Ends with status 1 where
 * this one takes more, beyond what two equal fleets differ by.
 */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'

const SERVICE_CENTER = 'the Service Center'
const SETTLED_MS = 20_000
/** Two fleets of one commit differ by about so much. */
const EQUAL = 1.05

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    windows: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '20' },
  },
})
if (values.against === undefined) throw new Error('say --against FOLDER: another working copy of patchmesh')
const seconds = Number(values.seconds)
const slots = demoTopology(1).appliances
const names = [SERVICE_CENTER, ...slots.map(({ name }) => name)]
const other = await import(pathToFileURL(join(resolve(values.against), 'simulator/processes/fleet.ts')).href)
const OtherFleet = other.Fleet as typeof Fleet
const fleets: Fleet[] = []
let isMore = false
try {
  for (const Kind of [Fleet, OtherFleet]) {
    const fleet = await Kind.start()
    fleets.push(fleet)
    await fleet.addAll(slots)
  }
  await pause(SETTLED_MS)
  const windows: number[][][] = []
  for (let window = 0; window < Number(values.windows); window++) {
    const before = await eachDaemon(processorTicks)
    await pause(seconds * 1000)
    const after = await eachDaemon(processorTicks)
    windows.push(after.map((fleet, f) => fleet.map((ticks, d) => (ticks - (before[f]?.[d] ?? 0)) / seconds)))
    process.stderr.write(`${seconds * (window + 1)} s\n`)
  }
  const privateMegabytes = await eachDaemon(privateMB)
  process.stdout.write('| of | here | there | ratio |\n| --- | --- | --- | --- |\n')
  for (const [what, of] of [
    ['the Service Center', (name: string) => name === SERVICE_CENTER],
    ['the agents together', (name: string) => name !== SERVICE_CENTER],
  ] as const) {
    const sum = (each: readonly number[] | undefined): number =>
      (each ?? []).reduce((total, one, at) => total + (of(names[at] ?? '') ? one : 0), 0)
    const shares = [0, 1].map((fleet) => middle(windows.map((window) => sum(window[fleet]))))
    row(`processor of ${what}, % of a core`, shares[0] ?? 0, shares[1] ?? 0)
    row(`private memory of ${what}, MB`, sum(privateMegabytes[0]), sum(privateMegabytes[1]))
  }
} finally {
  for (const fleet of fleets) await fleet.stop()
}
process.exit(isMore ? 1 : 0)

function eachDaemon(measure: (pid: number | undefined) => Promise<number>): Promise<number[][]> {
  const pidOf = (fleet: Fleet, name: string): number | undefined =>
    (name === SERVICE_CENTER ? fleet.serviceCenter : fleet.daemon(name)).pid
  return Promise.all(fleets.map((fleet) => Promise.all(names.map((name) => measure(pidOf(fleet, name))))))
}

async function processorTicks(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')
  return Number(fields[13]) + Number(fields[14])
}

async function privateMB(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map(([, size]) => Number(size))
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1000
}

function middle(each: readonly number[]): number {
  return each.toSorted((one, another) => one - another)[Math.floor(each.length / 2)] ?? Number.NaN
}

function row(what: string, here: number, there: number): void {
  process.stdout.write(`| ${what} | ${here.toFixed(2)} | ${there.toFixed(2)} | ${(here / there).toFixed(3)} |\n`)
  if (here > there * EQUAL) isMore = true
}
