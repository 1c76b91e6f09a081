/**
 * `npm run bench`: measures what the product promises, prints a table, keeps it in docs/benchmarks.md, and ends with
 * status 1 when a figure is missed. Every figure stands beside what the same machine needs for the bare work at that
 * moment, since absolute times on a shared machine say little.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ifThere } from '../../agent/shell/if-there.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { PatchDetail } from '../../controller/core/patch-views.ts'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { launchBrowser } from '../support/browser.ts'

const run = promisify(execFile)
const MB = 1_000_000
const IDLE_SECONDS = 30

type Figure = { what: string; measured: number; unit: string; limit: number; beside: string }
const figures: Figure[] = []

const folder = await mkdtemp(join(tmpdir(), 'patchmesh-bench-'))
try {
  await demoFigure()
  await replicationFigure()
  await uploadFigures()
  await idleFigures()
  await pageFigure()
} finally {
  await rm(folder, { recursive: true, force: true })
}
const table = tableOf(figures)
process.stdout.write(table)
const page = new URL('../../docs/benchmarks.md', import.meta.url)
// What was measured in other ways stands in the sections after the first.
const [, ...otherSections] = (await readFile(page, 'utf8')).split(/^(?=## )/m)
await writeFile(page, [pageOf(table), ...otherSections].join('\n'))
const missed = figures.filter(({ measured, limit }) => measured > limit)
for (const { what } of missed) process.stderr.write(`missed: ${what}\n`)
process.exit(missed.length === 0 ? 0 : 1)

async function demoFigure(): Promise<void> {
  say('npm start -- --once')
  const bare = await seconds(() => run(process.execPath, ['--eval', '']))
  const measured = await seconds(() => run(LAUNCHER, ['demo', '--once', '--json']))
  add({
    what: '`npm start -- --once`, from nothing to 4/4 and stopped',
    measured,
    unit: 's',
    limit: 15,
    beside: `starting Node 13 times: ${(13 * bare).toFixed(1)} s`,
  })
}

async function replicationFigure(): Promise<void> {
  say('a 100 MB patch to 4/4')
  const file = await example('replicated', 100 * MB)
  const bare = await seconds(async () => {
    for (let copy = 0; copy < 5; copy++) await copyFile(file, join(folder, 'copy'))
    for (let copy = 0; copy < 5; copy++) await run('sha256sum', [join(folder, 'copy')])
  })
  await withFleet(2, async (fleet) => {
    const measured = await seconds(async () => {
      const { id } = await fleet.api.upload(file)
      await replicated(fleet, id)
    })
    add({
      what: 'a 100 MB patch, from the start of its upload to 4/4',
      measured,
      unit: 's',
      limit: 8,
      beside: `cp and sha256sum of it 5 times: ${bare.toFixed(1)} s`,
    })
  })
}

async function uploadFigures(): Promise<void> {
  say('an upload of 2 GiB')
  const file = await example('large', 2 ** 31)
  const bare = await seconds(() => run('sha256sum', [file]))
  await withFleet(0, async (fleet) => {
    const warm = await example('warm', 10 * MB)
    await fleet.api.upload(warm)
    const { pid } = fleet.serviceCenter
    const before = await status(pid, 'VmRSS')
    const uploading = await seconds(() => fleet.api.upload(file))
    const grown = ((await status(pid, 'VmHWM')) - before) / MB
    add({
      what: 'growth of the Service Center during an upload of 2 GiB',
      measured: grown,
      unit: 'MB',
      limit: 100,
      beside: `the upload took ${uploading.toFixed(1)} s, sha256sum ${bare.toFixed(1)} s`,
    })
    const restarted = await seconds(async () => {
      await fleet.restartServiceCenter()
      await fleet.api.patches()
    })
    add({
      what: 'restart of the Service Center with it, until it serves',
      measured: restarted,
      unit: 's',
      limit: 5,
      beside: 'stopping included',
    })
  })
}

async function idleFigures(): Promise<void> {
  say(`idle agents for ${IDLE_SECONDS} seconds`)
  await withFleet(1, async (fleet) => {
    const names = demoTopology(1).appliances.map(({ name }) => name)
    await pause(5_000)
    const before = await Promise.all(names.map((name) => cpuSeconds(fleet.daemon(name).pid)))
    await pause(IDLE_SECONDS * 1000)
    const after = await Promise.all(names.map((name) => cpuSeconds(fleet.daemon(name).pid)))
    const shares = after.map((spent, index) => (100 * (spent - (before[index] ?? 0))) / IDLE_SECONDS)
    const sizes = await Promise.all(names.map(async (name) => (await status(fleet.daemon(name).pid, 'VmRSS')) / MB))
    const bare = Number((await run(process.execPath, ['--eval', 'console.log(process.memoryUsage().rss)'])).stdout) / MB
    add({
      what: 'memory of an idle agent, the largest of 6',
      measured: Math.max(...sizes),
      unit: 'MB',
      limit: 130,
      beside: `an empty Node: ${bare.toFixed(0)} MB`,
    })
    add({
      what: 'CPU of an idle agent, the busiest of 6',
      measured: Math.max(...shares),
      unit: '% of a core',
      limit: 0.5,
      beside: `over ${IDLE_SECONDS} s`,
    })
  })
}

async function pageFigure(): Promise<void> {
  say('a receipt on the page')
  const browser = await launchBrowser()
  try {
    await withFleet(1, async (fleet) => {
      const page = await browser.newPage()
      await page.goto(await fleet.signInLink())
      await page.goto(`${fleet.url}/appliances/software-updates`)
      const { id } = await fleet.api.upload(await example('shown', 20 * MB))
      const stores = ['dc1-sp-primary', 'dc1-sp-secondary'].map((name) => join(fleet.folderOf(name), 'store', id))
      const shown = page.getByText('2/2', { exact: false }).first().waitFor({ timeout: 60_000 })
      while (!(await Promise.all(stores.map(exists))).every(Boolean)) await pause(2)
      const measured = await seconds(() => shown)
      add({
        what: 'from the last copy in a store to 2/2 on the page',
        measured,
        unit: 's',
        limit: 1,
        beside: 'receipt, count and browser together',
      })
    })
  } finally {
    await browser.close()
  }
}

async function withFleet(dataCenters: number, use: (fleet: Fleet) => Promise<void>): Promise<void> {
  const fleet = await Fleet.start()
  try {
    await fleet.addAll(demoTopology(dataCenters).appliances)
    await use(fleet)
  } finally {
    await fleet.stop()
  }
}

function replicated(fleet: Fleet, patch: string): Promise<PatchDetail> {
  return fleet.until(
    'every copy is there',
    () => fleet.api.patch(patch),
    ({ replications: { complete, total } }) => complete === total,
  )
}

async function example(name: string, bytes: number): Promise<string> {
  const out = join(folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes, out })
  return out
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** Bytes. */
async function status(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1]) * 1024
}

async function cpuSeconds(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

async function exists(path: string): Promise<boolean> {
  return (await ifThere(stat(path))) !== null
}

function add(figure: Figure): void {
  figures.push(figure)
  say(`  ${figure.measured.toFixed(2)} ${figure.unit}, at most ${figure.limit}; ${figure.beside}`)
}

function tableOf(rows: readonly Figure[]): string {
  const lines = rows.map(
    ({ what, measured, unit, limit, beside }) =>
      `| ${what} | ${measured.toFixed(2)} ${unit} | ${limit} ${unit} | ${((100 * measured) / limit).toFixed(0)} % | ${beside} | ${measured <= limit ? 'met' : '**missed**'} |`,
  )
  return `| what | measured | at most | of the limit | beside it, in the same run | |\n| --- | --- | --- | --- | --- | --- |\n${lines.join('\n')}\n`
}

function pageOf(rows: string): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  return `# Benchmarks\n\nWritten by \`npm run bench\`, whole processes over loopback. Last run: ${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.versions.node}.\n\n${rows}`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
