/**
 * Baselines through the API, on their page and with the command line: who may set them, who sees which, and what is told.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TrailPage } from '../../controller/core/access-views.ts'
import type { BaselineView } from '../../controller/core/baselines/baseline-views.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
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
  patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  await everyoneNeeds(fleet, patch)
  await fleet.detect('acme-paris-primary', patch, 'installed', '3.0')
})
after(async () => {
  await app.close()
  await fleet.close()
})

const ACME = { organization: 'acme', dataCenter: 'paris', kind: 'tenant', patch: 'openssl@3.0' }
const set = <Answer = BaselineView[]>(baseline: object = ACME, asked = ask) =>
  asked<Answer>('PUT', '/baselines', baseline)
const remove = <Answer = BaselineView[]>(baseline: object = ACME) => ask<Answer>('DELETE', '/baselines', baseline)

test('one is set, told with who keeps to it and who does not, kept, and removed; the trail says who', async () => {
  const { status, json } = await set()
  assert.equal(status, 200, JSON.stringify(json))
  const [{ setAt: _, setBy: _by, ...view }] = json as [BaselineView]
  assert.deepEqual(view, {
    ...{ organization: 'acme', dataCenter: 'paris', kind: 'tenant', keeping: 1 },
    patch: { id: patch, name: 'openssl', version: '3.0', architecture: null },
    behind: [{ appliance: 'acme-paris-secondary', role: 'secondary', has: '0.9', reason: 'has not got it yet' }],
    next: 'no maintenance window is set for it, so nothing begins there by itself: start an install',
  })
  assert.deepEqual((await ask('GET', '/baselines')).json, json)
  assert.equal((await fleet.repository.load()).filter(({ table }) => table === 'baselines').length, 1)
  assert.deepEqual((await remove()).json, [])
  assert.equal((await fleet.repository.load()).filter(({ table }) => table === 'baselines').length, 0)
  const { entries } = (await ask<TrailPage>('GET', '/trail')).json
  assert.deepEqual(
    entries.slice(0, 2).map(({ action, subject, outcome, organization }) => [action, subject, outcome, organization]),
    [
      ['remove-baseline', 'openssl@3.0', 'for tenant of acme in paris', 'acme'],
      ['set-baseline', 'openssl@3.0', 'for tenant of acme in paris', 'acme'],
    ],
  )
})

test('it takes the right to install, within the organizations of whoever asks', async () => {
  const as = async (standing: Parameters<typeof app.apiToken>[0]) => asking(app.url, await app.apiToken(standing))
  assert.equal((await set<Refused>(ACME, await as({ role: 'viewer' }))).status, 403)
  const globex = await as({ role: 'operator', organizations: ['globex'] })
  assert.equal((await set<Refused>(ACME, globex)).json.error.code, 'unknown_organization')
  assert.equal((await set(ACME, await as({ role: 'operator', organizations: ['acme'] }))).status, 200)
  assert.deepEqual((await globex('GET', '/baselines')).json, [])
  await remove()
})

test('what there is not is refused', async () => {
  const code = async (answer: Promise<{ json: Refused }>) => (await answer).json.error.code
  assert.equal(await code(set<Refused>({ ...ACME, patch: 'openssl@4.0' })), 'not_found')
  assert.equal(await code(set<Refused>({ ...ACME, kind: 'firewall' })), 'nothing_to_install')
  assert.equal(await code(set<Refused>({ ...ACME, dataCenter: 'All' })), 'bad_request')
  assert.equal(await code(set<Refused>({ ...ACME, extra: 1 })), 'bad_request')
  assert.equal(await code(remove<Refused>()), 'not_found')
})

test('the page lists it, and its forms set and remove it', async () => {
  const headers = { Cookie: await app.cookie(), Origin: app.url, Accept: 'text/html' }
  const page = async () => (await fetch(new URL('/baselines', app.url), { headers })).text()
  const send = (address: string, fields: Record<string, string>) =>
    fetch(new URL(address, app.url), { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' })
  assert.match(await page(), /No baseline is set\./)
  const [, place = ''] = /value="(organization=acme[^"]*paris[^"]*)"/.exec(await page()) ?? []
  assert.equal((await send('/baselines', { place: place.replaceAll('&amp;', '&'), patch: 'openssl@3.0' })).status, 303)
  assert.match(await page(), /secondary, has 0\.9: Has not got it yet\./)
  assert.equal((await send('/baselines', { place: 'nowhere', patch: 'openssl@3.0' })).status, 400)
  assert.equal((await send('/baselines/remove', { ...ACME, patch })).status, 303)
  assert.match(await page(), /No baseline is set\./)
})

test('the command line does the same', async () => {
  const environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
  const run = (...words: string[]) => patchmesh(['baselines', ...words], { environment })
  const place = ['openssl@3.0', '--organization', 'acme', '--data-center', 'paris']
  assert.equal((await run('list')).stdout, 'No baseline is set.\n')
  const { stdout } = await run('set', ...place)
  assert.match(stdout, /acme {2}.*paris {2}.*tenant {2}openssl@3\.0 {2}1\/2 .* No maintenance window is set for it/)
  assert.match(stdout, /acme-paris-secondary {2}secondary {2}openssl@3\.0 {2}0\.9 {2}has not got it yet/)
  assert.match(
    (await run('remove', ...place)).stderr,
    /Remove the baseline openssl@3\.0 of acme in paris\? Nobody is brought up to it any more\. \[y\/N\]/,
  )
  assert.equal(
    (await run('remove', ...place, '--yes')).stdout,
    'openssl@3.0 is no baseline of acme in paris any more.\n',
  )
  assert.equal((await run('set', 'openssl@3.0', '--organization', 'acme')).status, 2)
})
