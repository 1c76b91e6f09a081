/**
 * Somebody who is limited to organizations: nothing else is in any answer, page or count, and no command reaches it.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DataCenterView } from '../../controller/core/data-centers.ts'
import type { PatchDetail, PatchSummary } from '../../controller/core/patch-views.ts'
import type { InstallDetail, InstallPreview, InstallSummary } from '../../controller/core/views.ts'
import type { InstallId, Sha256 } from '../../protocol/identifiers.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Ask, asking } from './api-client.ts'

/** Whatever of the others could be told; the provider's appliances are called paris/primary and the like. */
const OTHERS = /globex|Org 1000|(paris|tokyo|lima)\/(primary|secondary)|\blima\b/

let fleet: Fleet
let app: ServedApp
let patch: Sha256
let owner: Ask
let acme: Ask
let token: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  for (const kind of ['service-provider', 'tenant']) {
    const organization = kind === 'tenant' ? 'globex' : 'Org 1000'
    const name = kind === 'tenant' ? 'globex-lima-primary' : 'lima/primary'
    await fleet.enroll({ name, organization, dataCenter: 'lima', kind, role: 'primary' })
  }
  patch = await fleet.publish({ name: 'kernel', version: '1' })
  owner = asking(app.url, await app.apiToken())
  token = await app.apiToken({ role: 'operator', organizations: ['acme'] })
  acme = asking(app.url, token)
})
after(async () => {
  await app.close()
  await fleet.close()
})

const start = (ask: Ask, organizations: string[]) => ask<InstallDetail>('POST', '/installs', { patch, organizations })

test('A2 no answer and no page names anything of others', async () => {
  await fleet.sendReceipt('paris/primary', patch)
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch, state: 'transferring', bytes: 1, bytesPerSecond: 1, sources: [], reason: '', wanBytes: 1 },
  } as Parameters<Fleet['tellProgress']>[1])
  for (const { name } of fleet.serviceCenter.state.appliances.values()) {
    if (/acme|globex/.test(name)) await fleet.detect(name, patch, 'applicable', '0')
  }
  const { json: mixed } = await start(owner, ['acme', 'globex'])
  await fleet.sendReceipt('tokyo/primary', patch)
  for (const member of ['secondary', 'primary']) await fleet.report(`acme-paris-${member}`, mixed.id, 'installed')
  await fleet.report('globex-paris-secondary', mixed.id, 'failed', { reason: 'no room on globex-paris-secondary' })
  const forPeer = { reason: 'the other member did not end at this patch', refusal: 'peer_not_at_patch' } as const
  await fleet.report('globex-paris-primary', mixed.id, 'refused', forPeer)
  await fleet.report('acme-tokyo-secondary', mixed.id, 'failed', { reason: 'no room' })
  const halted = await owner<InstallDetail>('GET', `/installs/${mixed.id}`)
  assert.match(halted.json.reason, /globex-paris-secondary/, 'an Owner is told who failed')
  const auditor = await app.apiToken({ role: 'auditor', organizations: ['acme'] })
  const paths = app.routes
    .filter(({ method, permission }) => method === 'GET' && permission !== undefined)
    .map(({ path }) => path.replace(':patch', 'kernel@1').replace(':name', 'paris').replace(':id', mixed.id))
    .map((path) =>
      path.endsWith('/install-preview') || path.endsWith('/install') ? `${path}?organization=acme` : path,
    )
  for (const path of new Set(paths.filter((one) => one !== '/api/v1/events'))) {
    for (const Accept of ['application/json', 'text/html']) {
      for (const bearer of [token, auditor]) {
        const answer = await rawRequest(app.url, { path, headers: { Authorization: `Bearer ${bearer}`, Accept } })
        assert.doesNotMatch(answer.body, OTHERS, `${path} as ${Accept}`)
        if (answer.status === 200 && path === '/api/v1/appliances') assert.match(answer.body, /acme-paris-primary/)
      }
    }
  }
})

test('Replications counts the own appliances whose depot holds a proven copy', async () => {
  const next = await fleet.publish({ name: 'counted', version: '1' })
  const counted = async (ask: Ask) => {
    const { json } = await ask<PatchSummary[]>('GET', '/patches')
    return json.find(({ id }) => id === next)?.replications
  }
  assert.deepEqual(await counted(acme), { complete: 0, total: 4 })
  await fleet.sendReceipt('paris/secondary', next)
  assert.deepEqual(await counted(acme), { complete: 2, total: 4 })
  assert.deepEqual(await counted(owner), { complete: 1, total: 5 })
  const { json } = await acme<PatchDetail>('GET', `/patches/${next}`)
  assert.deepEqual(
    json.appliances.map(({ name, state }) => [name, state]),
    [
      ['acme-paris-primary', 'replicated'],
      ['acme-paris-secondary', 'replicated'],
      ['acme-tokyo-primary', 'waiting'],
      ['acme-tokyo-secondary', 'waiting'],
    ],
  )
  const { json: preview } = await acme<InstallPreview>('GET', `/patches/${next}/install-preview?organization=acme`)
  assert.deepEqual([preview.targets, preview.ready, preview.queued.length], [4, 2, 2])
})

test('Data Centers are those in which there are own appliances', async () => {
  const { json } = await acme<DataCenterView[]>('GET', '/data-centers')
  assert.deepEqual(
    json.map(({ name, appliances }) => [name, appliances]),
    [
      ['paris', 2],
      ['tokyo', 2],
    ],
  )
  assert.equal((await acme('GET', '/data-centers/lima/limits')).status, 404)
  assert.equal((await owner('GET', '/data-centers/lima/limits')).status, 200)
})

test('A3 an organization of others is answered as one that does not exist, and nothing happens', async () => {
  const before = fleet.serviceCenter.state.installs.size
  for (const others of [['globex'], ['acme', 'globex'], ['Org 1000']]) {
    const foreign = await acme('POST', '/installs', { patch, organizations: others })
    const unknown = await acme('POST', '/installs', {
      patch,
      organizations: others.map((name) => name.replace(/^[gO].*/, 'nowhere')),
    })
    assert.equal(foreign.status, unknown.status)
    assert.equal(foreign.json.error.code, unknown.json.error.code)
    assert.match(foreign.json.error.message, /there is no organization/)
    const query = others.map((name) => `organization=${encodeURIComponent(name)}`).join('&')
    assert.equal((await acme('GET', `/patches/${patch}/install-preview?${query}`)).status, 422)
  }
  assert.equal(fleet.serviceCenter.state.installs.size, before)
})

test('an install for others too is shown with the own part, and cannot be cancelled by one of them', async () => {
  const next = await fleet.publish({ name: 'shared', version: '1' })
  const body = { patch: next, organizations: ['acme', 'globex'] }
  const { json: mixed } = await owner<InstallDetail>('POST', '/installs', body)
  const { json: foreign } = await owner<InstallDetail>('POST', '/installs', { ...body, organizations: ['Org 1000'] })
  const { json: own } = await acme<InstallDetail>('GET', `/installs/${mixed.id}`)
  assert.deepEqual(own.organizations, ['acme'])
  assert.deepEqual([own.total, own.targets.length], [4, 4])
  const refused = await acme('POST', `/installs/${mixed.id}/cancel`, {})
  assert.equal(refused.status, 403)
  assert.equal(fleet.serviceCenter.state.installs.get(mixed.id as InstallId)?.state, 'planned')
  assert.equal((await acme('POST', `/installs/${foreign.id}/cancel`, {})).status, 404)
  const listed = (await acme<InstallSummary[]>('GET', '/installs')).json
  assert.ok(listed.every(({ organizations }) => organizations.join() === 'acme'))
})

test('what concerns every organization is not for somebody who is limited', async () => {
  const uploader = asking(app.url, await app.apiToken({ role: 'uploader', organizations: ['acme'] }))
  assert.equal((await uploader('DELETE', `/patches/${patch}`, {})).status, 403)
  const limits = { upBitsPerSecond: null, downBitsPerSecond: null, quietHours: [], trades: true }
  assert.equal((await acme('PUT', '/data-centers/paris/limits', limits)).status, 403)
})

test('an own install starts, and is answered with its targets', async () => {
  const next = await fleet.publish({ name: 'own', version: '1' })
  const { status, json } = await acme<InstallDetail>('POST', '/installs', { patch: next, organizations: ['acme'] })
  assert.equal(status, 201)
  assert.equal(json.targets.length, 4)
})
