/**
 * People over HTTP: an Owner adds somebody, who comes in by a link, chooses a password and may do what the role says.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AccountView, NewLink, NewPerson, PersonView, SessionView } from '../../controller/core/access-views.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { PASSWORD, person, signIn } from '../support/people-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let owner: Ask
before(async () => {
  fleet = await emptyFleet()
  app = await serveApp(fleet)
  owner = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

/** A browser with the session that a link opens. */
async function follow(link: string): Promise<{ cookie: string; location: string | undefined }> {
  const answer = await rawRequest(link)
  return { cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '', location: answer.headers.location }
}

async function asPerson<Json>(cookie: string, method: string, path: string, body?: object) {
  const headers = { Cookie: cookie, Origin: app.url, 'Content-Type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await rawRequest(`${app.url}/api/v1${path}`, { method, headers, ...sent })
  return { status: answer.status, json: JSON.parse(answer.body) as Json, cookie: answer.headers['set-cookie']?.[0] }
}

test('the first account has to be an Owner, and the notice that asks for it goes with it', async () => {
  const { cookie } = await follow(await app.signInLink())
  const page = () => rawRequest(`${app.url}/appliances/software-updates`, { headers: { Cookie: cookie } })
  assert.match((await page()).body, /href="\/access\/first-owner"/)
  const refused = await asPerson<{ error: { code: string } }>(cookie, 'POST', '/people', {
    name: 'Ana',
    role: 'viewer',
  })
  assert.equal(refused.json.error.code, 'last_owner')
  const other = await follow(await app.signInLink())
  const body = { name: 'Ana', role: 'owner', password: PASSWORD }
  const { status, json } = await asPerson<NewPerson>(cookie, 'POST', '/people', body)
  assert.equal(status, 201)
  assert.equal((await asPerson(other.cookie, 'GET', '/account')).status, 401, 'others who came in by a link are out')
  assert.equal(json.signInLink, null)
  assert.doesNotMatch((await page()).body, /first-owner/)
  assert.equal((await signIn(app.url, { name: 'Ana' })).status, 303)
})

test('whoever is added gets a link that works once, chooses a password there, and may do what the role says', async () => {
  const { json: added } = await owner<NewPerson>('POST', '/people', { name: 'Bela', role: 'viewer' })
  assert.equal(added.person.state, 'invited')
  const link = added.signInLink ?? ''
  assert.ok(link.startsWith(`${app.url}/sign-in?link=`))
  const { cookie, location } = await follow(link)
  assert.equal(location, '/access/your-account')
  assert.equal((await rawRequest(link)).status, 401)
  const set = (password: string, current?: string) =>
    asPerson<{ error: { code: string } }>(cookie, 'POST', '/account/password', {
      password,
      ...(current && { current }),
    })
  for (const weak of ['short', 'aaaaaaaaaaaaaaaa', 'my name is bela!']) {
    assert.equal((await set(weak)).json.error.code, 'weak_password', weak)
  }
  const done = await set(PASSWORD)
  assert.equal(done.status, 200)
  assert.equal((await asPerson(cookie, 'GET', '/account')).status, 401, 'the session by link has ended')
  const fresh = done.cookie?.split(';')[0] ?? ''
  const { json } = await asPerson<AccountView>(fresh, 'GET', '/account')
  assert.deepEqual(json, {
    name: 'Bela',
    role: 'viewer',
    organizations: null,
    kind: 'session',
    may: ['read', 'read-policy', 'own-account'],
  })
  assert.equal((await asPerson(fresh, 'GET', '/people')).status, 403)
})

test('who has a password changes it by showing it, and the other sessions end', async () => {
  await person(fleet.repository, 'Cleo', 'viewer')
  const [one, two] = [await signIn(app.url, { name: 'Cleo' }), await signIn(app.url, { name: 'Cleo' })]
  const change = (current: string) =>
    asPerson<{ error: { code: string } }>(one.session ?? '', 'POST', '/account/password', {
      current,
      password: 'quite another sentence',
    })
  assert.equal((await change('wrong')).json.error.code, 'wrong_password')
  assert.equal((await change(PASSWORD)).status, 200)
  assert.equal((await asPerson(two.session ?? '', 'GET', '/account')).status, 401)
  assert.equal((await signIn(app.url, { name: 'Cleo' })).status, 401)
  assert.equal((await signIn(app.url, { name: 'Cleo', password: 'quite another sentence' })).status, 303)
})

test('a new link takes the password away and is the only one that works', async () => {
  await person(fleet.repository, 'Dora', 'viewer')
  const first = await owner<NewLink>('POST', '/people/Dora/sign-in-link', {})
  const second = await owner<NewLink>('POST', '/people/Dora/sign-in-link', {})
  assert.equal(first.status, 201)
  assert.equal((await signIn(app.url, { name: 'Dora' })).status, 401)
  assert.equal((await rawRequest(first.json.signInLink)).status, 401)
  assert.equal((await rawRequest(second.json.signInLink)).status, 303)
})

test('a link of somebody who was disabled or removed meanwhile opens nothing', async () => {
  for (const change of [{ disabled: true }, null]) {
    const { json } = await owner<NewPerson>('POST', '/people', { name: 'Enzo', role: 'viewer' })
    if (change !== null) await owner('PATCH', '/people/Enzo', change)
    else await owner('DELETE', '/people/Enzo')
    assert.equal((await rawRequest(json.signInLink ?? '')).status, 401)
    if (change !== null) await owner('DELETE', '/people/Enzo')
  }
})

test('a name that would be an address, a command or nothing to see is refused', async () => {
  for (const name of ['..', '.', '', ' Ana', 'a\u001b[31m', 'a\u202eb', 'a\nb', '-', 'x'.repeat(61)]) {
    assert.equal((await owner('POST', '/people', { name, role: 'viewer' })).status, 400, JSON.stringify(name))
  }
  for (const name of ['a/b', '<b>x</b>', 'Zo\u00eb %2F', '\u5c71\u7530']) {
    assert.equal((await owner('POST', '/people', { name, role: 'viewer' })).status, 201, name)
    assert.equal((await owner('DELETE', `/people/${encodeURIComponent(name)}`)).status, 200, name)
  }
})

test('two names that differ in capital letters alone are one person', async () => {
  assert.equal((await owner('POST', '/people', { name: 'Fritz', role: 'viewer' })).status, 201)
  const again = await owner('POST', '/people', { name: 'fRITZ', role: 'viewer' })
  assert.deepEqual([again.status, again.json.error.code], [409, 'person_exists'])
})

test('the last Owner cannot be removed, disabled or made anything less; and no Owner is limited', async () => {
  const owners = (await owner<PersonView[]>('GET', '/people')).json.filter(({ role }) => role === 'owner')
  assert.deepEqual(
    owners.map(({ name }) => name),
    ['Ana'],
  )
  for (const body of [{ disabled: true }, { role: 'viewer' }]) {
    assert.equal((await owner('PATCH', '/people/Ana', body)).json.error.code, 'last_owner')
  }
  assert.equal((await owner('DELETE', '/people/Ana')).json.error.code, 'last_owner')
  assert.equal((await owner('PATCH', '/people/Ana', { organizations: ['acme'] })).json.error.code, 'bad_request')
})

test('A4 fields that nobody may set are refused', async () => {
  for (const more of [{ passwordHash: 'x' }, { key: 'ana' }, { disabledAt: null }, { approvedBy: 'Ana' }]) {
    assert.equal((await owner('POST', '/people', { name: 'Gil', role: 'viewer', ...more })).status, 400)
    assert.equal((await owner('PATCH', '/people/Ana', more)).status, 400)
  }
  const { cookie } = await follow(await app.signInLink())
  const body = { password: PASSWORD, role: 'owner' }
  assert.equal((await asPerson(cookie, 'POST', '/account/password', body)).status, 400)
})

test('people see and end their own sessions, an Owner those of everybody', async () => {
  await person(fleet.repository, 'Hana', 'viewer')
  const [one, two] = [await signIn(app.url, { name: 'Hana' }), await signIn(app.url, { name: 'Hana' })]
  const ana = await signIn(app.url, { name: 'Ana' })
  const seen = (await asPerson<SessionView[]>(one.session ?? '', 'GET', '/sessions')).json
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['Hana', 'Hana'],
  )
  assert.equal(seen.filter(({ isThis }) => isThis).length, 1)
  const all = (await owner<SessionView[]>('GET', '/sessions')).json
  const others = all.find(({ name }) => name === 'Ana')?.id ?? ''
  assert.equal((await asPerson(one.session ?? '', 'DELETE', `/sessions/${others}`)).status, 404)
  const own = seen.find(({ isThis }) => !isThis)?.id ?? ''
  assert.equal((await asPerson(one.session ?? '', 'DELETE', `/sessions/${own}`)).status, 200)
  assert.equal((await asPerson(two.session ?? '', 'GET', '/account')).status, 401)
  assert.equal((await owner('DELETE', `/sessions/${others}`)).status, 200)
  assert.equal((await asPerson(ana.session ?? '', 'GET', '/account')).status, 401)
})

test('A6 an event stream ends at once with the session that opened it', async () => {
  await person(fleet.repository, 'Ida', 'viewer')
  for (const end of [
    () => owner('PATCH', '/people/Ida', { role: 'auditor' }),
    async () => {
      const ida = (await owner<SessionView[]>('GET', '/sessions')).json.find(({ name }) => name === 'Ida')
      return owner('DELETE', `/sessions/${ida?.id}`)
    },
    () => owner('DELETE', '/people/Ida'),
  ]) {
    const { session = '' } = await signIn(app.url, { name: 'Ida' })
    const stream = await fetch(`${app.url}/api/v1/events`, { headers: { Cookie: session } })
    assert.equal(stream.status, 200)
    const ended = stream.text()
    assert.equal((await end()).status, 200)
    assert.match(await ended, /^: connected/)
  }
})

test('no answer tells a password, its hash or the hash of a secret', async () => {
  const { cookie } = await follow(await app.signInLink())
  for (const path of ['/api/v1/people', '/api/v1/sessions', '/access/people', '/access/your-account']) {
    const { body } = await rawRequest(app.url + path, { headers: { Cookie: cookie } })
    assert.doesNotMatch(body, /argon2|[0-9a-f]{64}/, path)
  }
})

test('what was done with people is in the trail, with who did it', async () => {
  const entries = await fleet.repository.trail({ organizations: null, limit: 1000 })
  const seen = new Set(entries.map(({ action, actor }) => `${actor}: ${action}`))
  for (const wanted of [
    ...['script: add person', 'script: change person', 'script: remove person', 'script: new sign-in link'],
    ...['Bela: set password', 'Hana: end session', 'Ana: sign in'],
  ]) {
    assert.ok(seen.has(wanted), wanted)
  }
})
