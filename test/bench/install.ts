/**
 * `npm run bench:install`: what an install of a Debian package costs beside the bare `dpkg --install` of the same file
 * into the same root, which is unavoidable: the rehearsal, what is kept for the way back, and the verification come on
 * top. Both are done in turns in one run, so that whatever else the machine does hits both, and the median counts.
 * Processor time is that of this process and of all that it has waited for; its unit of measure is 10 ms, so several
 * installs make one sample. Ends with status 1 when a figure is missed.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask, Outcome } from '../../agent/shell/installers/installer.ts'
import { debianPublication } from '../support/publications.ts'
import { buildPackage, type OwnPackage } from '../support/real-packages.ts'

const run = promisify(execFile)
const TICK_MS = 10
/** The database of an appliance was written long ago; one that was written just now is asked again and again. */
const SETTLED_MS = 2_100
const FILES = 5_000

type Cost = { readonly processorMs: number; readonly wallMs: number }
type Case = {
  readonly what: string
  readonly before: readonly string[]
  readonly file: string
  readonly installsInSample: number
  readonly limit: number
}

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } }).values
const folder = await mkdtemp(join(tmpdir(), 'patchmesh-bench-'))
let missed = 0
try {
  const build = (own: OwnPackage) => buildPackage(folder, own)
  const small = [await build({ name: 'small', version: '1' }), await build({ name: 'small', version: '2' })] as const
  const many = await build({ name: 'many', version: '1', brings: manyFiles() })
  process.stdout.write('| install of | processor, bare | of patchmesh | ratio | limit | wall, ratio |\n')
  process.stdout.write('| --- | --- | --- | --- | --- | --- |\n')
  await figure({ what: 'a small package', before: [], file: small[0], installsInSample: 5, limit: 6 })
  await figure({ what: 'its next version', before: [small[0]], file: small[1], installsInSample: 5, limit: 6 })
  await figure({ what: `${FILES} files`, before: [], file: many, installsInSample: 1, limit: 2 })
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit(missed === 0 ? 0 : 1)

async function figure(measured: Case): Promise<void> {
  const samples: { readonly bare: Cost; readonly ours: Cost }[] = []
  for (let round = -1; round < Number(rounds); round++) {
    const bare = await sample(measured, installBare)
    const ours = await sample(measured, installOurs)
    // The first loads and compiles what the others find.
    if (round >= 0) samples.push({ bare, ours })
  }
  const middle = (of: (pair: (typeof samples)[number]) => number): number =>
    samples.map(of).sort((left, right) => left - right)[Math.floor(samples.length / 2)] ?? Number.NaN
  const [bare, ours] = [middle((pair) => pair.bare.processorMs), middle((pair) => pair.ours.processorMs)]
  const ratio = middle((pair) => pair.ours.processorMs / pair.bare.processorMs)
  const wall = middle((pair) => pair.ours.wallMs / pair.bare.wallMs)
  if (ratio > measured.limit) missed += 1
  const numbers = [`${bare.toFixed(0)} ms`, `${ours.toFixed(0)} ms`, ratio.toFixed(2), measured.limit, wall.toFixed(2)]
  process.stdout.write(`| ${[measured.what, ...numbers].join(' | ')} |\n`)
}

/** The mean cost of one install. */
async function sample(measured: Case, install: (task: InstallTask) => Promise<void>): Promise<Cost> {
  const tasks: InstallTask[] = []
  for (let at = 0; at < measured.installsInSample; at++) tasks.push(await newTask(measured))
  await pause(SETTLED_MS)
  const [processorBefore, wallBefore] = [processorMs(), performance.now()]
  for (const task of tasks) await install(task)
  const cost = {
    processorMs: (processorMs() - processorBefore) / tasks.length,
    wallMs: (performance.now() - wallBefore) / tasks.length,
  }
  for (const { root } of tasks) await rm(join(root, '..'), { recursive: true })
  return cost
}

async function newTask({ before, file }: Case): Promise<InstallTask> {
  const place = await mkdtemp(join(folder, 'task-'))
  const root = join(place, 'root')
  await mkdir(root)
  const [scratch, stored] = [join(place, 'scratch'), join(place, 'stored')]
  for (const earlier of before) {
    await installOurs({
      publication: await debianPublication(earlier),
      file: earlier,
      root,
      scratch: join(place, 'before'),
    })
  }
  await mkdir(scratch)
  await cp(file, stored)
  if (before.length === 0) await makeDatabase(root)
  return { publication: await debianPublication(file), file: stored, root, scratch }
}

async function makeDatabase(root: string): Promise<void> {
  for (const name of ['info', 'updates']) await mkdir(join(root, 'var/lib/dpkg', name), { recursive: true })
  await run(
    'touch',
    ['status', 'available'].map((name) => join(root, 'var/lib/dpkg', name)),
  )
}

async function installBare({ root, scratch, file }: InstallTask): Promise<void> {
  await run('dpkg', [`--root=${root}`, `--log=${join(scratch, 'dpkg.log')}`, '--install', file])
}

async function installOurs(task: InstallTask): Promise<void> {
  await mkdir(task.scratch, { recursive: true })
  for (const step of [debianPackage.install, debianPackage.verify]) succeeds(await step(task))
}

function succeeds({ ok, reason }: Outcome): void {
  if (!ok) throw new Error(reason)
}

/** Of this process, and of all that have ended below it. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? []
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * TICK_MS
}

function manyFiles(): Record<string, string> {
  const files = Array.from({ length: FILES }, (_, at) => [
    `/usr/share/many/${at % 50}/${at}`,
    `line of ${at}\n`.repeat(20),
  ])
  return Object.fromEntries(files)
}
