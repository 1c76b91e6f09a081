/**
 * Exposure through the API, on its pages and with the command line: what is told, who may say what a patch is for, and the
 * days that a severity leaves.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { DueDays } from '../../controller/core/exposure/advisory.ts'
import type { ExposureDetail, ExposureSummary } from '../../controller/core/exposure/exposure-views.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { bundleFixture } from '../support/bundle-fixtures.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let patch: Sha256
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
  patch = await fleet.publish({ name: 'openssl', version: '3.0' })
  await everyoneNeeds(fleet, patch)
  for (const role of ['primary', 'secondary']) await fleet.detect(`acme-paris-${role}`, patch, 'installed', '3.0')
})
after(async () => {
  await app.close()
  await fleet.close()
})

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const CRITICAL = { severity: 'critical', reference: 'DSA-5941-1' }

test('an advisory is said, told with what follows from it, kept, and in the trail', async () => {
  const said = { ...CRITICAL, publishedAt: daysAgo(20) }
  const { status, json } = await ask<ExposureDetail>('PUT', `/patches/openssl@3.0/advisory`, said)
  assert.equal(status, 200, JSON.stringify(json))
  assert.deepEqual(
    [json.state, json.total, json.exposed, json.severity, json.clockSince, json.joinedLate],
    ['overdue', 12, 10, 'critical', said.publishedAt, 0],
  )
  const acme = json.organizations.find(({ organization }) => organization === 'acme')
  assert.deepEqual([acme?.exposed, acme?.patched, acme?.patchedLate], [2, 2, 2])
  assert.ok(json.overdueSeconds >= 5 * 86_400 && json.overdueSeconds < 6 * 86_400)
  assert.deepEqual((await ask<ExposureDetail>('GET', '/patches/openssl@3.0/exposure')).json.clockDueAt, json.clockDueAt)
  assert.equal((await ask<ExposureSummary[]>('GET', '/exposure')).json[0]?.patch.id, patch)
  assert.deepEqual((await fleet.repository.load()).filter(({ table }) => table === 'advisories').length, 1)
  const { entries } = (await ask<{ entries: { action: string; subject: string; outcome: string }[] }>('GET', '/trail'))
    .json
  assert.deepEqual([entries[0]?.action, entries[0]?.subject], ['set-advisory', 'openssl@3.0'])
  assert.match(entries[0]?.outcome ?? '', /^critical, DSA-5941-1, published .*, due by its severity$/)
})

test('a day stands for its first moment where something begins, and for its last where it is due', async () => {
  const said = { severity: 'high', publishedAt: '2026-01-02', dueAt: '2026-01-31' }
  const { json } = await ask<ExposureDetail>('PUT', `/patches/${patch}/advisory`, said)
  assert.deepEqual([json.clockSince, json.clockDueAt], ['2026-01-02T00:00:00.000Z', '2026-01-31T23:59:59.999Z'])
})

test('days of a severity are set, by an Owner, for those that are given', async () => {
  const { json } = await ask<DueDays[]>('PUT', '/due-days', { critical: 7, low: null })
  const days = [
    { severity: 'critical', days: 7 },
    { severity: 'high', days: 30 },
    { severity: 'medium', days: 90 },
    { severity: 'low', days: null },
  ]
  assert.deepEqual(json, days)
  assert.deepEqual((await ask('GET', '/due-days')).json, days)
  const operator = asking(app.url, await app.apiToken({ role: 'operator' }))
  assert.equal((await operator<Refused>('PUT', '/due-days', { critical: 1 })).status, 403)
  await ask('PUT', '/due-days', { critical: 15 })
})

test('whoever is limited to organizations sees theirs, and says of no patch what it is for', async () => {
  const acme = asking(app.url, await app.apiToken({ role: 'operator', organizations: ['acme'] }))
  const { json } = await acme<ExposureDetail>('GET', '/patches/openssl@3.0/exposure')
  assert.deepEqual(
    json.organizations.map(({ organization }) => organization),
    ['acme'],
  )
  assert.equal((await acme<Refused>('PUT', `/patches/${patch}/advisory`, CRITICAL)).status, 403)
  const viewer = asking(app.url, await app.apiToken({ role: 'viewer' }))
  assert.equal((await viewer<Refused>('PUT', `/patches/${patch}/advisory`, CRITICAL)).status, 403)
})

test('with an upload it is said at once; what is wrong in it is refused before the file is taken', async () => {
  const upload = async (query: Record<string, string>, token?: string) => {
    const address = `${app.url}/api/v1/patches?${new URLSearchParams({ filename: 'told.patch', ...query })}`
    const headers = { Authorization: `Bearer ${token ?? (await app.apiToken())}` }
    const answer = await fetch(address, { method: 'POST', headers, body: new Uint8Array(bundleFixture()) })
    return { status: answer.status, json: (await answer.json()) as { id: string } & Refused }
  }
  const future = new Date(Date.now() + 86_400_000).toISOString()
  assert.equal((await upload({ publishedAt: future })).json.error.code, 'bad_field')
  const limited = await app.apiToken({ role: 'uploader', organizations: ['acme'] })
  assert.equal((await upload({ severity: 'high' }, limited)).status, 403)
  assert.equal([...fleet.serviceCenter.state.patches.values()].length, 1)
  const { status, json } = await upload({ severity: 'high', reference: 'CVE-2026-1', dueAt: '2090-01-01' })
  assert.equal(status, 201, JSON.stringify(json))
  const told = (await ask<ExposureDetail>('GET', `/patches/${json.id}/exposure`)).json
  assert.deepEqual([told.severity, told.reference, told.dueIsSet], ['high', 'CVE-2026-1', true])
})

test('the pages tell it, and their forms set it', async () => {
  const headers = { Cookie: await app.cookie(), Origin: app.url, Accept: 'text/html' }
  const page = async (address: string) => (await fetch(new URL(address, app.url), { headers })).text()
  const send = (address: string, fields: Record<string, string>) =>
    fetch(new URL(address, app.url), { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' })
  const address = '/appliances/software-updates/openssl%403.0'
  const fields = { severity: 'critical', reference: 'DSA-77', publishedAt: daysAgo(30).slice(0, 10), dueAt: '' }
  assert.equal((await send(`${address}/advisory`, fields)).status, 303)
  assert.match(await page(address), /DSA-77/)
  assert.match(await page('/exposure'), /10 of 12, 10 overdue/)
  assert.equal((await send(`${address}/advisory`, { ...fields, publishedAt: '2090-01-01' })).status, 400)
  assert.equal((await send('/exposure', { critical: '60', high: '30', medium: '90', low: '' })).status, 303)
  assert.match(await page('/exposure'), /10 of 12<[\s\S]*openssl 3\.0|openssl 3\.0[\s\S]*10 of 12</)
  assert.equal((await send('/exposure', { critical: 'soon' })).status, 400)
  assert.equal((await send('/exposure', { critical: '15', high: '30', medium: '90', low: '180' })).status, 303)
})

test('the numbers for Prometheus tell it by patch and severity', async () => {
  const headers = { Authorization: `Bearer ${await app.apiToken()}` }
  const lines = (await (await fetch(`${app.url}/metrics`, { headers })).text()).split('\n')
  for (const line of [
    'patchmesh_exposed_appliances{patch="openssl@3.0",severity="critical"} 10',
    'patchmesh_overdue_appliances{patch="openssl@3.0",severity="critical"} 10',
    'patchmesh_overdue_appliances{patch="fixture@1.0.0",severity="high"} 0',
  ])
    assert.ok(lines.includes(line), line)
  const dueAt = Date.parse('2090-01-01T23:59:59.999Z') / 1000
  const due = `patchmesh_exposure_due_timestamp_seconds{patch="fixture@1.0.0",severity="high"} ${dueAt}`
  assert.ok(lines.includes(due), due)
})

test('the command line does the same', async () => {
  const environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
  const run = (...words: string[]) => patchmesh(words, { environment })
  const said = await run('patches', 'advisory', 'openssl@3.0', '--severity', 'critical', '--published', daysAgo(20))
  assert.match(said.stdout, /^openssl@3\.0, severity critical, no advisory named\nthe clock runs from its advisory/)
  assert.match(said.stdout, /acme {2}.*2 of 4, 2 overdue .* 5 days/)
  assert.match((await run('patches', 'exposure')).stdout, /openssl@3\.0 +critical +globex +4 of 4, 4 overdue/)
  const detail = JSON.parse((await run('patches', 'exposure', 'openssl@3.0', '--json')).stdout) as ExposureDetail
  assert.equal(detail.appliances.length, 10)
  assert.match((await run('due-dates', 'set', '--high', 'none')).stdout, /high {6}no due date/)
  assert.match((await run('due-dates', 'list')).stdout, /critical {2}after 15 days/)
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'patchmesh-exposure-')), 'fixture-1.0.0.patch')
  await writeFile(file, bundleFixture())
  const upload = ['patches', 'upload', file, '--severity', 'low', '--due', '2090-01-01']
  const refused = await run(...upload, '--published', '2089-01-01')
  assert.match(refused.stderr, /which has not come yet/)
  assert.equal(fleet.serviceCenter.state.patches.size, 2)
  assert.equal((await run(...upload)).status, 0)
  assert.match(
    (await run('patches', 'exposure', 'fixture@1.0.0')).stdout,
    /severity low, .*\n.* due 2090-01-01 23:59 UTC/,
  )
  await rm(path.dirname(file), { recursive: true })
  assert.equal((await run('due-dates', 'set')).status, 2)
  assert.equal((await run('patches', 'advisory', 'openssl@3.0', '--severity', 'awful')).status, 2)
  assert.equal((await run('patches', 'advisory', 'openssl@3.0', '--published', 'tomorrow')).status, 1)
})
