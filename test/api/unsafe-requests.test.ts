/**
 * Requests that change something: sent twice they are carried out once, and nobody overwrites what they have not seen.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { unseal } from '../../controller/api/sealed-answers.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import type { Refused } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let token: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
})
after(async () => {
  await app.close()
  await fleet.close()
})

type Sent = { method?: string; body: unknown; headers?: Record<string, string>; as?: string; to?: ServedApp }
async function send<Json = Refused>(address: string, { method = 'POST', body, headers, as, to }: Sent) {
  const answer = await fetch(`${(to ?? app).url}/api/v1${address}`, {
    method,
    headers: { Authorization: `Bearer ${as ?? token}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: answer.status, json: (await answer.json()) as Json, headers: answer.headers }
}

async function order(name: string) {
  return { patch: await fleet.publish({ name, version: '1' }), organizations: ['acme'], dataCenter: 'paris' }
}

test('P4 an install that is asked for many times at once with one key is started once', async () => {
  const sent = { body: await order('doubled'), headers: { 'Idempotency-Key': 'doubled' } }
  const answers = await Promise.all(Array.from({ length: 5 }, () => send<InstallDetail>('/installs', sent)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1)
  assert.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 4)
})

test('the same answer comes again after a restart', async () => {
  const sent = { body: await order('restarted'), headers: { 'Idempotency-Key': 'restarted' } }
  const first = await send<InstallDetail>('/installs', sent)
  const restarted = await serveApp(fleet)
  const second = await send<InstallDetail>('/installs', { ...sent, to: restarted })
  assert.deepEqual([second.status, second.json], [first.status, first.json])
  await restarted.close()
})

test('A27 the same key with another body, address or tag is refused', async () => {
  const body = await order('reused')
  const headers = { 'Idempotency-Key': 'reused' }
  const { json } = await send<InstallDetail>('/installs', { body, headers })
  for (const [address, other] of [
    ['/installs', { body: { ...body, dataCenter: 'tokyo' }, headers }],
    [`/installs/${json.id}/cancel`, { body: {}, headers }],
    ['/installs', { body, headers: { ...headers, 'If-Match': '"x"' } }],
    ['/installs', { body, headers: { ...headers, 'If-None-Match': '*' } }],
  ] as const) {
    const refused = await send(address, other)
    assert.deepEqual([refused.status, refused.json.error.code], [409, 'key_reused'])
  }
})

test('a refusal is an answer too, and another person may use the same key', async () => {
  const headers = { 'Idempotency-Key': 'refused' }
  const body = { patch: 'nothing@1', organizations: ['acme'], dataCenter: 'All' }
  const first = await send('/installs', { body, headers })
  const second = await send('/installs', { body, headers })
  assert.equal(first.json.error.code, 'not_found')
  assert.equal(second.json.error.requestId, first.json.error.requestId)
  const other = await send('/installs', { body, headers, as: await app.apiToken() })
  assert.notEqual(other.json.error.requestId, first.json.error.requestId)
})

test('a token that was made comes again with the same key, and is kept only sealed', async () => {
  const headers = { 'Idempotency-Key': 'made-once' }
  const body = { name: 'nightly', role: 'viewer' }
  const first = await send<{ token: string }>('/api-tokens', { body, headers })
  const second = await send<{ token: string }>('/api-tokens', { body, headers })
  assert.deepEqual([first.status, second.status, second.json], [201, 201, first.json])
  const owner = sha256Hex(Buffer.from(token))
  const kept = await fleet.repository.findAnswer({ owner, key: 'made-once', nowMs: Date.now() })
  assert.ok(kept !== undefined)
  assert.throws(() => gunzipSync(kept.body))
  assert.ok(!Buffer.from(kept.body).includes(first.json.token))
  assert.ok(Buffer.from(unseal(kept.body, token)).includes(first.json.token))
  assert.throws(() => unseal(kept.body, first.json.token))
})

test('a key that is none is refused', async () => {
  for (const key of ['a b', 'k'.repeat(256)]) {
    assert.equal((await send('/installs', { body: {}, headers: { 'Idempotency-Key': key } })).status, 400)
  }
})

const LIMITS = { downBitsPerSecond: 1_000_000, upBitsPerSecond: null, quietHours: [], trades: true }
const UPLINK = { upBitsPerSecond: 1_000_000, quietHours: [] }
for (const { address, body } of [
  { address: '/data-centers/paris/limits', body: LIMITS },
  { address: '/service-center/limits', body: UPLINK },
]) {
  test(`A28 ${address} is not changed by whoever saw an older value`, async () => {
    const seen = await fetch(`${app.url}/api/v1${address}`, { headers: { Authorization: `Bearer ${token}` } })
    const headers = { 'If-Match': seen.headers.get('etag') ?? '' }
    const first = await send<object>(address, { method: 'PUT', body, headers })
    assert.equal(first.status, 200)
    const stale = { ...body, upBitsPerSecond: 5_000_000 }
    const second = await send(address, { method: 'PUT', body: stale, headers })
    assert.deepEqual([second.status, second.json.error.code], [412, 'changed_meanwhile'])
    const fresh = { 'If-Match': first.headers.get('etag') ?? '' }
    assert.equal((await send(address, { method: 'PUT', body: stale, headers: fresh })).status, 200)
    assert.equal((await send(address, { method: 'PUT', body, headers: { 'If-Match': '*' } })).status, 200)
  })

  test(`A28 of two who change ${address} at once having seen the same, one is refused`, async () => {
    const seen = await fetch(`${app.url}/api/v1${address}`, { headers: { Authorization: `Bearer ${token}` } })
    const headers = { 'If-Match': seen.headers.get('etag') ?? '' }
    const changes = [2_000_000, 3_000_000].map((upBitsPerSecond) => ({ ...body, upBitsPerSecond }))
    const answers = await Promise.all(changes.map((change) => send(address, { method: 'PUT', body: change, headers })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412])
  })
}
