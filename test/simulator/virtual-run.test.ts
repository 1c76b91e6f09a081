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
import { readTopologyFile } from '../../simulator/topology-file.ts'
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
