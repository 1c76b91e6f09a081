/**
 * Who gets in: nobody without a session or an API token, whatever the route; a sign-in link once; a session until it
 * ends.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeAccess } from '../../controller/shell/access.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'

const SIGN_IN = ['/sign-in', '/sign-in/passkey', '/sign-in/passkey/challenge']
const OPEN = ['/livez', '/readyz', '/assets/:file', ...SIGN_IN]
let fleet: Fleet
let app: ServedApp
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
})
after(async () => {
  await app.close()
  await fleet.close()
})

function guardedRoutes(): { method: string; path: string }[] {
  const guarded = app.routes.filter(({ method, path }) => method !== 'ALL' && !OPEN.includes(path))
  return [...new Map(guarded.map((route) => [`${route.method} ${route.path}`, route])).values()]
}

test('A1 answers every route but health, sign-in and assets with 401 to whoever is not signed in', async () => {
  const routes = guardedRoutes()
  assert.ok(routes.length >= 17, `only ${routes.length} routes were found`)
  for (const { method, path } of routes) {
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Cookie: 'patchmesh-session=wrong' }]) {
      const answer = await rawRequest(app.url, { method, path: path.replace(/:\w+/g, 'x'), headers })
      assert.equal(answer.status, 401, `${method} ${path} with ${JSON.stringify(headers)}`)
      assert.equal(JSON.parse(answer.body).error.code, 'unauthenticated')
    }
  }
})

test('A19 no spelling of a path leads around the gate', async () => {
  const paths = [
    '//api/v1/patches',
    '/api/v1/patches/',
    '/api%2Fv1%2Fpatches',
    '/%61pi/v1/patches',
    '/livez/../api/v1/patches',
  ]
  for (const path of [...paths, '/assets/../api/v1/patches', '/assets/%2e%2e/%2e%2e/package.json', '/nothing']) {
    assert.equal((await rawRequest(app.url, { path })).status, 401, path)
  }
})

test('tells whether it lives and is ready to everyone', async () => {
  assert.equal((await rawRequest(`${app.url}/livez`)).status, 200)
  assert.equal((await rawRequest(`${app.url}/readyz`)).status, 200)
})

test('a sign-in link opens System Patches once and gives a session of which scripts see nothing', async () => {
  const link = await app.signInLink()
  const first = await rawRequest(link)
  assert.equal(first.status, 303)
  assert.equal(first.headers.location, '/appliances/software-updates')
  const cookie = first.headers['set-cookie']?.[0] ?? ''
  assert.match(cookie, /^patchmesh-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  const headers = { Cookie: cookie.split(';')[0] ?? '' }
  assert.equal((await rawRequest(`${app.url}/appliances/software-updates`, { headers })).status, 200)
  const second = await rawRequest(link, { headers: { Accept: 'text/html' } })
  assert.equal(second.status, 401)
  assert.match(second.body, /sign-in link is unknown or was used up/)
})

test('of many who open one sign-in link at once exactly one gets in', async () => {
  const link = await app.signInLink()
  const answers = await Promise.all(Array.from({ length: 10 }, () => rawRequest(link)))
  assert.equal(answers.filter(({ status }) => status === 303).length, 1)
})

test('a preview that asks for the headers alone does not use the sign-in link up', async () => {
  const link = await app.signInLink()
  assert.equal((await rawRequest(link, { method: 'HEAD' })).status, 200)
  assert.equal((await rawRequest(link)).status, 303)
})

test('a browser that comes from another site is led on by a page, since a redirect would lose the cookie', async () => {
  const headers = { Accept: 'text/html', 'Sec-Fetch-Site': 'cross-site' }
  const answer = await rawRequest(await app.signInLink(), { headers })
  assert.equal(answer.status, 200)
  assert.match(answer.body, /<meta http-equiv="refresh" content="0; url=\/appliances\/software-updates"/)
})

test('A32 a secret of one kind does not serve as another', async () => {
  const token = await app.apiToken()
  const session = (await app.cookie()).split('=')[1] ?? ''
  assert.equal((await rawRequest(`${app.url}/sign-in?link=${token}`)).status, 401)
  assert.equal((await rawRequest(`${app.url}/sign-in?link=${session}`)).status, 401)
  const path = `${app.url}/api/v1/patches`
  assert.equal((await rawRequest(path, { headers: { Cookie: `patchmesh-session=${token}` } })).status, 401)
  assert.equal((await rawRequest(path, { headers: { Authorization: `Bearer ${session}` } })).status, 401)
  assert.equal((await rawRequest(path, { headers: { Authorization: `Bearer ${token}` } })).status, 200)
})

test('an expired API token is refused', async () => {
  const token = await makeAccess(fleet.repository, { kind: 'api-token', name: 'old', lifetimeMs: -1 })
  const headers = { Authorization: `Bearer ${token}` }
  assert.equal((await rawRequest(`${app.url}/api/v1/patches`, { headers })).status, 401)
})

test('A6 a session that signed out opens nothing any more', async () => {
  const headers = { Cookie: await app.cookie(), Origin: app.url }
  assert.equal((await rawRequest(`${app.url}/sign-out`, { method: 'POST', headers })).status, 200)
  assert.equal((await rawRequest(`${app.url}/api/v1/patches`, { headers })).status, 401)
})

test('a page that nobody is signed in for says how to get a link', async () => {
  const answer = await rawRequest(`${app.url}/appliances/software-updates`, { headers: { Accept: 'text/html' } })
  assert.equal(answer.status, 401)
  assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
  assert.match(answer.body, /sign-in\?link=/)
  assert.match(answer.body, /patchmesh api-token/)
})

test('every answer carries the security headers, and dynamic ones are never kept', async () => {
  const headers = { Cookie: await app.cookie() }
  for (const path of ['/appliances/software-updates', '/api/v1/patches', '/nothing', '/livez']) {
    const answer = await rawRequest(`${app.url}${path}`, { headers })
    assert.match(String(answer.headers['content-security-policy']), /^default-src 'none'; /)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['referrer-policy'], 'same-origin')
    assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  }
})
