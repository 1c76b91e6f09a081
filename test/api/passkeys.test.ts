/**
 * Passkeys through the API: adding, signing in, removing, and that nothing which a device signed opens more than what it
 * was asked for.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { NewLink, PasskeyView, PersonView } from '../../controller/core/access-views.ts'
import { MOST_PASSKEYS } from '../../controller/shell/passkeys.ts'
import { changePerson } from '../../controller/shell/people.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { PASSWORD, person, signIn } from '../support/people-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Lies, type Options, type SoftwarePasskey, softwarePasskey } from '../support/software-authenticator.ts'
import { asking } from './api-client.ts'

const MINUTE_MS = 60_000
let fleet: Fleet
let app: ServedApp
/** Where the page is open: browsers have no passkeys for 127.0.0.1. */
let page: string
let nowMs = Date.now()
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet, { clock: () => nowMs })
  page = app.url.replace('127.0.0.1', 'localhost')
  await person(fleet.repository, 'Ana')
})
after(async () => {
  await app.close()
  await fleet.close()
})

type Json = { error?: { code: string; message: string } } & Record<string, unknown>
type Answer = { status: number; json: Json; code: string | undefined; session: string }

/** What a script of the page sends, by the browser that has the cookies. */
async function send(method: string, path: string, body?: unknown, cookie = '', origin = page): Promise<Answer> {
  const answer = await rawRequest(`${app.url}${path}`, {
    method,
    headers: {
      ...{ Host: new URL(page).host, Origin: origin, Cookie: cookie },
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const json = JSON.parse(answer.body) as Json
  const given = answer.headers['set-cookie']?.find((one) => one.startsWith('patchmesh-session='))
  return { status: answer.status, json, code: json.error?.code, session: given?.split(';')[0] ?? '' }
}

async function sessionOf(name: string): Promise<string> {
  return (await signIn(app.url, { name })).session ?? assert.fail(`${name} cannot sign in`)
}

async function creationOptions(session: string, current = PASSWORD): Promise<Options> {
  const { status, json } = await send('POST', '/api/v1/passkeys/challenge', { current }, session)
  assert.equal(status, 200, JSON.stringify(json))
  return json as unknown as Options
}

/** A passkey that the person has added; each is named anew. */
async function addedPasskey(name: string, session?: string): Promise<SoftwarePasskey> {
  const cookie = session ?? (await sessionOf(name))
  const passkey = softwarePasskey(page)
  const credential = passkey.create(await creationOptions(cookie))
  const added = await send('POST', '/api/v1/passkeys', { name: passkey.credential, credential }, cookie)
  assert.equal(added.status, 201, JSON.stringify(added.json))
  return passkey
}

async function requestOptions(): Promise<Options> {
  return (await send('POST', '/sign-in/passkey/challenge', {})).json as unknown as Options
}

async function show(passkey: SoftwarePasskey, lies: Lies = {}): Promise<Answer> {
  return send('POST', '/sign-in/passkey', { credential: passkey.show(await requestOptions(), lies) })
}

async function newestSignIn() {
  const [newest] = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1 })
  return newest
}

const works = async (session: string) =>
  (await rawRequest(`${app.url}/api/v1/patches`, { headers: { Cookie: session } })).status

test('a passkey that was added signs the person in, to the page that was asked for', async () => {
  const passkey = await addedPasskey('Ana')
  const credential = passkey.show(await requestOptions())
  const signed = await send('POST', '/sign-in/passkey', { credential, next: '/data-centers?x=1' })
  assert.deepEqual([signed.status, signed.json], [200, { next: '/data-centers?x=1' }])
  assert.equal(await works(signed.session), 200)
  const noted = await newestSignIn()
  assert.deepEqual([noted?.actor, noted?.subject, noted?.outcome], ['Ana', 'with a passkey', 'done'])
})

test('what a browser is asked for: a key of this host that its device keeps, for a person whom it has verified', async () => {
  const session = await sessionOf('Ana')
  const options = (await creationOptions(session)) as Options & Record<string, unknown>
  assert.equal(options.rp?.id, 'localhost')
  assert.equal(Buffer.from(options.challenge, 'base64url').length, 32)
  assert.deepEqual(options['authenticatorSelection'], {
    ...{ residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  })
  const asked = (await requestOptions()) as Options & Record<string, unknown>
  assert.deepEqual([asked.rpId, asked['userVerification'], asked['allowCredentials']], ['localhost', 'required', []])
  assert.notEqual(asked.challenge, (await requestOptions()).challenge)
})

test('A5 signing in with a passkey opens a new session and ends the one that the browser had', async () => {
  const before = await sessionOf('Ana')
  const passkey = await addedPasskey('Ana', before)
  const credential = passkey.show(await requestOptions())
  const { session } = await send('POST', '/sign-in/passkey', { credential }, before)
  assert.notEqual(session, before)
  assert.deepEqual([await works(before), await works(session)], [401, 200])
})

test('A11 an assertion that is replayed is refused', async () => {
  const passkey = await addedPasskey('Ana')
  const credential = passkey.show(await requestOptions())
  assert.equal((await send('POST', '/sign-in/passkey', { credential })).status, 200)
  const again = await send('POST', '/sign-in/passkey', { credential })
  assert.deepEqual([again.status, again.code, again.session], [409, 'used_challenge', ''])
})

test('A11 a challenge counts for five minutes, for what it was given out for, and is used up by a failure too', async () => {
  const session = await sessionOf('Ana')
  const passkey = await addedPasskey('Ana', session)
  const old = passkey.show(await requestOptions())
  nowMs += 5 * MINUTE_MS
  assert.equal((await send('POST', '/sign-in/passkey', { credential: old })).code, 'used_challenge')
  const forAdding = passkey.show({ ...(await creationOptions(session)), rpId: 'localhost' })
  assert.equal((await send('POST', '/sign-in/passkey', { credential: forAdding })).code, 'used_challenge')
  const options = await requestOptions()
  const wrong = passkey.show(options, { verified: false })
  assert.equal((await send('POST', '/sign-in/passkey', { credential: wrong })).code, 'wrong_passkey')
  const right = passkey.show(options)
  assert.equal((await send('POST', '/sign-in/passkey', { credential: right })).code, 'used_challenge')
  const madeUp = passkey.show({ challenge: 'A'.repeat(43), rpId: 'localhost' })
  assert.equal((await send('POST', '/sign-in/passkey', { credential: madeUp })).code, 'used_challenge')
})

test('A11 an assertion for another origin, for another host, without verifying the person or in a foreign frame is refused', async () => {
  const passkey = await addedPasskey('Ana')
  const lies: [Lies, RegExp][] = [
    [{ origin: 'https://evil.example' }, /origin "https:\/\/evil\.example"/],
    [{ origin: `${page}1` }, /origin/],
    [{ host: 'evil.example' }, /RP ID/],
    [{ verified: false }, /user could not be verified/],
    [{ crossOrigin: true }, /inside the page of another site/],
  ]
  for (const [lie, reason] of lies) {
    const refused = await show(passkey, lie)
    assert.deepEqual([refused.status, refused.code, refused.session], [401, 'wrong_passkey', ''], JSON.stringify(lie))
    assert.match(refused.json.error?.message ?? '', reason)
  }
  assert.equal((await show(passkey)).status, 200, 'and without a lie it opens')
})

test('A11 a passkey that counts backwards, or stands still, is refused and noted as copied', async () => {
  const passkey = await addedPasskey('Ana')
  assert.equal((await show(passkey, { counter: 7 })).status, 200)
  for (const counter of [6, 7, 0]) {
    const refused = await show(passkey, { counter })
    assert.deepEqual([refused.status, refused.code, refused.session], [401, 'copied_passkey', ''], String(counter))
    const noted = await newestSignIn()
    assert.deepEqual(
      [noted?.outcome, noted?.subject],
      ['copied_passkey', `Ana, with the passkey ${passkey.credential}`],
    )
  }
  assert.equal((await show(passkey, { counter: 8 })).status, 200)
})

test('A11 nobody without the key can say that a passkey was copied', async () => {
  const passkey = await addedPasskey('Ana')
  assert.equal((await show(passkey, { counter: 7 })).status, 200)
  const stranger = softwarePasskey(page)
  const { userHandle } = (await fleet.repository.people.findPasskey(passkey.credential)) ?? assert.fail()
  const refused = await show(stranger, { credential: passkey.credential, userHandle, counter: 1 })
  assert.equal(refused.code, 'wrong_passkey')
  assert.match(refused.json.error?.message ?? '', /signature is wrong/)
})

test('a device that does not count signs in again and again', async () => {
  const passkey = await addedPasskey('Ana')
  for (const counter of [0, 0]) assert.equal((await show(passkey, { counter })).status, 200)
})

test("A11 another user's credential opens nothing: neither as theirs, nor under their name, nor as one's own", async () => {
  await person(fleet.repository, 'Bela', 'viewer')
  const bela = await sessionOf('Bela')
  const [anas, belas] = [await addedPasskey('Ana'), await addedPasskey('Bela', bela)]
  const kept = (await fleet.repository.people.findPasskey(anas.credential)) ?? assert.fail()
  const asAna = await show(belas, { credential: anas.credential, userHandle: kept.userHandle })
  assert.deepEqual([asAna.code, asAna.session], ['wrong_passkey', ''])
  const underHerName = await show(belas, { userHandle: kept.userHandle })
  assert.match(underHerName.json.error?.message ?? '', /shown for another account/)
  const taken = belas.create(await creationOptions(bela), { credential: anas.credential })
  const adding = await send('POST', '/api/v1/passkeys', { name: 'mine now', credential: taken }, bela)
  assert.equal(adding.code, 'passkey_exists')
  const forAna = softwarePasskey(page).create(await creationOptions(await sessionOf('Ana')))
  const added = await send('POST', '/api/v1/passkeys', { name: 'for Ana', credential: forAna }, bela)
  assert.equal(added.code, 'used_challenge', 'a challenge is for one account')
  const own = (await send('GET', '/api/v1/passkeys', undefined, bela)).json as unknown as PasskeyView[]
  assert.deepEqual(
    own.map(({ name }) => name),
    [belas.credential],
  )
})

test('A11 a passkey is added only for our page, by a device that verified the person', async () => {
  const session = await sessionOf('Ana')
  const lies: Lies[] = [
    { origin: 'https://evil.example' },
    { host: 'evil.example' },
    { verified: false },
    { crossOrigin: true },
  ]
  for (const lie of lies) {
    const credential = softwarePasskey(page).create(await creationOptions(session), lie)
    const refused = await send('POST', '/api/v1/passkeys', { name: 'Lies', credential }, session)
    assert.deepEqual([refused.status, refused.code], [401, 'wrong_passkey'], JSON.stringify(lie))
  }
})

test('A24 what is no credential is refused, whatever its bytes are', async () => {
  const session = await sessionOf('Ana')
  const bytes = [
    '',
    '!',
    'AAAA',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('{"challenge":7}').toString('base64url'),
  ]
  for (const text of bytes) {
    const response = {
      clientDataJSON: text,
      attestationObject: text,
      authenticatorData: text,
      signature: text,
      userHandle: text,
    }
    const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response }
    const answers = [
      await send('POST', '/sign-in/passkey', { credential }),
      await send('POST', '/api/v1/passkeys', { name: 'Bytes', credential }, session),
    ]
    for (const { status } of answers) assert.ok([400, 401, 409, 429].includes(status), `${text}: ${status}`)
  }
  const { challenge } = await creationOptions(session)
  const clientDataJSON = Buffer.from(
    JSON.stringify({ type: 'webauthn.create', challenge, origin: page, crossOrigin: false }),
  ).toString('base64url')
  const response = { clientDataJSON, attestationObject: 'oWNmbXRkbm9uZQ' }
  const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response }
  assert.equal((await send('POST', '/api/v1/passkeys', { name: 'Bytes', credential }, session)).code, 'wrong_passkey')
})

test('A6 A11 a passkey of a person who is disabled opens nothing, and says no more than an unknown one', async () => {
  await person(fleet.repository, 'Gone', 'viewer')
  const passkey = await addedPasskey('Gone')
  await changePerson(fleet.repository.people, 'Gone', { disabled: true }, { nowMs })
  const disabled = await show(passkey)
  const unknown = await show(softwarePasskey(page), { userHandle: 'AAAA' })
  assert.deepEqual([disabled.status, disabled.code, disabled.session], [401, 'wrong_passkey', ''])
  assert.equal(disabled.json.error?.message, unknown.json.error?.message)
})

test('A12 a page of another site gets no challenge and signs nobody in, also with a header that scripts send', async () => {
  const passkey = await addedPasskey('Ana')
  const credential = passkey.show(await requestOptions())
  for (const origin of ['https://evil.example', 'null']) {
    const asked = await send('POST', '/sign-in/passkey/challenge', {}, '', origin)
    const shown = await send('POST', '/sign-in/passkey', { credential }, '', origin)
    assert.deepEqual([asked.code, shown.code], ['cross_site', 'cross_site'])
  }
  const headers = { Host: new URL(page).host, Origin: 'https://evil.example', Authorization: 'Bearer x' }
  const asked = await rawRequest(`${app.url}/sign-in/passkey/challenge`, { method: 'POST', headers, body: '' })
  assert.equal(asked.status, 403)
})

test('adding a passkey takes the password, or a session that began a quarter of an hour ago at most', async () => {
  await person(fleet.repository, 'Paula', 'viewer')
  const session = await sessionOf('Paula')
  for (const current of ['', 'wrong']) {
    const refused = await send('POST', '/api/v1/passkeys/challenge', { current }, session)
    assert.deepEqual([refused.status, refused.code], [401, 'wrong_password'])
  }
  const passkey = await addedPasskey('Paula', session)
  await fleet.repository.people.alterAccount('paula', (accounts) => {
    const paula = accounts.find(({ key }) => key === 'paula')
    return paula === undefined ? null : { ...paula, passwordHash: null }
  })
  const signed = await show(passkey)
  assert.equal((await send('POST', '/api/v1/passkeys/challenge', { current: '' }, signed.session)).status, 200)
  nowMs += 16 * MINUTE_MS
  const late = [
    await send('POST', '/api/v1/passkeys/challenge', { current: '' }, signed.session),
    await send('POST', '/api/v1/account/password', { password: `${PASSWORD} two` }, signed.session),
  ]
  assert.deepEqual(
    late.map(({ code }) => code),
    ['sign_in_again', 'sign_in_again'],
  )
})

test('an API token, and whoever came in with a printed link, has no passkeys', async () => {
  const ask = asking(app.url, await app.apiToken())
  assert.equal((await ask('POST', '/passkeys/challenge', { current: '' })).status, 403)
  const refused = await send('POST', '/api/v1/passkeys/challenge', { current: '' }, await app.cookie())
  assert.equal(refused.code, 'forbidden')
})

test('at an address in numbers there are no passkeys, and the page says what to do', async () => {
  const session = await sessionOf('Ana')
  const origin = app.url
  const headers = { Host: new URL(origin).host, Origin: origin, Cookie: session, 'Content-Type': 'application/json' }
  const asked = await rawRequest(`${app.url}/sign-in/passkey/challenge`, { method: 'POST', headers, body: '{}' })
  assert.deepEqual([asked.status, JSON.parse(asked.body).error.code], [422, 'no_host_name'])
  const shown = await rawRequest(`${app.url}/access/your-account`, { headers: { ...headers, Accept: 'text/html' } })
  assert.match(shown.body, /Browsers keep passkeys for host names, and this page is open at 127\.0\.0\.1/)
})

test('A20 a passkey is for the configured host at which the page is open', async () => {
  const proxied = await serveApp(fleet, { secure: true, origins: ['https://patches.example.com/'] })
  try {
    const ask = (host: string, origin: string) =>
      rawRequest(`${proxied.url}/sign-in/passkey/challenge`, {
        method: 'POST',
        headers: { Host: host, Origin: origin },
      })
    const asked = await ask('patches.example.com', 'https://patches.example.com')
    assert.equal(JSON.parse(asked.body).rpId, 'patches.example.com')
    assert.equal((await ask('evil.example', 'https://evil.example')).status, 403)
    assert.equal((await ask('patches.example.com', 'https://evil.patches.example.com')).status, 403)
  } finally {
    await proxied.close()
  }
})

test('a passkey has one name, is listed with its use, and removed by its person or an Owner alone', async () => {
  await person(fleet.repository, 'Rita', 'viewer')
  await person(fleet.repository, 'Theo', 'viewer')
  const [rita, theo, ana] = [await sessionOf('Rita'), await sessionOf('Theo'), await sessionOf('Ana')]
  const passkey = await addedPasskey('Rita', rita)
  const again = softwarePasskey(page).create(await creationOptions(rita))
  const same = await send('POST', '/api/v1/passkeys', { name: passkey.credential, credential: again }, rita)
  assert.equal(same.code, 'passkey_exists')
  await show(passkey)
  const views = (await send('GET', '/api/v1/passkeys', undefined, rita)).json as unknown as PasskeyView[]
  const [view] = views
  assert.deepEqual(view, {
    ...{ id: view?.id, name: passkey.credential, person: 'Rita', host: 'localhost' },
    ...{ addedAt: new Date(nowMs).toISOString(), usedAt: new Date(nowMs).toISOString() },
  })
  assert.equal((await send('DELETE', `/api/v1/passkeys/${view?.id}`, undefined, theo)).status, 404)
  assert.equal((await send('DELETE', `/api/v1/passkeys/${view?.id}`, undefined, ana)).status, 200)
  assert.equal((await show(passkey)).code, 'wrong_passkey')
})

test('a new sign-in link takes the passkeys away with the password, and a removed person leaves none', async () => {
  await person(fleet.repository, 'Lost', 'viewer')
  const passkey = await addedPasskey('Lost')
  const ask = asking(app.url, await app.apiToken())
  assert.equal((await ask('POST', '/people/Lost/sign-in-link', {})).status, 201)
  assert.equal((await show(passkey)).code, 'wrong_passkey')
  await person(fleet.repository, 'Left', 'viewer')
  const left = await addedPasskey('Left')
  assert.equal((await ask('DELETE', '/people/Left')).status, 200)
  await person(fleet.repository, 'Left', 'viewer')
  assert.equal((await show(left)).code, 'wrong_passkey')
})

test('for a person who is to use passkeys only the password opens nothing, a passkey and a sign-in link do', async () => {
  await person(fleet.repository, 'Olga', 'operator')
  const session = await sessionOf('Olga')
  const passkey = await addedPasskey('Olga', session)
  const ask = asking(app.url, await app.apiToken())
  const changed = await ask<PersonView>('PATCH', '/people/Olga', { passkeyOnly: true })
  assert.deepEqual([changed.status, changed.json.passkeyOnly, changed.json.state], [200, true, 'active'])
  assert.equal(await works(session), 401)
  const [wrong, right] = [
    await signIn(app.url, { name: 'Olga', password: 'wrong' }),
    await signIn(app.url, { name: 'Olga' }),
  ]
  assert.match(wrong.body, /No account has this name and password/)
  assert.deepEqual([right.status, right.session], [401, undefined])
  assert.match(right.body, /An Owner has decided that you sign in with a passkey/)
  assert.equal((await show(passkey)).status, 200)
  const { json } = await ask<NewLink>('POST', '/people/Olga/sign-in-link', {})
  assert.equal((await rawRequest(json.signInLink)).status, 303)
})

test(`an account has ${MOST_PASSKEYS} passkeys at most`, async () => {
  await person(fleet.repository, 'Many', 'viewer')
  const session = await sessionOf('Many')
  for (let count = 0; count < MOST_PASSKEYS; count++) await addedPasskey('Many', session)
  const credential = softwarePasskey(page).create(await creationOptions(session))
  const refused = await send('POST', '/api/v1/passkeys', { name: 'One more', credential }, session)
  assert.equal(refused.code, 'too_many_passkeys')
})

test('A9 wrong passkeys are slowed down, and keep nobody from signing in with a password', async () => {
  const passkey = await addedPasskey('Ana')
  const codes = []
  for (let count = 0; count < 12; count++) codes.push((await show(passkey, { verified: false })).code)
  assert.deepEqual(new Set(codes.slice(0, 8)), new Set(['wrong_passkey']))
  assert.equal(codes.at(-1), 'slow_down')
  assert.equal((await signIn(app.url, { name: 'Ana' })).status, 303)
  nowMs += 2 * MINUTE_MS
  assert.equal((await show(passkey)).status, 200, 'two minutes later the passkey opens again')
})

test('wrong guesses at the password hold up no passkey', async () => {
  nowMs += 60 * MINUTE_MS
  await person(fleet.repository, 'Guessed', 'viewer')
  const passkey = await addedPasskey('Guessed')
  for (let count = 0; count < 12; count++) await signIn(app.url, { name: 'Guessed', password: `guess ${count}` })
  assert.equal((await signIn(app.url, { name: 'Guessed' })).status, 429)
  assert.equal((await show(passkey)).status, 200)
})
