/**
 * Every route, asked by every role, for what is one's own and what is others': the expected answers are worked out from
 * the table of permissions and from what each route says of itself. A new route is in here by itself.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Hono, type MiddlewareHandler } from 'hono'
import type { App, AppEnvironment } from '../../controller/api/context.ts'
import { permitted, requireLabels } from '../../controller/api/permitted.ts'
import { type AccessRole, may, type Permission, ROLES, rolesThatMay } from '../../controller/core/permissions.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { asking } from './api-client.ts'

type Route = { method: string; path: string; permission: Permission }

let fleet: Fleet
let app: ServedApp
/** By the parameter's name and the part of the path before it: an id of acme's, and one of globex's. */
let things: Record<string, { own: string; foreign: string }>

before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  await fleet.enroll({
    name: 'globex-lima-primary',
    organization: 'globex',
    dataCenter: 'lima',
    kind: 'tenant',
    role: 'primary',
  })
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  const ask = asking(app.url, await app.apiToken())
  const install = async (organization: string) => {
    const body = { patch, organizations: [organization] }
    return (await ask<{ id: string }>('POST', '/installs', body)).json.id
  }
  things = {
    'data-centers/:name': { own: 'paris', foreign: 'lima' },
    // By key, since what was retired by one role is there for the next under that alone.
    'appliances/:appliance': { own: peerOf('acme-tokyo-primary'), foreign: peerOf('globex-lima-primary') },
    'installs/:id': { own: await install('acme'), foreign: await install('globex') },
  }
})
after(async () => {
  await app.close()
  await fleet.close()
})

function peerOf(wanted: string): string {
  const found = [...fleet.serviceCenter.state.appliances.values()].find(({ name }) => name === wanted)
  assert.ok(found)
  return found.peer
}

/** What exists for everybody, or for Owners alone, who see everything. */
const FOR_ALL: Record<string, string> = {
  'patches/:patch': 'kernel@1',
  'software-updates/:patch': 'kernel@1',
  'people/:person': 'nobody',
  'sessions/:session': '000000000000',
  'passkeys/:passkey': '000000000000',
  'api-tokens/:token': '000000000000',
  'uploads/:id': '000000000000',
  'publishers/:publisher': 'nobody',
  'windows/:window': 'nobody',
  'maintenance-windows/:window': 'nobody',
  'enrollment-tokens/:id': '000000000000',
}

function routes(): Route[] {
  const labelled = app.routes.flatMap(({ permission, ...route }) =>
    permission === undefined ? [] : [{ ...route, permission }],
  )
  return [...new Map(labelled.map((route) => [`${route.method} ${route.path}`, route])).values()]
}

/** The address with an id in place of its parameter, and whether that names a thing of an organization. */
function address({ path }: Route, whose: 'own' | 'foreign'): { path: string; isOwned: boolean } {
  const found = /([\w-]+\/:\w+)/.exec(path)?.[1]
  if (found === undefined) return { path, isOwned: false }
  const [, parameter = ''] = found.split('/')
  const thing = things[found]?.[whose]
  const value = thing ?? FOR_ALL[found]
  assert.ok(value !== undefined, `say in this test what ${found} may be, so that ${path} can be asked for`)
  return { path: path.replace(parameter, encodeURIComponent(value)), isOwned: thing !== undefined }
}

async function ask(route: Route, path: string, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json' }
  if (path === '/api/v1/events') {
    const stream = new AbortController()
    const answer = await fetch(app.url + path, { headers, signal: stream.signal })
    stream.abort()
    return answer.status
  }
  return (await rawRequest(app.url, { method: route.method, path, headers })).status
}

test('A2 every route lets through the roles that may, and tells the others 403', async () => {
  assert.ok(routes().length >= 30, `only ${routes().length} routes were found`)
  for (const role of ROLES) {
    const token = await app.apiToken({ role })
    for (const route of routes()) {
      const status = await ask(route, address(route, 'own').path, token)
      const allowed = may({ role, organizations: null }, route.permission)
      assert.equal(status !== 403, allowed, `${role}: ${route.method} ${route.path} answers ${status}`)
      assert.notEqual(status, 401)
      assert.notEqual(status, 500, `${role}: ${route.method} ${route.path}`)
    }
  }
})

test('A2 A3 whoever is limited to organizations reaches their things, and gets 404 for those of others', async () => {
  const organizations = ['acme']
  const limit = organizations.map((name) => OrganizationName.parse(name))
  for (const role of ROLES.filter((name) => name !== 'owner')) {
    const token = await app.apiToken({ role, organizations })
    for (const route of routes()) {
      const what = `${role} of acme: ${route.method} ${route.path}`
      const foreign = address(route, 'foreign')
      const own = await ask(route, address(route, 'own').path, token)
      if (!may({ role, organizations: limit }, route.permission)) {
        assert.equal(own, 403, what)
        assert.equal(await ask(route, foreign.path, token), 403, `${what}, foreign`)
        continue
      }
      assert.notEqual(own, 403, what)
      if (!foreign.isOwned) continue
      assert.notEqual(own, 404, what)
      assert.equal(await ask(route, foreign.path, token), 404, `${what}, foreign`)
    }
  }
})

test('the table of permissions is what the roles mean', () => {
  const granted: [Permission, AccessRole[]][] = [
    ['read', ['viewer', 'auditor', 'uploader', 'operator', 'approver', 'owner']],
    ['read-trail', ['auditor', 'owner']],
    ['verify-trail', ['auditor', 'owner']],
    ['upload', ['uploader', 'owner']],
    ['withdraw', ['uploader', 'owner']],
    ['set-advisories', ['uploader', 'operator', 'owner']],
    ['make-support-bundle', ['auditor', 'operator', 'owner']],
    ['set-retention', ['uploader', 'owner']],
    ['set-due-days', ['owner']],
    ['carry', ['uploader', 'operator', 'owner']],
    ['install', ['operator', 'owner']],
    ['cancel', ['operator', 'approver', 'owner']],
    ['approve', ['approver', 'owner']],
    ['read-policy', ['viewer', 'auditor', 'uploader', 'operator', 'approver', 'owner']],
    ['set-policy', ['owner']],
    ['set-limits', ['operator', 'owner']],
    ['set-windows', ['operator', 'owner']],
    ['enroll', ['operator', 'owner']],
    ['manage-access', ['owner']],
    ['manage-publishers', ['owner']],
  ]
  for (const [permission, roles] of granted) assert.deepEqual([...rolesThatMay(permission)].sort(), roles.sort())
})

test('an app with a route that says for no permission who may use it does not start', () => {
  const gate: MiddlewareHandler = (_c, next) => next()
  const served: App = new Hono<AppEnvironment>()
  served.get('/open', (c) => c.text('before the gate'))
  served.use(gate)
  served.get('/named', permitted('read'), (c) => c.text('named'))
  requireLabels(served, gate)
  served.get('/forgotten', (c) => c.text('forgotten'))
  assert.throws(() => requireLabels(served, gate), /the route GET \/forgotten says for no permission who may use it/)
})
