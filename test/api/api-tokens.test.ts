/**
 * A32: API tokens have a role, limits and an end; they are told once, listed without their secret, and taken back.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { NewToken, TokenView } from '../../controller/core/access-views.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Ask, asking } from './api-client.ts'

const DAY_MS = 24 * 3600 * 1000
let fleet: Fleet
let app: ServedApp
let owner: Ask
let nowMs = Date.now()
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet, { clock: () => nowMs })
  owner = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

const make = (body: object) => owner<NewToken>('POST', '/api-tokens', body)

test('A32 a token does what its role and its limits say, and nothing more', async () => {
  const { status, json } = await make({ name: 'nightly', role: 'viewer', organizations: ['acme'] })
  assert.equal(status, 201)
  const ask = asking(app.url, json.token)
  const { json: appliances } = await ask<{ organization: string }[]>('GET', '/appliances')
  assert.deepEqual([...new Set(appliances.map(({ organization }) => organization))], ['acme'])
  assert.equal((await ask('POST', '/installs', {})).status, 403)
  assert.equal((await ask('GET', '/api-tokens')).status, 403)
})

test('A32 a token is told once, and listed with when and from where it was used', async () => {
  const { json: made } = await make({ name: 'listed', role: 'auditor' })
  const listed = async () => {
    const answer = await owner<TokenView[]>('GET', '/api-tokens')
    assert.ok(!JSON.stringify(answer.json).includes(made.token))
    return answer.json.find(({ id }) => id === made.id)
  }
  assert.equal((await listed())?.usedAt, null)
  nowMs += 2 * 60_000
  await asking(app.url, made.token)('GET', '/account')
  const used = await listed()
  assert.equal(used?.usedAt, new Date(nowMs).toISOString())
  assert.match(used?.origin ?? '', /^127\.0\.0\.1, API token /)
  const { cookie } = { cookie: await app.cookie() }
  const page = await rawRequest(`${app.url}/access/api-tokens`, { headers: { Cookie: cookie } })
  assert.match(page.body, /listed/)
  assert.ok(!page.body.includes(made.token))
})

test('A32 a token that is taken back or has expired opens nothing, and is not listed', async () => {
  const { json: revoked } = await make({ name: 'revoked', role: 'viewer' })
  const { json: short } = await make({ name: 'short', role: 'viewer', days: 1 })
  assert.equal((await owner('DELETE', `/api-tokens/${revoked.id}`)).status, 200)
  assert.equal((await owner('DELETE', `/api-tokens/${revoked.id}`)).status, 404)
  assert.equal((await asking(app.url, revoked.token)('GET', '/account')).status, 401)
  assert.equal((await asking(app.url, short.token)('GET', '/account')).status, 200)
  nowMs += DAY_MS
  assert.equal((await asking(app.url, short.token)('GET', '/account')).status, 401)
  const { json: listed } = await owner<TokenView[]>('GET', '/api-tokens')
  assert.ok(listed.every(({ name }) => name !== 'revoked' && name !== 'short'))
})

test('A4 a token that cannot be meant is refused', async () => {
  const wrong: object[] = [
    { name: 'x' },
    { name: 'x', role: 'root' },
    { name: 'x', role: 'owner', organizations: ['acme'] },
    { name: 'x', role: 'viewer', organizations: [] },
    { name: 'x', role: 'viewer', days: 0 },
    { name: 'x', role: 'viewer', secretHash: 'a'.repeat(64) },
    { name: 'a\u001b[31m', role: 'viewer' },
  ]
  for (const body of wrong) assert.equal((await make(body)).status, 400, JSON.stringify(body))
})
