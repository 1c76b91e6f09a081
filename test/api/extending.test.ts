/**
 * Who joins the fleet while an install goes on: shown as not included, and added to it when somebody says so.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { TrailPage } from '../../controller/core/access-views.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let patch: Sha256
let install: string
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
  patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  await everyoneNeeds(fleet, patch)
  for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`paris/${role}`, patch)
  const body = { patch, organizations: ['acme'], dataCenter: 'paris' }
  install = (await ask<InstallDetail>('POST', '/installs', body)).json.id
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

const joins = (name: string, organization = 'acme', dataCenter = 'paris') =>
  fleet.enroll({
    ...{ name, organization, dataCenter, kind: 'tenant', group: 'web' },
    role: name.endsWith('1') ? 'primary' : 'secondary',
  })
const shown = async () => (await ask<InstallDetail>('GET', `/installs/${install}`)).json
const extend = <Answer = InstallDetail>(appliances?: string[], asked = ask) =>
  asked<Answer>('POST', `/installs/${install}/extend`, appliances === undefined ? {} : { appliances })
const targets = ({ targets: all }: InstallDetail) => all.map(({ appliance }) => appliance).sort()
const FIRST = ['acme-paris-primary', 'acme-paris-secondary']

test('whoever joins what an install is for is shown as not included, and nobody else', async () => {
  assert.deepEqual((await shown()).joinedLater, [])
  await joins('acme-web-1')
  await joins('acme-tokyo-1', 'acme', 'tokyo')
  await joins('globex-web-1', 'globex')
  await joins('acme-web-2')
  await fleet.detect('acme-web-2', patch, 'notApplicable', '0.9', 'it is for amd64')
  const { joinedLater, ...install } = await shown()
  assert.deepEqual(joinedLater, [
    { appliance: 'acme-web-1', organization: 'acme', dataCenter: 'paris', kind: 'tenant', role: 'primary' },
  ])
  assert.deepEqual(targets({ ...install, joinedLater }), FIRST)
})

test('it is added once, waits its turn in the same install, and gets its order', async () => {
  await joins('acme-web-1')
  await joins('acme-web-2')
  const { status, json } = await extend(['acme-web-2'])
  assert.equal(status, 200, JSON.stringify(json))
  assert.deepEqual(targets(json), [...FIRST, 'acme-web-2'])
  assert.deepEqual(
    json.joinedLater.map(({ appliance }) => appliance),
    ['acme-web-1'],
  )
  assert.deepEqual(targets((await extend()).json), [...FIRST, 'acme-web-1', 'acme-web-2'])
  assert.deepEqual(targets((await extend(['acme-web-2'])).json), [...FIRST, 'acme-web-1', 'acme-web-2'])
  for (const name of ['acme-paris-secondary', 'acme-paris-primary', 'acme-web-2', 'acme-web-1'])
    await fleet.report(name, json.id, 'installed')
  assert.deepEqual([(await shown()).state, (await shown()).installed], ['done', 4])
  const { entries } = (await ask<TrailPage>('GET', '/trail')).json
  assert.deepEqual(
    entries.filter(({ action }) => action === 'extend').map(({ outcome }) => outcome),
    ['with acme-web-1', 'with acme-web-2'],
  )
})

test('it has as much time as whoever was there, and is kept', async () => {
  const record = () => [...fleet.serviceCenter.state.installs.values()][0]
  const before = record()?.deadlineAt ?? 0
  await joins('acme-web-1')
  await extend()
  assert.ok((record()?.deadlineAt ?? 0) > before)
  const kept = (await fleet.repository.load()).filter(({ table }) => table === 'targets')
  assert.equal(kept.length, 3)
})

test('it is refused where nobody has joined, who is named is not there, or it has ended', async () => {
  const code = async (answer: Promise<{ json: Refused }>) => (await answer).json.error.code
  assert.equal(await code(extend<Refused>()), 'nothing_to_install')
  assert.equal(await code(extend<Refused>(['nobody'])), 'not_found')
  await joins('acme-web-1')
  await ask('POST', `/installs/${install}/cancel`)
  assert.deepEqual((await shown()).joinedLater, [])
  assert.equal(await code(extend<Refused>()), 'already_ended')
})

test('it takes the right to start an install, and none that is for others too is extended by one of them', async () => {
  await joins('acme-web-1')
  const as = async (standing: Parameters<typeof app.apiToken>[0]) => asking(app.url, await app.apiToken(standing))
  assert.equal((await extend<Refused>(undefined, await as({ role: 'viewer' }))).status, 403)
  assert.equal(
    (await extend<Refused>(undefined, await as({ role: 'operator', organizations: ['globex'] }))).status,
    404,
  )
  assert.equal((await extend(undefined, await as({ role: 'operator', organizations: ['acme'] }))).status, 200)
})

test('the page of the patch shows it, and its form adds who was shown', async () => {
  await joins('acme-web-1')
  const headers = { Cookie: await app.cookie(), Origin: app.url, Accept: 'text/html' }
  const page = await (await fetch(new URL('/appliances/software-updates/openssl@3.0', app.url), { headers })).text()
  assert.match(page, /Joined after start, not included: acme-web-1\./)
  const [, action = ''] = /action="([^"]+\/extend\/[^"]+)"/.exec(page) ?? []
  await joins('acme-web-2')
  const sent = { method: 'POST', headers, body: new URLSearchParams({ appliance: 'acme-web-1' }) }
  const after = await (await fetch(new URL(action, app.url), sent)).text()
  assert.match(after, /Joined after start, not included: acme-web-2\./)
  assert.deepEqual(targets(await shown()), [...FIRST, 'acme-web-1'])
})

test('the command adds it after a question', async () => {
  await joins('acme-web-1')
  const environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
  const told = await patchmesh(['installs', 'show', install], { environment })
  assert.match(
    told.stdout,
    /Joined after start, not included \(patchmesh installs extend [0-9a-f]{32}\):\n {2}acme-web-1, acme in paris/,
  )
  const asked = await patchmesh(['installs', 'extend', install], { environment })
  assert.equal(asked.status, 1)
  assert.match(asked.stderr, /Install openssl@3\.0 on acme-web-1 too\? \[y\/N\]/)
  const added = await patchmesh(['installs', 'extend', install, '--yes', '--json'], { environment })
  assert.deepEqual(targets(JSON.parse(added.stdout) as InstallDetail), [...FIRST, 'acme-web-1'])
})
