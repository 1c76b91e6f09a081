/**
 * `npm run bench:idle -- --against FOLDER`: what idle daemons of this working copy take beside those of another one, such
 * as a worktree of an earlier commit with its own node_modules. Both fleets stand idle at the same time on the same
 * machine, so that whatever else it does hits both, and the middle one of several windows counts. The fleet that was
 * started first takes more, so each is the first once. How often each is woken depends least on what else runs. Ends with
 * status 1 where this one takes more, beyond what two equal fleets differ by.
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
type Figures = ReadonlyMap<string, number>
let isMore = false
const [here, there] = await idleTogether(Fleet, OtherFleet)
const [thereFirst, hereSecond] = await idleTogether(OtherFleet, Fleet)
process.stdout.write('| of | here | there | ratio |\n| --- | --- | --- | --- |\n')
for (const what of here.keys()) row(what, ofBoth(what, here, hereSecond), ofBoth(what, there, thereFirst))
process.exit(isMore ? 1 : 0)

/** What the fleet that is started first takes, and the other one. */
async function idleTogether(...kinds: [typeof Fleet, typeof Fleet]): Promise<[Figures, Figures]> {
  const fleets: Fleet[] = []
  try {
    for (const Kind of kinds) {
      const fleet = await Kind.start()
      fleets.push(fleet)
      await fleet.addAll(slots)
    }
    await pause(SETTLED_MS)
    const processor: number[][][] = []
    const wakes: number[][][] = []
    for (let window = 0; window < Number(values.windows); window++) {
      const [ticksBefore, wakesBefore] = [
        await eachDaemon(fleets, processorTicks),
        await eachDaemon(fleets, timesWoken),
      ]
      await pause(seconds * 1000)
      processor.push(perSecond(await eachDaemon(fleets, processorTicks), ticksBefore))
      wakes.push(perSecond(await eachDaemon(fleets, timesWoken), wakesBefore))
      process.stderr.write(`${seconds * (window + 1)} s\n`)
    }
    const memory = await eachDaemon(fleets, privateMB)
    return [figures(0, { processor, wakes, memory }), figures(1, { processor, wakes, memory })]
  } finally {
    for (const fleet of fleets) await fleet.stop()
  }
}

type Measured = { processor: number[][][]; wakes: number[][][]; memory: number[][] }

function figures(fleet: number, { processor, wakes, memory }: Measured): Figures {
  const all = new Map<string, number>()
  for (const [what, of] of [
    ['the Service Center', (name: string) => name === SERVICE_CENTER],
    ['the agents together', (name: string) => name !== SERVICE_CENTER],
  ] as const) {
    const sum = (each: readonly number[] | undefined): number =>
      (each ?? []).reduce((total, one, at) => total + (of(names[at] ?? '') ? one : 0), 0)
    all.set(`processor of ${what}, % of a core`, middle(processor.map((window) => sum(window[fleet]))))
    all.set(`wake-ups of ${what}, a second`, middle(wakes.map((window) => sum(window[fleet]))))
    all.set(`private memory of ${what}, MB`, sum(memory[fleet]))
  }
  return all
}

function ofBoth(what: string, one: Figures, another: Figures): number {
  return ((one.get(what) ?? Number.NaN) + (another.get(what) ?? Number.NaN)) / 2
}

function eachDaemon(fleets: Fleet[], measure: (pid: number | undefined) => Promise<number>): Promise<number[][]> {
  const pidOf = (fleet: Fleet, name: string): number | undefined =>
    (name === SERVICE_CENTER ? fleet.serviceCenter : fleet.daemon(name)).pid
  return Promise.all(fleets.map((fleet) => Promise.all(names.map((name) => measure(pidOf(fleet, name))))))
}

function perSecond(after: number[][], before: number[][]): number[][] {
  return after.map((fleet, f) => fleet.map((count, d) => (count - (before[f]?.[d] ?? 0)) / seconds))
}

/** How often its main thread has begun to wait for something. */
async function timesWoken(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1])
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
