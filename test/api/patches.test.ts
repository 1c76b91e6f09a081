/**
 * Patches and installs through the API, as the command line and other scripts use it.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { PatchDetail, PatchSummary } from '../../controller/core/patch-views.ts'
import type { ApplianceView, InstallDetail, InstallPreview } from '../../controller/core/views.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let token: string
let ask: Ask
let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-api-'))
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
  ask = asking(app.url, token)
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

async function bundle(name: string): Promise<Buffer> {
  const out = path.join(folder, `${name}.patch`)
  await writeExampleBundle({ name, bytes: 64 * 1024, out })
  return readFile(out)
}

test('takes an upload as its raw body, and the same bytes again change nothing (U29)', async () => {
  const bytes = await bundle('uploaded')
  const first = await ask<PatchSummary>('POST', '/patches?filename=uploaded.patch', bytes, 'application/octet-stream')
  assert.equal(first.status, 201)
  const { id, name, version, replications } = first.json
  assert.deepEqual(
    { name, version, replications },
    { name: 'uploaded', version: '1.0.0', replications: { complete: 0, total: 4 } },
  )
  const second = await ask<PatchSummary>('POST', '/patches?filename=uploaded.patch', bytes, 'application/octet-stream')
  assert.equal(second.status, 200)
  assert.equal(second.json.id, id)
  const listed = (await ask<PatchSummary[]>('GET', '/patches')).json
  assert.equal(listed.filter((patch) => patch.name === 'uploaded').length, 1)
})

test('refuses what is no patch with a code, a sentence, a hint and a request id', async () => {
  const before = (await ask('GET', '/patches')).json
  const { status, json } = await ask('POST', '/patches?filename=a.patch', 'not a patch at all', 'text/plain')
  assert.equal(status, 422)
  assert.deepEqual(Object.keys(json), ['error'])
  assert.deepEqual(Object.keys(json.error), ['code', 'message', 'hint', 'requestId'])
  assert.equal(json.error.code, 'not_a_patch')
  assert.match(json.error.requestId, /^[0-9a-f-]{36}$/)
  assert.ok(app.log.some((line) => line.includes(json.error.requestId)))
  assert.deepEqual((await ask('GET', '/patches')).json, before)
})

test('U36 refuses a file that was packed for the way', async () => {
  const answer = await fetch(`${app.url}/api/v1/patches?filename=a.patch`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Encoding': 'gzip' },
    body: 'x',
  })
  assert.equal(answer.status, 400)
})

test('shows a patch by id and by NAME@VERSION, and counts for one Data Center', async () => {
  const id = await fleet.publish({ name: 'shown', version: '2.0' })
  await fleet.sendReceipt('paris/primary', id)
  await fleet.detect('acme-tokyo-primary', id, 'installed', '2.0')
  const all = (await ask<PatchDetail>('GET', '/patches/shown@2.0')).json
  assert.equal(all.id, id)
  assert.deepEqual(all.replications, { complete: 1, total: 4 })
  const acme = all.unpatched.find(({ organization }) => organization === 'acme')
  assert.deepEqual({ patched: acme?.patched, total: acme?.total }, { patched: 1, total: 4 })
  const tokyo = (await ask<PatchDetail>('GET', `/patches/${id}?dataCenter=tokyo`)).json
  assert.equal(tokyo.unpatched.find(({ organization }) => organization === 'acme')?.total, 2)
  assert.equal((await ask('GET', `/patches/${id}?dataCenter=atlantis`)).json.error.code, 'unknown_data_center')
})

test('the preview names the Service Provider appliances on which replication is not complete', async () => {
  const id = await fleet.publish({ name: 'previewed', version: '1' })
  for (const name of ['paris/primary', 'paris/secondary', 'tokyo/primary']) await fleet.sendReceipt(name, id)
  const address = `/patches/${id}/install-preview?organization=acme&organization=Org%201000`
  const { status, json } = await ask<InstallPreview>('GET', address)
  assert.equal(status, 200)
  assert.deepEqual(
    json.notReplicated.map(({ name }) => name),
    ['tokyo/secondary'],
  )
  assert.deepEqual(
    json.queued.map(({ appliance }) => appliance),
    ['tokyo/secondary'],
  )
  assert.equal(json.ready, 7)
})

test('starts, lists, shows and cancels an install', async () => {
  const id = await fleet.publish({ name: 'installed', version: '1' })
  const order = { patch: 'installed@1', organizations: ['acme', 'acme'], dataCenter: 'paris' }
  const started = await ask<InstallDetail>('POST', '/installs', order)
  assert.equal(started.status, 201)
  const install = started.json
  assert.deepEqual(install.organizations, ['acme'])
  assert.deepEqual(
    install.targets.map(({ appliance, state }) => [appliance, state]),
    [
      ['acme-paris-primary', 'queued'],
      ['acme-paris-secondary', 'queued'],
    ],
  )
  const again = await ask('POST', '/installs', order)
  assert.equal(again.json.error.code, 'install_running')
  assert.equal((await ask('DELETE', `/patches/${id}`)).json.error.code, 'in_use')
  assert.equal((await ask<InstallDetail>('GET', `/installs/${install.id}`)).json.id, install.id)
  assert.ok((await ask<InstallDetail[]>('GET', '/installs')).json.some((one) => one.id === install.id))
  const cancelled = await ask<InstallDetail>('POST', `/installs/${install.id}/cancel`)
  assert.equal(cancelled.status, 200)
  assert.equal(cancelled.json.state, 'cancelled')
  assert.equal((await ask('POST', `/installs/${install.id}/cancel`)).status, 200)
  assert.equal((await ask('GET', `/installs/${'0'.repeat(32)}`)).status, 404)
})

test('withdraws a patch, and says so afterwards', async () => {
  const id = await fleet.publish({ name: 'withdrawn', version: '1' })
  const { status, json } = await ask('DELETE', `/patches/withdrawn@1`, { reason: 'a mistake' })
  assert.deepEqual({ status, json }, { status: 200, json: { id } })
  for (const reference of [id, 'withdrawn@1']) {
    assert.equal((await ask('GET', `/patches/${reference}`)).json.error.code, 'withdrawn')
  }
  assert.equal((await ask('POST', '/installs', { patch: id, organizations: ['acme'], dataCenter: 'All' })).status, 410)
})

type Operation = { requestBody?: { content: { 'application/json': { schema: object } } } }

test('tells the fleet, and describes itself', async () => {
  const appliances = (await ask<ApplianceView[]>('GET', '/appliances')).json
  assert.equal(appliances.length, 12)
  const dataCenters = (await ask<{ name: string }[]>('GET', '/data-centers')).json
  assert.deepEqual(
    dataCenters.map(({ name }) => name),
    ['paris', 'tokyo'],
  )
  const organizations = (await ask<{ name: string }[]>('GET', '/organizations')).json
  const provider = organizations.find(({ name }) => name === 'Org 1000')
  assert.deepEqual(provider, { name: 'Org 1000', isProvider: true, appliances: 4 })
  const { json } = await ask<{ paths: Record<string, Record<string, Operation>> }>('GET', '/openapi.json')
  const described = Object.entries(json.paths).flatMap(([address, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${address}`),
  )
  const registered = app.routes
    .filter(({ method, path: address }) => method !== 'ALL' && address.startsWith('/api/v1/'))
    .map(({ method, path: address }) => `${method} ${address.replace(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(described.sort(), [...new Set(registered)].sort())
  assert.ok(json.paths['/api/v1/installs']?.['post']?.requestBody?.content['application/json'].schema)
})
