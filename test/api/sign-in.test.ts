/**
 * Signing in with name and password: what opens a session, how long it lasts, and that nobody can guess or be shut out.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changePerson, removePerson } from '../../controller/shell/people.ts'
import { MAX_SESSIONS } from '../../controller/shell/sign-in.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { PASSWORD, person, signIn } from '../support/people-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'

const MINUTE_MS = 60_000
let fleet: Fleet
let app: ServedApp
let nowMs = Date.now()
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet, { clock: () => nowMs })
  await person(fleet.repository, 'Ana')
})
after(async () => {
  await app.close()
  await fleet.close()
})

const status = async (session: string | undefined, more: Record<string, string> = {}) =>
  (await rawRequest(`${app.url}/api/v1/patches`, { headers: { Cookie: session ?? '', ...more } })).status

test('name and password open a session and lead on to the page that was asked for', async () => {
  const wanted = await rawRequest(`${app.url}/data-centers?x=1`, { headers: { Accept: 'text/html' } })
  assert.equal(wanted.status, 401)
  assert.match(wanted.body, /name="next" value="\/data-centers\?x=1"/)
  const answer = await signIn(app.url, { name: 'ana', next: '/data-centers?x=1' })
  assert.equal(answer.status, 303)
  assert.equal(answer.headers.location, '/data-centers?x=1')
  assert.equal(await status(answer.session), 200)
})

test('never leads on to another site', async () => {
  for (const next of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\t/evil',
  ]) {
    assert.equal((await signIn(app.url, { name: 'Ana', next })).headers.location, '/appliances/software-updates', next)
  }
})

test('A10 a wrong name, a wrong password and a disabled account get the same answer', async () => {
  await person(fleet.repository, 'Gone', 'viewer')
  await changePerson(fleet.repository.people, 'Gone', { disabled: true }, { nowMs })
  const answers = await Promise.all([
    signIn(app.url, { name: 'Ana', password: 'wrong' }),
    signIn(app.url, { name: 'Nobody', password: 'wrong' }),
    signIn(app.url, { name: 'Gone' }),
  ])
  const texts = answers.map(({ body }) => body.replace(/value="(Ana|Nobody|Gone)"/, ''))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401, 401],
  )
  assert.equal(new Set(texts).size, 1)
  assert.match(texts[0] ?? '', /No account has this name and password/)
})

test('A12 a form of another site signs nobody in', async () => {
  for (const origin of ['https://evil.example', 'null', null]) {
    const answer = await signIn(app.url, { name: 'Ana' }, { origin })
    assert.equal(answer.status, 403)
    assert.equal(answer.session, undefined)
  }
})

test('A4 a form with a field more than there are is refused', async () => {
  assert.equal((await signIn(app.url, { name: 'Ana', role: 'owner' } as never)).status, 400)
})

test('A5 each sign-in opens a new session and ends the one that the browser had', async () => {
  const planted = `patchmesh-session=${'A'.repeat(43)}`
  const first = await signIn(app.url, { name: 'Ana' }, { cookies: [planted] })
  assert.notEqual(first.session, planted)
  const second = await signIn(app.url, { name: 'Ana' }, { cookies: [first.session] })
  assert.notEqual(second.session, first.session)
  assert.equal(await status(first.session), 401)
  assert.equal(await status(second.session), 200)
})

test('A6 a session ends when the role, the limits or the password change, and when the person is disabled or removed', async () => {
  const { people } = fleet.repository
  const changes: [what: string, change: () => Promise<unknown>][] = [
    ['role', () => changePerson(people, 'Eva', { role: 'viewer' }, { nowMs })],
    ['limits', () => changePerson(people, 'Eva', { organizations: null }, { nowMs })],
    ['password', () => changePerson(people, 'Eva', { passwordHash: null }, { nowMs })],
    ['disabled', () => changePerson(people, 'Eva', { disabled: true }, { nowMs })],
    ['removed', () => removePerson(people, 'Eva')],
  ]
  for (const [what, change] of changes) {
    await person(fleet.repository, 'Eva', 'operator')
    const { session } = await signIn(app.url, { name: 'Eva' })
    assert.equal(await status(session), 200, what)
    await change()
    assert.equal(await status(session), 401, what)
    if (what !== 'removed') await removePerson(people, 'Eva')
  }
})

test('A7 over TLS the cookies are sent to no other host, to no script and to no other site', async () => {
  const secure = await serveApp(fleet, { secure: true })
  try {
    const answer = await signIn(secure.url, { name: 'Ana' })
    const cookies = answer.headers['set-cookie'] ?? []
    assert.equal(cookies.length, 2)
    for (const cookie of cookies) {
      assert.match(cookie, /^__Host-patchmesh-(session|device)=[\w-]{43}; /)
      for (const flag of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']) assert.ok(cookie.includes(flag), flag)
      assert.doesNotMatch(cookie, /Domain/)
    }
  } finally {
    await secure.close()
  }
})

test('A8 an account has so many sessions at most; the one that was used least lately ends', async () => {
  await person(fleet.repository, 'Many', 'viewer')
  const sessions = []
  for (let count = 0; count <= MAX_SESSIONS; count++) {
    nowMs += 1000
    sessions.push((await signIn(app.url, { name: 'Many' })).session)
  }
  const live = await Promise.all(sessions.map((session) => status(session)))
  assert.deepEqual(live, [401, ...Array.from({ length: MAX_SESSIONS }, () => 200)])
})

test('a session ends half an hour after its last use, and what an open page asks for by itself is no use', async () => {
  const { session } = await signIn(app.url, { name: 'Ana' })
  for (let count = 0; count < 4; count++) {
    nowMs += 25 * MINUTE_MS
    assert.equal(await status(session), 200, 'used every 25 minutes')
  }
  nowMs += 20 * MINUTE_MS
  assert.equal(await status(session, { 'Patchmesh-Refresh': '1' }), 200)
  nowMs += 11 * MINUTE_MS
  assert.equal(await status(session), 401)
})

test('a session ends after twelve hours, however much it is used', async () => {
  const { session } = await signIn(app.url, { name: 'Ana' })
  for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
    nowMs += 20 * MINUTE_MS
    assert.equal(await status(session), 200)
  }
  nowMs += 20 * MINUTE_MS
  assert.equal(await status(session), 401)
})

test('A9 strangers can guess a few times, and shut nobody out who has signed in with this browser before', async () => {
  await person(fleet.repository, 'Target', 'owner')
  const { device } = await signIn(app.url, { name: 'Target' })
  const guesses = []
  for (let count = 0; count < 15; count++) {
    guesses.push((await signIn(app.url, { name: 'Target', password: `guess ${count}` })).status)
  }
  assert.equal(guesses.filter((answer) => answer === 401).length, 10)
  assert.equal(guesses.filter((answer) => answer === 429).length, 5)
  const stranger = await signIn(app.url, { name: 'Target' })
  assert.equal(stranger.status, 429, 'even with the right password, for whom nobody knows')
  assert.match(stranger.body, /the next one is possible in \d+ s/)
  assert.equal((await signIn(app.url, { name: 'Target' }, { cookies: [device] })).status, 303)
  assert.equal((await rawRequest(await app.signInLink())).status, 303, 'and a sign-in link works at any time')
  assert.equal((await signIn(app.url, { name: 'Ana' }, { cookies: [device] })).status, 303, 'other accounts go on')
  nowMs += MINUTE_MS
  assert.equal((await signIn(app.url, { name: 'Target' })).status, 303, 'a minute later there is one attempt more')
})

test('A9 a browser that is known for one account is a stranger to the others', async () => {
  await person(fleet.repository, 'Other', 'viewer')
  const { device } = await signIn(app.url, { name: 'Other' })
  for (let count = 0; count < 10; count++) await signIn(app.url, { name: 'Victim', password: `guess ${count}` })
  assert.equal((await signIn(app.url, { name: 'Victim' }, { cookies: [device] })).status, 429)
})

test('P11 a page that was made for somebody else acts for nobody', async () => {
  const { session = '' } = await signIn(app.url, { name: 'Ana' })
  const ask = (meant: string) =>
    rawRequest(`${app.url}/api/v1/patches/x@1`, {
      method: 'DELETE',
      headers: { Cookie: session, Origin: app.url, 'Patchmesh-Person': meant },
    })
  const refused = await ask('Bela')
  assert.equal(refused.status, 409)
  assert.equal(JSON.parse(refused.body).error.code, 'other_person')
  assert.equal((await ask('Ana')).status, 404)
})

test('beyond loopback nobody signs in without TLS, neither with a password nor with a link', async () => {
  const open = await serveApp(fleet, { origins: ['http://patches.example.com'] })
  try {
    const headers = { Host: 'patches.example.com', Origin: 'http://patches.example.com' }
    const refused = [
      await rawRequest(await open.signInLink(), { headers }),
      await rawRequest(`${open.url}/sign-in`, { method: 'POST', headers, body: 'name=Ana&password=x' }),
    ]
    assert.deepEqual(
      refused.map(({ status, body }) => [status, JSON.parse(body).error.code]),
      [
        [403, 'https_only'],
        [403, 'https_only'],
      ],
    )
  } finally {
    await open.close()
  }
})

test('the trail tells who signed in and from where; what was typed as an unknown name is not in it', async () => {
  await signIn(app.url, { name: 'Ana' })
  await signIn(app.url, { name: PASSWORD, password: 'oh' })
  const all = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1000 })
  const [newest] = all.filter(({ outcome }) => outcome === 'done')
  assert.deepEqual([newest?.actor, newest?.subject, newest?.origin], ['Ana', 'with a password', '127.0.0.1'])
  assert.ok(all.some(({ actor, subject }) => actor === 'nobody' && subject === 'an unknown name'))
  assert.ok(
    all.some(
      ({ actor, subject, outcome }) => actor === 'nobody' && subject === 'Target' && outcome.startsWith('wrong'),
    ),
  )
  assert.doesNotMatch(JSON.stringify(all), new RegExp(PASSWORD))
})

test('behind a proxy the address is the last one that the proxy wrote down', async () => {
  const proxied = await serveApp(fleet, { behindProxy: true })
  try {
    const link = await proxied.signInLink()
    await rawRequest(link, { headers: { 'X-Forwarded-For': '1.2.3.4, 198.51.100.9' } })
    const [newest] = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1 })
    assert.equal(newest?.origin, '198.51.100.9')
  } finally {
    await proxied.close()
  }
  await rawRequest(await app.signInLink(), { headers: { 'X-Forwarded-For': '198.51.100.9' } })
  const [direct] = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1 })
  assert.equal(direct?.origin, '127.0.0.1')
})
