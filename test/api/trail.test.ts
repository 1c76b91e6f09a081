/**
 * The trail: every action with who, what, when, from where and how it ended; read a page at a time, or as a file.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TrailPage, TrailView } from '../../controller/core/access-views.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let owner: Ask
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  owner = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

const read = async (ask: Ask, query = ''): Promise<TrailView[]> => {
  const { status, json } = await ask<TrailPage>('GET', `/trail?limit=1000&${query}`)
  assert.equal(status, 200)
  return json.entries
}
const shown = ({ actor, action, subject, organization, outcome }: TrailView) =>
  [actor, action, subject, organization, outcome].join(' | ')

test('what is done is there with who, what, when, from where and how it ended', async () => {
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  const since = Date.now()
  const body = { patch, organizations: ['acme', 'globex'], dataCenter: 'paris' }
  const { json: install } = await owner<InstallDetail>('POST', '/installs', body)
  await owner('POST', `/installs/${install.id}/cancel`, {})
  const entries = (await read(owner)).slice(0, 4)
  assert.deepEqual(entries.map(shown), [
    `script | cancel | ${install.id} | globex | done`,
    `script | cancel | ${install.id} | acme | done`,
    'script | install | kernel@1 | globex | in paris',
    'script | install | kernel@1 | acme | in paris',
  ])
  for (const { at, origin } of entries) {
    assert.ok(Date.parse(at) >= since - 1000 && Date.parse(at) <= Date.now())
    assert.match(origin, /^127\.0\.0\.1, API token [0-9a-f]{12}$/)
  }
})

test('what was refused is there too: a command, and what the role does not allow', async () => {
  const body = { patch: 'kernel@1', organizations: ['acme'] }
  const { json: install } = await owner<InstallDetail>('POST', '/installs', body)
  await owner('POST', '/installs', body)
  const viewer = asking(app.url, await app.apiToken({ role: 'viewer' }))
  await viewer('POST', `/installs/${install.id}/cancel`, {})
  const lines = (await read(owner)).map(shown)
  assert.ok(lines.includes('script | install | kernel@1 |  | install_running'))
  assert.ok(lines.includes(`script | denied | POST /api/v1/installs/${install.id}/cancel |  | forbidden`))
})

test('it is read a page at a time, and the pages are the whole', async () => {
  const all = await read(owner)
  const read3: TrailView[] = []
  let next: number | null = null
  do {
    const before: string = next === null ? '' : `&before=${next}`
    const { json } = await owner<TrailPage>('GET', `/trail?limit=3${before}`)
    read3.push(...json.entries)
    next = json.next
  } while (next !== null)
  assert.deepEqual(read3, all)
})

test('it is filtered by who, action, day and text', async () => {
  const today = new Date().toISOString().slice(0, 10)
  assert.ok((await read(owner, 'action=install')).every(({ action }) => action === 'install'))
  assert.deepEqual(await read(owner, 'who=somebody'), [])
  assert.ok((await read(owner, `from=${today}&to=${today}`)).length > 0)
  assert.deepEqual(await read(owner, 'to=2020-01-01'), [])
  assert.ok((await read(owner, 'text=KERNEL')).length > 0)
})

test('A22 a text with signs of SQL or of patterns is a text', async () => {
  for (const text of ['%', 'k_rnel', '\\', "' or 1=1 --", '"; drop table audit; --']) {
    assert.deepEqual(await read(owner, `text=${encodeURIComponent(text)}`), [], text)
  }
  assert.ok((await read(owner)).length > 0)
})

test('A26 what is no page of it is refused', async () => {
  for (const query of ['limit=0', 'limit=-1', 'limit=1000000000', 'limit=x', 'before=0', 'before=x', 'from=x', 'y=1']) {
    assert.equal((await owner('GET', `/trail?${query}`)).status, 400, query)
  }
})

test('an Auditor of some organizations sees what concerns these', async () => {
  const auditor = asking(app.url, await app.apiToken({ role: 'auditor', organizations: ['acme'] }))
  const entries = await read(auditor)
  assert.ok(entries.length > 0)
  assert.ok(entries.every(({ organization }) => organization === 'acme'))
  assert.doesNotMatch(JSON.stringify(entries), /globex|Org 1000/)
})

test("A31 an export as CSV makes no formula of anybody's words, and keeps them", async () => {
  await fleet.publish({ name: 'x', version: '1' })
  const row = { at: Date.now(), actor: "=cmd|' /C calc'!A0", action: '@SUM(1)', subject: 'a "quoted", word\r\nline' }
  await fleet.repository.commit([{ table: 'audit', row: { ...row, outcome: ' +1', origin: '-2' } }])
  const headers = { Cookie: await app.cookie() }
  const { body, headers: answered } = await rawRequest(`${app.url}/api/v1/trail/export?format=csv`, { headers })
  assert.match(answered['content-type'] ?? '', /^text\/csv/)
  assert.match(answered['content-disposition'] ?? '', /attachment; filename="patchmesh-trail\.csv"/)
  const cells = [...body.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell = '']) => cell.replaceAll('""', '"'))
  assert.ok(cells.length > 16)
  for (const cell of cells) assert.doesNotMatch(cell, /^\s*[=+\-@|%]/)
  for (const text of [`'${row.actor}`, "'@SUM(1)", row.subject, "' +1", "'-2"]) assert.ok(cells.includes(text), text)
})

test('an export as JSON lines has every entry, with the filters', async () => {
  const headers = { Cookie: await app.cookie() }
  const { body } = await rawRequest(`${app.url}/api/v1/trail/export?action=install`, { headers })
  const lines = body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrailView)
  assert.deepEqual(lines, await read(owner, 'action=install'))
})

test('nothing changes or removes an entry', async () => {
  const before = await read(owner)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'POST']) {
    assert.equal((await owner(method, '/trail', {})).status, 404)
    assert.equal((await owner(method, `/trail/${before[0]?.position}`, {})).status, 404)
  }
  assert.deepEqual((await read(owner)).slice(-before.length), before)
})
