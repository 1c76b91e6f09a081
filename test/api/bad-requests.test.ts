/**
 * Requests that are wrong on purpose: each is answered with a clear refusal, and nothing changes.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { emptyFleet, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let token: string
let ask: Ask
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
  ask = asking(app.url, token)
})
after(async () => {
  await app.close()
  await fleet.close()
})

const LIMITS = { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: [], trades: true }

test('A4 A25 refuses unknown fields, everywhere', async () => {
  const id = await fleet.publish({ name: 'strict', version: '1' })
  const order = { patch: id, organizations: ['acme'], dataCenter: 'All' }
  const wrong: [string, string, unknown?][] = [
    ['POST', '/installs', { ...order, approvedBy: 'me' }],
    ['POST', '/installs/x/cancel', { force: true }],
    ['POST', '/installs/x/pause', { force: true }],
    ['POST', '/installs/x/extend', { appliances: 'acme-1' }],
    ['PUT', '/baselines', { organization: 'acme' }],
    ['DELETE', '/baselines', { organization: 'acme' }],
    ['PUT', `/patches/${id}/advisory`, { severity: 'awful' }],
    ['PUT', `/patches/${id}/advisory`, { publishedAt: '30.11.2026' }],
    ['PUT', '/due-days', { critical: 0 }],
    ['PUT', '/due-days', { none: 5 }],
    ['GET', '/exposure?show=some'],
    ['PUT', '/retention', { keepNewest: 0 }],
    ['PUT', '/retention', {}],
    ['GET', '/retention?keepNewest=few'],
    ['PUT', `/patches/${id}/pin`, { reason: 'x'.repeat(201) }],
    ['GET', `/patches/${id}/file?from=-1`],
    ['POST', '/installs/x/resume', { retry: true }],
    ['DELETE', `/patches/${id}`, { role: 'admin' }],
    ['PUT', '/data-centers/paris/limits', { ...LIMITS, place: 'tokyo' }],
    ['PUT', '/service-center/limits', LIMITS],
    ['GET', `/patches/${id}?datacenter=paris`],
    ['GET', `/patches/${id}/install-preview?organization=acme&all=1`],
    ['POST', '/patches?filename=a.patch&force=1', 'x'],
    ['POST', '/patches', 'x'],
  ]
  for (const [method, address, body] of wrong) {
    const { status, json } = await ask(method, address, body)
    assert.equal(status, 400, `${method} ${address}`)
    assert.equal(json.error.code, 'bad_request')
  }
})

test('A24 refuses what is no JSON, and JSON with traps in it', async () => {
  const wrong = [
    '',
    '{',
    '[]',
    'null',
    '{"patch":1e400}',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '\ufeff{}',
    '{"patch":"\\ud800"}',
  ]
  for (const body of [...wrong, `${'['.repeat(20_000)}${']'.repeat(20_000)}`]) {
    const { status } = await ask('POST', '/installs', body)
    assert.equal(status, 400, body.slice(0, 40))
  }
  assert.equal((await ask('POST', '/installs', '{}', 'text/plain')).status, 400)
})

test('reads at most 64 KiB of JSON, also where no length is announced', async () => {
  const body = JSON.stringify({ patch: 'a'.repeat(70_000) })
  assert.equal((await ask('POST', '/enrollment-tokens', body)).json.error.code, 'too_large')
  const chunked = new ReadableStream({
    start(controller) {
      for (let sent = 0; sent < body.length; sent += 10_000)
        controller.enqueue(Buffer.from(body.slice(sent, sent + 10_000)))
      controller.close()
    },
  })
  const answer = await fetch(`${app.url}/api/v1/enrollment-tokens`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: chunked,
    duplex: 'half',
  } as RequestInit)
  assert.equal(answer.status, 413)
})

test('A30 an error nobody expected shows its request id and nothing else', async () => {
  const broken = await emptyFleet()
  const served = await serveApp(broken)
  await broken.close()
  const answer = await fetch(`${served.url}/api/v1/patches`, { headers: { Authorization: `Bearer ${token}` } })
  const text = await answer.text()
  assert.equal(answer.status, 500)
  const { code, message, requestId } = JSON.parse(text).error
  assert.deepEqual({ code, message }, { code: 'internal', message: 'the Service Center could not answer this request' })
  const line = served.log.find((one) => one.includes(requestId)) ?? ''
  assert.match(line, / at .*repository/, 'the log has the stack')
  await served.close()
})
