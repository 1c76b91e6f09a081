/**
 * A virtual run as a whole: what it finds for small topologies, and that its seed is all that it depends on.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { reportPage, writeReport } from '../../simulator/report/write-report.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { parseTopology, readTopologyFile } from '../../simulator/topology-file.ts'
import { simulateVirtually } from '../../simulator/virtual-run.ts'

const MIB = 1024 * 1024
const TOPOLOGIES = join(import.meta.dirname, '../../simulator/topologies')

test('two Data Centers come to 4/4, with one copy over each WAN link', async () => {
  const topology = await readTopologyFile(join(TOPOLOGIES, 'two-data-centers.yaml'))
  const run = await simulateVirtually({ topology, seed: 7, patchBytes: 16 * MIB })
  assert.deepEqual(run.replications, { complete: 4, total: 4 })
  assert.ok(run.makespanMs !== null && run.makespanMs >= run.boundMs)
  assert.ok(run.wanFactor.max < 1.01, `${run.wanFactor.max} copies`)
  assert.ok(run.wanFactor.mean >= 1)
  assert.equal(run.copies.length, 4)
  assert.equal(run.installs, null)
})

test('whoever waits for a run hears how far it is from the first appliance on', async () => {
  const lines: string[] = []
  const progress = (line: () => string) => lines.push(line())
  await simulateVirtually({ topology: demoTopology(2), seed: 1, patchBytes: 4 * MIB, progress })
  for (const expected of [/^1 of 12 appliances enrolled$/, /^12 of 12 appliances connected$/, /replications 3\/4/])
    assert.ok(
      lines.some((line) => expected.test(line)),
      String(expected),
    )
})

test('an install of everything ends on every appliance, and no pair has both members disrupted', async () => {
  const run = await simulateVirtually({ topology: demoTopology(2), seed: 1, patchBytes: 4 * MIB, install: true })
  assert.ok(run.installs !== null)
  assert.deepEqual([run.installs.state, run.installs.installed, run.installs.total], ['done', 12, 12])
  assert.equal(run.installs.bothDisrupted, 0)
  assert.equal(run.installs.unprotected.length, 6)
  assert.ok(run.installs.unprotected.every(({ minutes }) => minutes > 0))
})

test('a slow Data Center delays no other one', async () => {
  const topology = await readTopologyFile(join(TOPOLOGIES, 'slow-site.yaml'))
  const run = await simulateVirtually({ topology, seed: 1, patchBytes: 16 * MIB })
  const times = run.perDataCenter.map(({ completeMs }) => completeMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  assert.ok((times.at(-2) ?? 0) < (times.at(-1) ?? 0) / 2)
})

test('links that are lossy and go away for a while delay a run, and it still comes to its end', async () => {
  const topology = await readTopologyFile(join(TOPOLOGIES, 'flaky-wan.yaml'))
  const run = await simulateVirtually({ topology, seed: 3, patchBytes: 16 * MIB })
  assert.equal(run.replications.complete, run.replications.total)
  // When its primary is cut off for too long, a secondary asks for what one connection may hold: 8 MiB more.
  assert.ok(run.wanFactor.max < 2)
})

for (const level of ['some', 'all'] as const) {
  test(`${level} faults strike while the patch replicates, are told, and hold nobody up for ever`, async () => {
    const topology = await readTopologyFile(join(TOPOLOGIES, 'two-data-centers.yaml'))
    const calm = await simulateVirtually({ topology, seed: 7, patchBytes: 16 * MIB })
    assert.deepEqual([calm.faultsHappened, calm.faultList], [{ kills: 0, linkDowns: 0 }, []])
    const run = await simulateVirtually({ topology, seed: 7, patchBytes: 16 * MIB, faults: level })
    assert.deepEqual(run.replications, { complete: 4, total: 4 })
    assert.ok((run.makespanMs ?? 0) > (calm.makespanMs ?? 0), `${run.makespanMs} ms are more than ${calm.makespanMs}`)
    assert.ok(run.faultsHappened.linkDowns >= 1)
    assert.ok(run.faultList.every(({ atMs }) => atMs < (run.makespanMs ?? 0)))
    if (level === 'some') assert.deepEqual(run.faultList.map(({ kind }) => kind).sort(), ['kill', 'link-down'])
    else assert.ok(Object.keys(run.faultsHappened).length > 12, JSON.stringify(run.faultsHappened))
    const page = reportPage(run)
    assert.match(page, /class="trouble"/)
    assert.match(page, /The faults: \d kills?, 1 link down/)
  })
}

test('a fault of a link ends no window of the file', async () => {
  const topology = await readTopologyFile(join(TOPOLOGIES, 'flaky-wan.yaml'))
  const { progress } = await simulateVirtually({ topology, seed: 3, patchBytes: 4 * MIB, faults: 'all' })
  const tokyo = progress.dataCenters.find(({ name }) => name === 'Tokyo')?.share ?? []
  // The faults are over after 13 s; the window of Tokyo is from 8 s to 38 s.
  const within = tokyo.filter((_, look) => (progress.atMs[look] ?? 0) > 16_000 && (progress.atMs[look] ?? 0) < 38_000)
  assert.ok(within.length > 3 && (tokyo.at(-1) ?? 0) === 1)
  assert.equal(new Set(within).size, 1, `nothing came to Tokyo in its window: ${within.join(' ')}`)
})

test('an install passes by who has no peer, unless an outage is allowed', async () => {
  const text = [
    'organizations: { provider: Provider, tenants: [Acme] }',
    'serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }',
    'dataCenters:',
    '  - { name: Paris, wan: { down: 1 Gbit/s, up: 1 Gbit/s }, tenants: [{ organization: Acme, appliances: 1 }] }',
  ]
  const options = { topology: parseTopology(text.join('\n'), 'fleet.yaml'), patchBytes: MIB, install: true }
  const { installs } = await simulateVirtually(options)
  assert.deepEqual([installs?.state, installs?.installed, installs?.total, installs?.tookMs], ['running', 2, 3, null])
  assert.match(installs?.others[0]?.reason ?? '', /only member of its group.*--allow-outage/)
  const allowed = (await simulateVirtually({ ...options, allowOutage: true })).installs
  assert.deepEqual([allowed?.state, allowed?.installed, allowed?.total], ['done', 3, 3])
})

test('the same seed gives the same bytes, in one process and in another', async () => {
  const options = { topology: demoTopology(2), seed: 42, patchBytes: 4 * MIB, install: true }
  const one = JSON.stringify(await simulateVirtually(options))
  assert.equal(JSON.stringify(await simulateVirtually(options)), one)
  const script = `
    const { demoTopology } = await import('./simulator/topology.ts')
    const { simulateVirtually } = await import('./simulator/virtual-run.ts')
    const run = await simulateVirtually({ topology: demoTopology(2), seed: 42, patchBytes: ${4 * MIB}, install: true })
    process.stdout.write(JSON.stringify(run))`
  const root = join(import.meta.dirname, '../..')
  const options2 = { cwd: root, maxBuffer: 64 * MIB }
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, options2)
  assert.equal(stdout, one)
})

test('the report is one page that needs nothing else, and names are not markup', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'patchmesh-report-'))
  try {
    const run = await simulateVirtually({ topology: demoTopology(3), seed: 1, patchBytes: 4 * MIB, install: true })
    const file = join(folder, 'report.html')
    await writeReport(run, file, 'A <b>bold</b> fleet')
    const page = await readFile(file, 'utf8')
    assert.equal(page, reportPage(run, 'A <b>bold</b> fleet'))
    assert.equal(page.match(/<svg /g)?.length, 4)
    assert.doesNotMatch(page, /<script|<link|src=|url\(|@import|<b>bold/)
    assert.match(page, /A &lt;b&gt;bold&lt;\/b&gt; fleet/)
    for (const words of ['Replication over time', 'WAN bytes by link', 'Install waves', 'Unprotected minutes of pairs'])
      assert.ok(page.includes(words), words)
  } finally {
    await rm(folder, { recursive: true })
  }
})
