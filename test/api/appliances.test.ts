/**
 * Appliances through the API: the inventory, one appliance, renaming and retiring; and tokens for new ones, for a whole
 * topology and for replacements.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ApplianceDetail, InventoryRow, OpenToken } from '../../controller/core/appliance-views.ts'
import { readToken } from '../../protocol/token.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

type Token = { id: string; name: string; token: string; command: string; expiresAt: string }
const ROME = { organization: 'Org 1000', dataCenter: 'rome', kind: 'service-provider' }
const TOPOLOGY = `
organizations: { provider: Org 1000, tenants: [acme] }
serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }
dataCenters:
  - name: oslo
    wan: { down: 100 Mbit/s, up: 50 Mbit/s }
    tenants: all
`

let fleet: Fleet
let app: ServedApp
let ask: Ask
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

const at = (name: string) => `/appliances/${encodeURIComponent(name)}`
const names = async (query: string) =>
  (await ask<InventoryRow[]>('GET', `/appliances?${query}`)).json.map(({ name }) => name)

test('tells the inventory, filtered, searched and sorted as the query says', async () => {
  assert.equal((await names('')).length, 12)
  assert.deepEqual(await names('dataCenter=paris&organization=acme'), ['acme-paris-primary', 'acme-paris-secondary'])
  assert.deepEqual(await names('search=GLOBEX-tok&role=primary'), ['globex-tokyo-primary'])
  assert.deepEqual(await names('kind=service-provider&sort=name&order=down'), [
    ...['tokyo/secondary', 'tokyo/primary', 'paris/secondary', 'paris/primary'],
  ])
  await fleet.disconnect('acme-tokyo-primary')
  assert.deepEqual(await names('reachable=no'), ['acme-tokyo-primary'])
  await fleet.connect('acme-tokyo-primary')
  assert.equal((await ask('GET', '/appliances?sort=colour')).status, 400)
  assert.equal((await ask('GET', '/appliances?color=red')).status, 400)
})

test('tells of one appliance its copies, its links, what it has and its part in installs', async () => {
  const patch = await fleet.publish({ name: 'kernel', version: '2', bytes: 1000 })
  const { mesh } = fleet.serviceCenter.state
  const told = { patch, state: 'transferring', bytes: 400, reason: '', wanBytes: 400 } as const
  await fleet.tellProgress('paris/primary', { ...told, bytesPerSecond: 60, sources: [mesh] })
  await fleet.detect('paris/primary', patch, 'applicable', '1')
  const { json } = await ask<ApplianceDetail>('GET', at('paris/primary'))
  const [copy] = json.copies
  assert.deepEqual(copy, {
    ...{
      id: patch,
      name: 'kernel',
      version: '2',
      architecture: null,
      state: 'transferring',
      bytes: 400,
      bytesLeft: 600,
    },
    ...{ bytesPerSecond: 60, sources: ['Service Center'], secondsLeft: 10, provenAt: null, reason: '' },
  })
  assert.equal(json.bytesPerSecond, 60)
  assert.deepEqual(json.versions, [{ patch: 'kernel', version: '1' }])
  assert.equal(json.detections[0]?.result, 'applicable')
  assert.equal(json.account, null)
  assert.deepEqual((await ask<ApplianceDetail>('GET', at(json.peer))).json.name, 'paris/primary')
  assert.equal((await ask('GET', at('nobody'))).status, 404)
})

test('renames an appliance, and refuses a name that is taken or none', async () => {
  const renamed = await ask<ApplianceDetail>('PATCH', at('globex-tokyo-primary'), { name: 'Glöbex 1' })
  assert.equal(renamed.status, 200)
  assert.equal(renamed.json.name, 'Glöbex 1')
  assert.equal((await ask('GET', at('globex-tokyo-primary'))).status, 404)
  const taken = await ask('PATCH', at('Glöbex 1'), { name: 'paris/primary' })
  assert.equal(taken.status, 409)
  assert.equal(taken.json.error.code, 'name_in_use')
  for (const name of ['', ' x', 'a\u0000b', 'x'.repeat(101)])
    assert.equal((await ask('PATCH', at('Glöbex 1'), { name })).status, 400)
})

test('retires an appliance; the last of its group only when that is said, and its page stays under its peer id', async () => {
  const { peer } = (await ask<ApplianceDetail>('GET', at('acme-paris-secondary'))).json
  assert.equal((await ask<ApplianceDetail>('POST', `${at('acme-paris-secondary')}/retire`, {})).status, 200)
  assert.deepEqual(await names('members=retired'), ['acme-paris-secondary'])
  const retired = (await ask<ApplianceDetail>('GET', at(peer))).json
  assert.ok(retired.retiredAt !== null && !retired.reachable)
  assert.equal((await ask<ApplianceDetail>('POST', `${at(peer)}/retire`, {})).status, 200, 'twice is harmless')
  const last = await ask('POST', `${at('acme-paris-primary')}/retire`, {})
  assert.equal(last.status, 409)
  assert.equal(last.json.error.code, 'last_member')
  assert.match(last.json.error.message, /nothing there serves acme any more/)
  const said = await ask<ApplianceDetail>('POST', `${at('acme-paris-primary')}/retire`, { lastMember: true })
  assert.equal(said.status, 200)
})

test('E1 a token is told once with the command that uses it, is listed without its text, and can be taken back', async () => {
  const issued = await ask<Token>('POST', '/enrollment-tokens', { ...ROME, role: 'primary', name: 'rome-1' })
  assert.equal(issued.status, 201)
  assert.ok(!('refused' in (readToken(issued.json.token) as object)))
  assert.equal(issued.json.command, `patchmesh agent --data /var/lib/patchmesh --token ${issued.json.token}`)
  const listed = await ask<OpenToken[]>('GET', '/enrollment-tokens')
  assert.deepEqual(
    listed.json.map(({ id, name, replaces }) => ({ id, name, replaces })),
    [{ id: issued.json.id, name: 'rome-1', replaces: null }],
  )
  assert.ok(!JSON.stringify(listed.json).includes(issued.json.token))
  const again = await ask('POST', '/enrollment-tokens', { ...ROME, role: 'secondary', name: 'rome-1' })
  assert.equal(again.json.error.code, 'name_in_use')
  assert.equal((await ask<object>('DELETE', `/enrollment-tokens/${issued.json.id}`)).status, 200)
  assert.deepEqual((await ask<OpenToken[]>('GET', '/enrollment-tokens')).json, [])
  assert.equal((await ask('DELETE', '/enrollment-tokens/nothing')).status, 404)
})

test('E7 a second primary of one group gets no token', async () => {
  const taken = await ask('POST', '/enrollment-tokens', {
    ...ROME,
    dataCenter: 'paris',
    role: 'primary',
    name: 'x',
    group: 'Org 1000 paris service-provider',
  })
  assert.equal(taken.json.error.code, 'role_taken')
})

test('a token for a replacement is for the same place, and the appliance stays a member until it is used', async () => {
  const issued = await ask<Token>('POST', `${at('tokyo/secondary')}/replacement-token`, {})
  assert.equal(issued.status, 201)
  assert.equal(issued.json.name, 'tokyo/secondary')
  const [open] = (await ask<OpenToken[]>('GET', '/enrollment-tokens')).json
  assert.equal(open?.replaces, 'tokyo/secondary')
  assert.deepEqual(await names('search=tokyo/secondary'), ['tokyo/secondary'])
})

test('a whole topology gets its tokens at once, and asked again the rest', async () => {
  const first = await ask<{ made: Token[]; known: string[]; waiting: { name: string; dataCenter: string }[] }>(
    'POST',
    '/enrollment-tokens/topology',
    TOPOLOGY,
    'application/yaml',
  )
  assert.equal(first.status, 200)
  assert.equal(first.json.made.length, 2)
  assert.equal(first.json.waiting.length, 2)
  assert.ok(first.json.made.every(({ command, token }) => command.endsWith(token)))
  const again = await ask<{ made: Token[]; known: string[] }>(
    'POST',
    '/enrollment-tokens/topology',
    TOPOLOGY,
    'application/yaml',
  )
  assert.deepEqual(again.json.made, [])
  assert.equal(again.json.known.length, 2)
  const wrong = await ask('POST', '/enrollment-tokens/topology', 'dataCentres: []\n', 'application/yaml')
  assert.equal(wrong.status, 422)
  assert.equal(wrong.json.error.code, 'bad_topology')
  assert.match(wrong.json.error.message, /line:1: /)
})

test('what was done is in the trail, with who did it', async () => {
  const trail = await fleet.repository.trail({
    about: ['globex-tokyo-primary', 'acme-paris-secondary', 'rome-1'],
    organizations: null,
    limit: 100,
  })
  const done = trail.filter(({ actor }) => actor === 'script').map(({ action, subject }) => `${action} ${subject}`)
  assert.deepEqual(done.sort(), [
    'issue-token rome-1',
    'rename globex-tokyo-primary',
    'retire acme-paris-secondary',
    'revoke-token rome-1',
  ])
})
