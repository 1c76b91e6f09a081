/**
 * Publishers through the API, and what uploads are refused for since somebody is listed.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { TrailPage } from '../../controller/core/access-views.ts'
import type { PatchDetail, PatchSummary } from '../../controller/core/patch-views.ts'
import type { PublisherView } from '../../controller/core/publishers.ts'
import { keyIdOf, type Publisher } from '../../protocol/trust/publishers.ts'
import { type BundleFixture, SCRIPT } from '../support/bundle-fixtures.ts'
import { buildDebianPackage } from '../support/debian-fixtures.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { listedKey, publisherFixture, publisherKey, signedBundle } from '../support/publisher-fixtures.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

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
afterEach(async () => {
  for (const name of fleet.serviceCenter.state.publishers.keys()) await ask('DELETE', `/publishers/${name}`)
})

const list = (publisher: Publisher) => ask<PublisherView>('PUT', `/publishers/${publisher.name}`, publisher)
const upload = <Json = Refused>(bytes: Uint8Array) =>
  ask<Json>('POST', '/patches?filename=a.patch', bytes, 'application/octet-stream')

/** Bundles of one name and different versions are different patches. */
let version = 0
const next = (name = 'fixture'): BundleFixture => ({ manifest: { name, version: `1.${++version}` } })

async function refused(bytes: Uint8Array, code: string, says: RegExp): Promise<void> {
  const before = (await ask<PatchSummary[]>('GET', '/patches')).json
  const { status, json } = await upload(bytes)
  assert.equal(json.error?.code, code, JSON.stringify(json))
  assert.equal(status, 422)
  assert.match(json.error.message, says)
  assert.deepEqual((await ask('GET', '/patches')).json, before)
}

async function accepted(bytes: Uint8Array): Promise<PatchDetail> {
  const { status, json } = await upload<PatchSummary>(bytes)
  assert.equal(status, 201, JSON.stringify(json))
  return (await ask<PatchDetail>('GET', `/patches/${json.id}`)).json
}

describe('as soon as a publisher is listed', () => {
  test('what it signed is accepted, and says so; what was there stays', async () => {
    const before = await accepted(signedBundle([], next()))
    assert.equal(before.publishedBy, null)
    const { publisher, keys } = publisherFixture('Acme', { threshold: 2 })
    assert.equal((await list(publisher)).status, 200)
    const patch = await accepted(signedBundle(keys, next()))
    assert.deepEqual(patch.publishedBy, {
      publisher: 'Acme',
      keys: keys.map(({ publicKey }) => keyIdOf(publicKey)),
    })
    assert.equal((await ask('GET', `/patches/${before.id}`)).status, 200)
    const loaded = (await fleet.repository.load()).find(
      ({ table, row }) => table === 'patches' && row.sha256 === patch.id,
    )
    assert.deepEqual(loaded?.table === 'patches' && loaded.row.publishedBy, patch.publishedBy)
  })

  test('a bundle that nobody signed is refused, and so is a bare package', async () => {
    await list(publisherFixture('Acme').publisher)
    await refused(signedBundle([], next()), 'unsigned', /is not signed; it must be signed by a publisher/)
    await refused(
      buildDebianPackage(),
      'unsigned',
      /bare Debian package; it must be wrapped in a bundle \(patchmesh release wrap\) and signed/,
    )
  })

  test('the same bytes again change nothing, whatever became of the publisher', async () => {
    const { publisher, keys } = publisherFixture('Acme')
    await list(publisher)
    const bytes = signedBundle(keys, next())
    const { id } = await accepted(bytes)
    await list(publisherFixture('Acme', { expiresAt: '2020-01-01T00:00:00Z' }).publisher)
    const again = await upload<PatchSummary>(bytes)
    assert.deepEqual([again.status, again.json.id], [200, id])
    await ask('DELETE', `/patches/${id}`, {})
    await refused(bytes, 'untrusted_signature', /were good until/)
  })

  test('U22 a bundle signed by an unknown key is refused', async () => {
    await list(publisherFixture('Acme').publisher)
    await refused(
      signedBundle([publisherKey('stranger')], next()),
      'untrusted_signature',
      /which is no publisher's key/,
    )
  })

  test('U23 a bundle signed by one of two needed keys is refused', async () => {
    const { publisher, keys } = publisherFixture('Acme', { threshold: 2 })
    await list(publisher)
    await refused(signedBundle([keys[0]], next()), 'untrusted_signature', /1 of 2 needed keys of Acme/)
  })

  test('U24 one key counts once, also when it signs twice or under two ids', async () => {
    const { publisher, keys } = publisherFixture('Acme', { threshold: 2 })
    await list(publisher)
    const [first] = keys
    await refused(signedBundle([first, first], next()), 'untrusted_signature', /1 of 2 .+ counts once/)
    const underTheOther = signedBundle([first, first], next(), ([one, two]) => [
      ...(one === undefined || two === undefined ? [] : [one, { ...two, keyid: keyIdOf(keys[1].publicKey) }]),
    ])
    await refused(underTheOther, 'untrusted_signature', /1 of 2 .+ the signature of .+ is wrong/)
    const underNone = signedBundle([first, first], next(), ([one, two]) => [
      ...(one === undefined || two === undefined ? [] : [one, { ...two, keyid: 'ab'.repeat(32) }]),
    ])
    await refused(underNone, 'untrusted_signature', /1 of 2 .+ is none of them/)
    const twice = { ...publisher, keys: [listedKey(first), { ...listedKey(first), keyid: 'ab'.repeat(32) }] }
    assert.equal((await ask('PUT', '/publishers/Acme', twice)).json.error.code, 'bad_request')
  })

  test('U25 a bundle signed by a revoked key is refused', async () => {
    const [first, second] = publisherFixture('Acme').keys
    await list(publisherFixture('Acme', { keys: [listedKey(first, true), listedKey(second)] }).publisher)
    await refused(signedBundle([first], next()), 'untrusted_signature', /0 of 1 needed keys of Acme: .+ is revoked/)
    await accepted(signedBundle([first, second], next()))
  })

  test('U26 a bundle signed with keys whose list has expired is refused', async () => {
    const { publisher, keys } = publisherFixture('Acme', { expiresAt: '2026-01-01T00:00:00Z' })
    assert.equal((await list(publisher)).json.condition, 'expired')
    await refused(signedBundle(keys, next()), 'untrusted_signature', /were good until 2026-01-01T00:00:00Z/)
  })

  test('U27 a bundle signed by the publisher of another product is refused', async () => {
    const { publisher: acme, keys } = publisherFixture('Acme', { patches: ['firmware-*'] })
    await list(acme)
    await list(publisherFixture('Globex', { patches: ['kernel-*'] }).publisher)
    await refused(
      signedBundle(keys, next('kernel-6')),
      'untrusted_signature',
      /Acme may sign firmware-\*, and this is kernel-6/,
    )
    await accepted(signedBundle(keys, next('firmware-6')))
  })

  test('U28 a signed manifest whose digest is right and whose length is wrong is refused', async () => {
    const { publisher, keys } = publisherFixture('Acme')
    await list(publisher)
    for (const size of [512, 2048]) {
      const manifestText = (text: string) => text.replace(/"size":\d+/, `"size":${size}`)
      await refused(signedBundle(keys, { ...next(), manifestText }), 'size_mismatch', /manifest\.json says/)
    }
  })

  test('signatures do not carry over to another manifest or payload', async () => {
    const { publisher, keys } = publisherFixture('Acme')
    await list(publisher)
    const right = signedBundle(keys, { manifest: { version: '7.0' } })
    const [signatures] = /\[\{"keyid".+?\}\]/.exec(right.toString('latin1')) ?? []
    const payload = [{ ...SCRIPT, content: '#!/bin/sh\nrm -rf /\n' }]
    const forged = signedBundle([], { manifest: { version: '7.1' }, payload }, () => JSON.parse(signatures ?? ''))
    await refused(forged, 'untrusted_signature', /0 of 1 needed keys of Acme: the signature of .+ is wrong/)
  })

  test('an upload that comes in parts is judged when it is whole', async () => {
    await list(publisherFixture('Acme').publisher)
    const bytes = signedBundle([publisherKey('stranger')], next())
    const headers = { Authorization: `Bearer ${await app.apiToken()}` }
    const begun = await fetch(`${app.url}/api/v1/uploads`, {
      method: 'POST',
      headers: { ...headers, 'Upload-Length': String(bytes.byteLength), 'Upload-Metadata': 'filename YS5wYXRjaA==' },
    })
    const sent = await fetch(`${app.url}${begun.headers.get('location')}`, {
      method: 'PATCH',
      headers: { ...headers, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
      body: new Uint8Array(bytes),
    })
    assert.equal(sent.status, 422)
    assert.equal(((await sent.json()) as Refused).error.code, 'untrusted_signature')
  })
})

test('publishers are listed, changed and removed, and each of it is in the trail', async () => {
  const { publisher } = publisherFixture('Acme & Söhne')
  const address = `/publishers/${encodeURIComponent(publisher.name)}`
  const view = { ...publisher, condition: 'good' }
  assert.deepEqual((await ask('PUT', address, publisher)).json, view)
  assert.deepEqual((await ask('GET', '/publishers')).json, [view])
  const revoked = { ...publisher, keys: publisher.keys.map((key) => ({ ...key, revoked: true })) }
  assert.equal((await ask<PublisherView>('PUT', address, revoked)).json.condition, 'too few keys')
  assert.deepEqual((await fleet.repository.load()).find(({ table }) => table === 'publishers')?.row, {
    name: publisher.name,
    publisher: revoked,
  })
  assert.deepEqual((await ask('DELETE', address)).json, { done: true })
  assert.equal((await ask('DELETE', address)).json.error.code, 'not_found')
  assert.deepEqual((await ask('GET', '/publishers')).json, [])
  const [ids] = [publisher.keys.map(({ keyid }) => `${keyid.slice(0, 12)}…`)]
  const { entries } = (await ask<TrailPage>('GET', '/trail?limit=3&who=script')).json
  assert.deepEqual(
    entries.map(({ action, subject, outcome }) => [action, subject, outcome]),
    [
      ['remove-publisher', publisher.name, 'done; uploads need no signature any more'],
      ['set-publisher', publisher.name, `1 of ${ids?.join(' revoked, ')} revoked; *; until 2100-01-01T00:00:00Z`],
      ['set-publisher', publisher.name, `1 of ${ids?.join(', ')}; *; until 2100-01-01T00:00:00Z`],
    ],
  )
})

test('keys are warned of from 60 days before their end on', async () => {
  const DAY_MS = 24 * 3600 * 1000
  const conditions: string[] = []
  for (const days of [61, 59, -1]) {
    const expiresAt = new Date(Date.now() + days * DAY_MS).toISOString()
    conditions.push((await list(publisherFixture('Acme', { expiresAt }).publisher)).json.condition)
  }
  assert.deepEqual(conditions, ['good', 'expiring', 'expired'])
})

test('a publisher under the name of another is refused', async () => {
  const { status, json } = await ask('PUT', '/publishers/Globex', publisherFixture('Acme').publisher)
  assert.deepEqual([status, json.error.code], [400, 'bad_request'])
  assert.match(json.error.message, /the body is of Acme/)
})

test('A2 whoever is limited to organizations uploads by the same rules, and is told of no publisher', async () => {
  const { publisher, keys } = publisherFixture('Acme')
  await list(publisher)
  const limited = asking(app.url, await app.apiToken({ role: 'uploader', organizations: ['acme'] }))
  const send = <Json = Refused>(bytes: Uint8Array) =>
    limited<Json>('POST', '/patches?filename=a.patch', bytes, 'application/octet-stream')
  for (const bytes of [signedBundle([], next()), signedBundle([publisherKey('stranger')], next())]) {
    const { status, json } = await send(bytes)
    assert.equal(status, 422)
    assert.doesNotMatch(JSON.stringify(json), /Acme/)
  }
  assert.equal((await send<PatchSummary>(signedBundle(keys, next()))).status, 201)
  assert.equal((await limited('GET', '/publishers')).status, 403)
})
