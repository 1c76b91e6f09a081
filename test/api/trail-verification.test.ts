/**
 * Whether the trail is as it was written, over HTTP: intact, broken, and with a head that was noted earlier; and that
 * nobody learns of other organizations' entries by it.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { TrailPage, TrailVerification, TrailView } from '../../controller/core/access-views.ts'
import { CHAIN_BEGIN, linkHash } from '../../controller/core/trail-chain.ts'
import type { OrganizationName, Sha256 } from '../../protocol/identifiers.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

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
let versions = 0
beforeEach(async () => {
  await fleet.publish({ name: 'kernel', version: String(versions++) })
})

async function verify(query = ''): Promise<TrailVerification> {
  const { status, json } = await owner<TrailVerification>('GET', `/trail/verification${query}`)
  assert.equal(status, 200)
  return json
}
const newest = async (ask = owner): Promise<TrailView> => {
  const [entry] = (await ask<TrailPage>('GET', '/trail?limit=1')).json.entries
  return entry ?? assert.fail('the trail is empty')
}

test('an intact trail tells its head, which is the hash of the newest entry, and how many entries there are', async () => {
  const { position, hash, at } = await newest()
  const askedAt = Date.now()
  const { checkedAt, ...verification } = await verify()
  assert.deepEqual(verification, {
    ...{ intact: true, entries: position, head: hash, headAt: at, position, brokenAt: null, noted: null },
  })
  assert.ok(Date.parse(checkedAt) >= askedAt && Date.parse(checkedAt) <= Date.now())
})

test('a head that was noted earlier is found for as long as nobody writes the trail anew', async () => {
  const { position, hash } = await newest()
  await fleet.publish({ name: 'firmware', version: '1' })
  assert.deepEqual((await verify(`?head=%20${hash?.toUpperCase()}`)).noted, { head: hash, position })
  const other = 'ab'.repeat(32)
  const { intact, noted } = await verify(`?head=${other}`)
  assert.deepEqual([intact, noted], [true, { head: other, position: null }])
})

test('what is no head is refused', async () => {
  for (const query of ['?head=', '?head=abc', `?head=${'g'.repeat(64)}`, '?tail=1', `?head=${CHAIN_BEGIN}&head=x`]) {
    assert.equal((await owner('GET', `/trail/verification${query}`)).status, 400, query)
  }
})

test('an export is enough to work out every hash', async () => {
  const entries = (await owner<TrailPage>('GET', '/trail?limit=1000')).json.entries.reverse()
  let before = CHAIN_BEGIN
  for (const { at, hash, organization, ...fields } of entries) {
    const link = { ...fields, organization: organization as OrganizationName | null, at: Date.parse(at) }
    assert.equal(hash, linkHash(before, link))
    before = hash as Sha256
  }
})

test('whoever is limited to organizations is told no hash and no number of entries, anywhere', async () => {
  const auditor = asking(app.url, await app.apiToken({ role: 'auditor', organizations: ['acme'] }))
  const { status, json } = await auditor<Refused>('GET', '/trail/verification')
  assert.deepEqual([status, json.error.code], [403, 'forbidden'])
  const { position } = await newest()
  const body = { patch: 'kernel@x', organizations: ['acme'] }
  const patch = await fleet.publish({ name: 'kernel', version: 'x' })
  await owner('POST', '/installs', { ...body, patch })
  const headers = { Authorization: `Bearer ${await app.apiToken({ role: 'auditor', organizations: ['acme'] })}` }
  for (const path of [
    '/trail',
    '/trail/export',
    '/trail/export?format=csv',
    '/appliances/acme-paris-primary/log-bundle',
  ]) {
    const text = await (await fetch(`${app.url}/api/v1${path}`, { headers })).text()
    assert.match(text, /acme/)
    for (const { hash } of (await owner<TrailPage>('GET', '/trail?limit=1000')).json.entries) {
      assert.ok(!text.includes(hash ?? assert.fail()), path)
    }
  }
  const entries = (await auditor<TrailPage>('GET', '/trail')).json.entries
  assert.ok(entries.length > 0 && position > entries.length)
  const own = entries.map((entry) => entry.position)
  assert.deepEqual(
    own,
    entries.map((_, index) => entries.length - index),
    'their entries are counted without others',
  )
})

test('a trail that somebody has rewritten is told, with the first entry that does not follow, and logged', async () => {
  const { position } = await newest()
  tamperTrail(fleet.folder, `update audit set actor = 'nobody' where position = ${position - 1}`)
  const { intact, entries, brokenAt } = await verify()
  assert.deepEqual([intact, entries], [false, position - 2])
  assert.equal(brokenAt?.position, position - 1)
  assert.match(brokenAt?.reason ?? '', /^entry \d+ does not follow entry \d+: /)
  assert.match(app.log.join('\n'), /the trail is broken.*does not follow/)
})
