/**
 * The alert rules and the dashboard that come with the guide: promtool takes the rules and their unit tests, whatever they
 * and the dashboard ask for is told by a Service Center, and the guide says what to do for each alert.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { everyoneNeeds, type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { pathOf, provide } from '../support/machine.ts'
import { publisherFixture } from '../support/publisher-fixtures.ts'

const DOCS = path.join(import.meta.dirname, '../../docs')
const RULES = path.join(DOCS, 'prometheus/patchmesh.rules.yaml')
const TESTS = path.join(import.meta.dirname, 'patchmesh-rules.yaml')
/** What Prometheus tells of whom it asks. */
const ITS_OWN = ['up']

type Rule = { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> }
type Panel = { title: string; description?: string; targets?: { expr: string }[] }

let fleet: Fleet
let app: ServedApp
let told: Set<string>
before(async () => {
  await provide('promtool')
  fleet = await standardFleet()
  const { serviceCenter } = fleet
  app = await serveApp(fleet, { machine: { certificateUntil: () => Date.now() + 1e9 } })
  const patch = await fleet.publish({ name: 'openssl', version: '3.0' })
  await everyoneNeeds(fleet, patch)
  const advisory = { patch, severity: 'high', reference: '', publishedAt: null, dueAt: null } as const
  await serviceCenter.carryOut({ kind: 'set-advisory', actor: 'ana', advisory })
  await serviceCenter.carryOut({ kind: 'set-publisher', actor: 'ana', publisher: publisherFixture('Acme').publisher })
  await fleet.sendReceipt('paris/primary', patch)
  const receipt = serviceCenter.state.receipts.get(patch)?.get(peerOf(fleet, 'paris/primary'))
  assert.ok(receipt)
  serviceCenter.state.receipts.get(patch)?.set(receipt.peer, { ...receipt, mendedAt: Date.now(), mendedWrong: 'rot' })
  const account = { agentVersion: '1', storeBytes: 0, freeBytes: 5e9, toldAt: 0, machine: null, clockAheadMs: -90_000 }
  serviceCenter.state.accounts.set(peerOf(fleet, 'paris/primary'), account)
  await fleet.disconnect('acme-tokyo-primary')
  const headers = { Authorization: `Bearer ${await app.apiToken()}` }
  assert.ok((await fetch(`${app.url}/api/v1/trail/verification`, { headers })).ok)
  told = new Set([...(await scrape()).matchAll(/^([a-z_]+)(?:\{| )/gm)].map(([, name = '']) => name))
})
after(async () => {
  await app.close()
  await fleet.close()
})

async function scrape(rights?: Parameters<ServedApp['apiToken']>[0]): Promise<string> {
  const headers = { Authorization: `Bearer ${await app.apiToken(rights)}` }
  return (await fetch(`${app.url}/metrics`, { headers })).text()
}

const promtool = (...words: string[]) => promisify(execFile)(pathOf('promtool') ?? '', words)

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap((group) => group.rules)
}
async function panels(): Promise<Panel[]> {
  const file = await readFile(path.join(DOCS, 'grafana/patchmesh-dashboard.json'), 'utf8')
  return (JSON.parse(file) as { panels: Panel[] }).panels
}

/** Of our metrics, of those of the process, and `up`: every other word is one of the language or a label. */
function metricsIn(expression: string): string[] {
  const withoutLabels = expression.replaceAll(/\{[^}]*\}/g, '')
  return withoutLabels.match(/\b(?:patchmesh_|process_|nodejs_)[a-z0-9_]+|\bup\b/g) ?? []
}

test('promtool takes the rules, and their unit tests pass', async () => {
  assert.match((await promtool('check', 'rules', RULES)).stdout, /SUCCESS: \d+ rules found/)
  assert.match((await promtool('test', 'rules', TESTS)).stdout, /SUCCESS/)
})

test('each alert is tried by a unit test, says what is wrong, and has its place in the guide', async () => {
  const [tried, guide] = await Promise.all([
    readFile(TESTS, 'utf8'),
    readFile(path.join(DOCS, 'operators-guide.md'), 'utf8'),
  ])
  const all = await rules()
  assert.ok(all.length > 10)
  for (const { alert, labels, annotations } of all) {
    assert.ok(tried.includes(`"${alert}"`), `no unit test has ${alert}`)
    assert.ok(guide.includes(`| \`${alert}\` | `), `the guide does not say what to do for ${alert}`)
    assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert)
    for (const part of ['summary', 'description']) assert.match(annotations[part] ?? '', /\.$/, `${alert}, ${part}`)
  }
  const named = [...guide.matchAll(/^\| `(Patchmesh\w+)` \| /gm)].map(([, name]) => name)
  assert.deepEqual(
    named,
    all.map(({ alert }) => alert),
  )
})

test('a Service Center tells whatever the rules and the dashboard ask for', async () => {
  for (const { alert, expr } of await rules()) {
    const asked = metricsIn(expr)
    assert.ok(asked.length > 0, alert)
    for (const metric of asked)
      assert.ok(told.has(metric) || ITS_OWN.includes(metric), `${alert}: there is no ${metric}`)
  }
  let targets = 0
  for (const { title, description, targets: asked = [] } of await panels()) {
    targets += asked.length
    if (asked.length > 0) assert.match(description ?? '', /\.$/, title)
    for (const { expr } of asked)
      for (const metric of metricsIn(expr)) assert.ok(told.has(metric), `${title}: there is no ${metric}`)
  }
  assert.ok(targets > 20)
})

test('promtool takes every query of the dashboard', async () => {
  const queries = (await panels()).flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  const group = { name: 'dashboard', rules: queries.map(({ expr }, index) => ({ record: `query:${index}`, expr })) }
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'patchmesh-queries-')), 'queries.yaml')
  await writeFile(file, JSON.stringify({ groups: [group] }))
  try {
    const { stdout } = await promtool('check', 'rules', file)
    assert.ok(stdout.includes(`SUCCESS: ${queries.length} rules found`), stdout)
  } finally {
    await rm(path.dirname(file), { recursive: true })
  }
})

test('whoever is limited to organizations is told nothing of the Service Center itself', async () => {
  const limited = await scrape({ role: 'viewer', organizations: ['acme'] })
  for (const name of ['service_center_free_bytes', 'publisher_expiry', 'api_token_expiry', 'trail_intact'])
    assert.ok(!limited.includes(`patchmesh_${name}`), name)
  assert.ok(limited.includes('patchmesh_away_longest_seconds'))
})

test('the numbers are what the fleet is', async () => {
  const lines = (await scrape()).split('\n')
  for (const line of [
    'patchmesh_free_bytes_least{data_center="paris"} 5000000000',
    'patchmesh_clock_difference_most_seconds 90',
    'patchmesh_copies_wrong 0',
    'patchmesh_away_longest_seconds{data_center="paris"} 0',
    'patchmesh_service_center_free_bytes 1000000000000',
  ])
    assert.ok(lines.includes(line), line)
  assert.ok(!lines.some((line) => line.startsWith('patchmesh_free_bytes_least{data_center="tokyo"}')))
})
