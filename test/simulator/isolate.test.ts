/**
 * A topology in network namespaces of this machine, by the command that its users type. Where the machine cannot make
 * namespaces, the reason is printed and these tests are skipped.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { carriedMarks } from '../../simulator/processes/run-mark.ts'
import { eventually } from '../support/eventually.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-isolate-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const topology = (link: string): string => {
  const file = path.join(folder, `${link.length}.yaml`)
  const lines = [
    'organizations: { provider: Provider, tenants: [Acme] }',
    'serviceCenter: { down: 100 Mbit/s, up: 100 Mbit/s }',
    'dataCenters:',
    `  - { name: Paris, wan: { ${link} }, tenants: [{ organization: Acme, appliances: 1 }] }`,
  ]
  writeFileSync(file, lines.join('\n'))
  return file
}
const QUICK = topology('down: 80 Mbit/s, up: 40 Mbit/s')
const SLOW = topology('down: 2 Mbit/s, up: 2 Mbit/s')

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux'
  if (process.getuid?.() !== 0) return 'making network namespaces needs root'
  const name = `pm-probe-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) return `network namespaces cannot be made here: ${made.stderr ?? made.error?.message}`
  const shaped = spawnSync(
    'tc',
    ['-n', name, 'qdisc', 'add', 'dev', 'lo', 'root', 'tbf', 'rate', '1mbit', 'burst', '16kb', 'limit', '64kb'],
    { encoding: 'utf8' },
  )
  spawnSync('ip', ['netns', 'delete', name])
  return shaped.status === 0 ? false : `links cannot be shaped here: ${shaped.stderr ?? shaped.error?.message}`
}

type Run = { pid: number; progress(): string; ended: Promise<{ status: number | null; stdout: string }> }

function start(file: string, words: readonly string[]): Run {
  const child = spawn(LAUNCHER, ['simulate', file, '--isolate', '--json', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let progress = ''
  child.stderr.setEncoding('utf8').on('data', (told: string) => (progress += told))
  const ended = Promise.all([once(child, 'exit'), text(child.stdout)]).then(([[status], stdout]) => ({
    status,
    stdout,
  }))
  return { pid: child.pid ?? 0, progress: () => progress, ended }
}

/** A run that ends before says why at once. */
async function transferBegins({ progress, ended }: Run): Promise<void> {
  const tooSoon = ended.then(({ status }) => assert.fail(`the run ended with status ${status}: ${progress()}`))
  await Promise.race([eventually('the transfer begins', () => progress().includes('transferring')), tooSoon])
}

/** Everything on the machine that says it is of the run of this process. */
function leftOf({ pid }: Run): string[] {
  const own = (name: string): boolean => name.includes(`pm${pid}t`)
  const namespaces = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout.split('\n')
  const devices = spawnSync('ip', ['-brief', 'link', 'show', 'type', 'veth'], { encoding: 'utf8' }).stdout.split('\n')
  return [...namespaces, ...devices, ...readdirSync(tmpdir()), ...carriedMarks()].filter(own)
}

const skip = whyNot()
if (skip !== false) process.stdout.write(`isolate.test.ts is skipped: ${skip}\n`)

describe('simulate --isolate', { skip }, () => {
  test('replicates over shaped links, one copy over the WAN, and leaves nothing', async () => {
    const before = spawnSync('ip', ['link'], { encoding: 'utf8' }).stdout
    const run = start(QUICK, ['--patch-bytes', '2 MiB', '--install'])
    const { status, stdout } = await run.ended
    assert.equal(status, 0, run.progress())
    const { replications, makespanMs, boundMs, wanFactor, perDataCenter, install } = JSON.parse(stdout)
    assert.deepEqual(replications, { complete: 2, total: 2 })
    assert.deepEqual(install, { state: 'done', installed: 3, total: 3 })
    assert.ok(makespanMs > boundMs, 'nothing is faster than the links let it be')
    assert.ok(wanFactor.max > 1 && wanFactor.max < 1.2, `${wanFactor.max} copies went over the WAN`)
    assert.equal(perDataCenter.length, 1)
    assert.deepEqual(leftOf(run), [])
    assert.equal(spawnSync('ip', ['link'], { encoding: 'utf8' }).stdout, before, 'the own network is as it was')
  })

  test('survives a killed appliance and a link that goes away, drawn from the seed', async () => {
    const run = start(QUICK, ['--patch-bytes', '8 MiB', '--faults', 'some', '--seed', '3'])
    const { status, stdout } = await run.ended
    assert.equal(status, 0, run.progress())
    const { replications, faultsHappened } = JSON.parse(stdout)
    assert.deepEqual(replications, { complete: 2, total: 2 })
    assert.deepEqual(faultsHappened, { kills: 1, linkDowns: 1 })
    assert.deepEqual(leftOf(run), [])
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`leaves nothing when it is stopped by ${signal} in the middle`, async () => {
      const run = start(SLOW, ['--patch-bytes', '8 MiB'])
      await transferBegins(run)
      process.kill(run.pid, signal)
      const { status, stdout } = await run.ended
      assert.equal(status, expected)
      assert.deepEqual(JSON.parse(stdout).replications, { complete: 0, total: 2 })
      assert.deepEqual(leftOf(run), [])
    })
  }

  test('leaves nothing when it is killed outright, which its watchdog sees to', async () => {
    const run = start(SLOW, ['--patch-bytes', '8 MiB'])
    await transferBegins(run)
    assert.ok(leftOf(run).length > 0)
    process.kill(run.pid, 'SIGKILL')
    await run.ended
    await eventually('everything of the run is gone', () => leftOf(run).length === 0)
  })

  test('removes at its start what a dead run has left', async () => {
    const { status, stderr } = spawnSync('ip', ['netns', 'add', 'pm4194304t1-wan'], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const run = start(QUICK, ['--patch-bytes', '1 MiB'])
    await run.ended
    assert.ok(!spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout.includes('pm4194304t1'))
  })

  test('refuses latency and loss in one sentence that names the field', async () => {
    for (const [field, what] of [
      ['latency: 40 ms', 'latency of 40 ms'],
      ['loss: 0.1 %', 'loss of 0.1 %'],
    ] as const) {
      const run = start(topology(`down: 2 Mbit/s, up: 2 Mbit/s, ${field}`), [])
      const { status, stdout } = await run.ended
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(run.progress(), new RegExp(`^patchmesh: the link of Paris has a ${what}, and [^\n]+\\.\n$`))
      assert.deepEqual(leftOf(run), [])
    }
  })
})
