/**
 * Requests that a foreign page makes a signed-in browser send: none of them changes anything.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'

let fleet: Fleet
let app: ServedApp
let cookie: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet, { origins: ['https://patches.example.com:443/'] })
  cookie = await app.cookie()
})
after(async () => {
  await app.close()
  await fleet.close()
})

const TYPES = ['application/json', 'application/octet-stream', 'application/x-www-form-urlencoded', 'text/plain', '']
const UNSAFE = [
  { method: 'POST', path: '/api/v1/patches?filename=a.patch' },
  { method: 'DELETE', path: '/api/v1/patches/x' },
  { method: 'POST', path: '/api/v1/installs' },
  { method: 'POST', path: '/api/v1/installs/x/cancel' },
  { method: 'POST', path: '/api/v1/installs/x/pause' },
  { method: 'POST', path: '/api/v1/installs/x/extend' },
  { method: 'POST', path: '/api/v1/installs/x/resume' },
  { method: 'PUT', path: '/api/v1/data-centers/paris/limits' },
  { method: 'PUT', path: '/api/v1/service-center/limits' },
  { method: 'POST', path: '/sign-out' },
]

test('A12 refuses every change that does not come from our own page, whatever its content type', async () => {
  const foreign = [
    {},
    { Origin: 'null' },
    { Origin: 'https://evil.example' },
    { Origin: 'https://patches.example.com.evil.example' },
    { Origin: 'http://patches.example.com' },
    { Origin: 'http://127.0.0.1:1' },
    { Origin: app.url, 'Sec-Fetch-Site': 'cross-site' },
    { Origin: app.url, 'Sec-Fetch-Site': 'same-site' },
  ]
  for (const { method, path } of UNSAFE) {
    for (const type of TYPES) {
      for (const from of foreign) {
        const headers = { Cookie: cookie, ...from, ...(type === '' ? {} : { 'Content-Type': type }) }
        const answer = await rawRequest(app.url, {
          method,
          path,
          headers: headers as Record<string, string>,
          body: '{}',
        })
        assert.equal(answer.status, 403, `${method} ${path} ${type} ${JSON.stringify(from)}`)
        assert.equal(JSON.parse(answer.body).error.code, 'cross_site')
      }
    }
  }
})

test('takes a change from our own page, at loopback and under the configured name', async () => {
  const ours = [
    { Origin: app.url },
    { Origin: app.url, 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'https://patches.example.com', Host: 'patches.example.com' },
  ]
  for (const from of ours) {
    const headers = { Cookie: cookie, ...from } as Record<string, string>
    const answer = await rawRequest(app.url, { method: 'DELETE', path: '/api/v1/patches/x', headers })
    assert.equal(answer.status, 404, JSON.stringify(from))
  }
})

test('a request with an API token needs no Origin', async () => {
  const headers = { Authorization: `Bearer ${await app.apiToken()}` }
  assert.equal((await rawRequest(app.url, { method: 'DELETE', path: '/api/v1/patches/x', headers })).status, 404)
})

test('A20 refuses a request under a name that is not ours, so no foreign name can be pointed here', async () => {
  const { port } = new URL(app.url)
  const foreign = [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'patches.example.com:1',
    '10.0.0.1',
  ]
  for (const Host of foreign) {
    const answer = await rawRequest(`${app.url}/api/v1/patches`, { headers: { Host, Cookie: cookie } })
    assert.equal(answer.status, 403, Host)
  }
  for (const Host of ['localhost', `localhost:${port}`, `[::1]:${port}`, 'patches.example.com']) {
    const answer = await rawRequest(`${app.url}/api/v1/patches`, { headers: { Host, Cookie: cookie } })
    assert.equal(answer.status, 200, Host)
  }
})

test('A13 tells no foreign origin that it may read', async () => {
  const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'DELETE', Cookie: cookie }
  const answer = await rawRequest(app.url, { method: 'OPTIONS', path: '/api/v1/patches/x', headers })
  assert.ok(answer.status >= 400)
  assert.deepEqual(
    Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
    [],
  )
})
