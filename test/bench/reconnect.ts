/**
 * `npm run bench:reconnect`: 10,000 agents come back to a Service Center that was just started, over real sockets with a
 * Noise handshake each, from a few processes; the Service Center has one core. All the time one more member after another
 * dials, and how long each waits for an answer counts. The figures become a section of docs/benchmarks.md. Ends with
 * status 1 where they take too long.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Change } from '../../controller/core/records.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Membership } from '../../protocol/trust/statements.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { keepSection } from './benchmarks-page.ts'
import { attach, newHost, secretOfAgent, type Told } from './reconnecting-agents.ts'

const AGENTS = Number(process.argv[2] ?? 10_000)
const PROCESSES = 2
/** Members that dial one after the other while the others come back. */
const HONEST = 200
const HONEST_EVERY_MS = 250
const MUST_MS = 60_000
const HONEST_MUST_MS = 3_000
const GIVEN_UP_MS = 15 * 60_000
const TICKS_A_SECOND = 100
const HEADING = '## A fleet that comes back'
const LAUNCHER = fileURLToPath(new URL('../../patchmesh', import.meta.url))

type Connected = Omit<Extract<Told, { kind: 'connected' }>, 'kind'>

const folder = await mkdtemp(join(tmpdir(), 'patchmesh-reconnect-'))
const children: ChildProcess[] = []
try {
  await stopped((await serviceCenter()).daemon)
  await enrollAll()
  process.stderr.write(`${AGENTS} agents are made in ${PROCESSES} processes\n`)
  const clients = await Promise.all(Array.from({ length: PROCESSES }, (_, at) => agents(at)))
  const honest = await Promise.all(Array.from({ length: HONEST }, (_, at) => newHost(AGENTS + at)))
  const { daemon, mesh, pid } = await serviceCenter()
  const readyTicks = await processorTicks(pid)
  const beganMs = performance.now()
  for (const { child } of clients) child.send(mesh)
  const waits: number[] = []
  let refused = 0
  const isBack = (): boolean => clients.reduce((sum, { told }) => sum + told.count, 0) >= AGENTS
  for (let at = 0; !isBack() && performance.now() - beganMs < GIVEN_UP_MS; at = (at + 1) % HONEST) {
    const host = honest[at]
    if (host === undefined) throw new Error('every honest member has a host')
    const dialledMs = performance.now()
    try {
      await attach(host, mesh, AGENTS + at)
      waits.push(performance.now() - dialledMs)
    } catch (error) {
      refused += 1
      process.stderr.write(`an honest dial was refused: ${String(error)}\n`)
    }
    // The next round of it is another connection.
    await Promise.all(host.getConnections().map((connection) => connection.close()))
    await pause(HONEST_EVERY_MS)
    if (at % 20 === 0) process.stderr.write(`${clients.map(({ told }) => told.count).join(' + ')} are back\n`)
  }
  const tookMs = performance.now() - beganMs
  const areBack = isBack()
  const processorMs = ((await processorTicks(pid)) - readyTicks) * (1000 / TICKS_A_SECOND)
  const residentMiB = await residentMemory(pid)
  const failures = clients.flatMap(({ told }) => told.failures)
  for (const [why, times] of failures) process.stderr.write(`${times} handshakes: ${why}\n`)
  const failed = failures.reduce((sum, [, times]) => sum + times, 0)
  await stopped(daemon)
  waits.sort((left, right) => left - right)
  const share = (part: number): string => `${((waits[Math.floor(part * (waits.length - 1))] ?? 0) / 1000).toFixed(2)} s`
  const rows = [
    ['until all are back', `${(tookMs / 1000).toFixed(1)} s`, `${MUST_MS / 1000} s`],
    ['processor time of the Service Center meanwhile', `${(processorMs / 1000).toFixed(1)} s`, `${MUST_MS / 1000} s`],
    ['the same for each agent', `${(processorMs / AGENTS).toFixed(2)} ms`, ''],
    ['handshakes that failed and were tried again', String(failed), ''],
    [`${waits.length + refused} dials of other members meanwhile: refused`, String(refused), '0'],
    [
      'the same: until the answer, middle, 99th percentile, slowest',
      [0.5, 0.99, 1].map(share).join(', '),
      `${HONEST_MUST_MS / 1000} s`,
    ],
    ['resident memory of the Service Center with all of them', `${residentMiB.toFixed(0)} MiB`, ''],
  ]
  const table = [
    '| what | measured | at most |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
  process.stdout.write(`${table}\n`)
  const about = `\`npm run bench:reconnect\`: ${AGENTS} agents, each with a connection of its own, come back to a Service Center that was just started and has one core; ${PROCESSES} processes on the other cores of the machine are the agents.`
  await keepSection(HEADING, about, table)
  const isInTime = Math.max(tookMs, processorMs) <= MUST_MS && (waits.at(-1) ?? 0) <= HONEST_MUST_MS
  if (!areBack || !isInTime || refused > 0) process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
}
process.exit()

/** On the first core; what simulates the agents has the others. */
async function serviceCenter(): Promise<{ daemon: ChildProcess; mesh: string; pid: number }> {
  const options = ['--data', folder, '--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0']
  const daemon = spawn('taskset', ['-c', '0', LAUNCHER, 'controller', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(daemon)
  if (daemon.stdout === null || daemon.pid === undefined) throw new Error('the Service Center could not be started')
  const [line] = (await once(createInterface(daemon.stdout), 'line')) as [string]
  const mesh = /mesh=(\S+)/.exec(line)?.[1]
  if (mesh === undefined) throw new Error(`the Service Center said ${line}`)
  return { daemon, mesh, pid: daemon.pid }
}

async function stopped(daemon: ChildProcess): Promise<void> {
  daemon.kill()
  if (daemon.exitCode === null) await once(daemon, 'exit')
}

async function agents(at: number): Promise<{ child: ChildProcess; told: Connected }> {
  const each = Math.ceil(AGENTS / PROCESSES)
  const from = at * each
  const script = fileURLToPath(new URL('./reconnecting-agents.ts', import.meta.url))
  const child = fork(script, [String(from), String(Math.min(each, AGENTS - from))], { execArgv: ['--import', 'tsx'] })
  children.push(child)
  if (availableParallelism() > 1)
    execFileSync('taskset', ['-a', '-p', '-c', `1-${availableParallelism() - 1}`, String(child.pid)])
  const told: Connected = { count: 0, failures: [] }
  const ready = Promise.withResolvers<void>()
  child.on('message', (message: Told) => {
    if (message.kind === 'ready') ready.resolve()
    else Object.assign(told, message)
  })
  child.once('exit', () => ready.reject(new Error('a process of agents has ended')))
  await ready.promise
  return { child, told }
}

/** Pairs of Service Provider appliances, each of which speaks to the Service Center itself: the most that may come at once. */
async function enrollAll(): Promise<void> {
  const authority = await loadAuthority(folder)
  const repository = await openRepository({ folder, root: authority.signing.peer })
  const at = Date.now()
  const changes = Array.from({ length: AGENTS + HONEST }, (_, number): Change => {
    const { peer } = signingKeyFromSeed(secretOfAgent(number))
    const dataCenter = `dc-${Math.floor(number / 2)}`
    const role = number % 2 === 0 ? 'primary' : 'secondary'
    const slot = slotOf({
      name: `${dataCenter}-${role}`,
      organization: 'Provider',
      dataCenter,
      kind: 'service-provider',
      role,
    })
    const membership = { ...slot, appliance: peer, epoch: 1, serviceCenter: authority.mesh, enrolledAt: at }
    const times = { enrolledAt: at, membershipAt: at, lastSeenAt: at, lookedAt: 0, ledgerLostAt: 0 }
    const none = {
      lookedCounter: 0,
      ledgerLostCounter: 0,
      heldAt: null,
      retiredAt: null,
      addresses: [],
      orderSequence: 0,
    }
    const envelope = seal(Membership, membership, authority.signing)
    return { table: 'appliances', row: { ...slot, peer, epoch: 1, membership: envelope, ...times, ...none } }
  })
  await repository.commit(changes)
  await repository.close()
}

async function processorTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

async function residentMemory(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
