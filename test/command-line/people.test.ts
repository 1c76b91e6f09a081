/**
 * People, sessions, passkeys, API tokens and the trail on the command line, against a real Service Center's API.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type {
  NewPerson,
  PasskeyView,
  PersonView,
  SessionView,
  TokenView,
  TrailPage,
  TrailView,
} from '../../controller/core/access-views.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { keptPasskey, person, signIn } from '../support/people-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { type Outcome, patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let token: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
  await person(fleet.repository, 'Ana')
})
after(async () => {
  await app.close()
  await fleet.close()
})

const run = (...words: string[]): Promise<Outcome> =>
  patchmesh(words, { environment: { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: token } })

async function json<Answer>(...words: string[]): Promise<Answer> {
  const { status, stdout, stderr } = await run(...words, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Answer
}

describe('people', () => {
  test('are added with a link that signs in, listed, changed and removed', async () => {
    const { status, stdout } = await run('people', 'add', 'Bela', '--role', 'operator', '--organization', 'acme')
    assert.equal(status, 0)
    assert.equal((await rawRequest(stdout.trim())).status, 303)
    const listed = await run('people', 'list')
    assert.match(listed.stdout, /^NAME +ROLE +ORGANIZATIONS +STATE +SIGNED IN +SESSIONS\n/)
    assert.match(listed.stdout, /\nBela +operator +acme +invited +\d{4}-\d\d-\d\d \d\d:\d\d +1\n/)
    const changed = await run('people', 'change', 'Bela', '--role', 'viewer', '--all-organizations', '--disable')
    assert.equal(changed.stdout, 'Bela: viewer, all, disabled\n')
    const only = await run('people', 'change', 'Bela', '--enable', '--passkey-only')
    assert.equal(only.stdout, 'Bela: viewer, all, invited, passkeys only\n')
    await run('people', 'change', 'Bela', '--disable', '--allow-password')
    const [, bela] = await json<PersonView[]>('people', 'list')
    assert.deepEqual([bela?.role, bela?.organizations, bela?.state], ['viewer', null, 'disabled'])
    assert.equal((await run('people', 'remove', 'Bela', '--yes')).stdout, 'Bela is removed.\n')
    assert.match((await run('people', 'remove', 'Bela', '--yes')).stderr, /^patchmesh: there is no person Bela\. /)
  })

  test('get a new link, told as JSON too', async () => {
    const added = await json<NewPerson>('people', 'add', 'Cleo', '--role', 'viewer')
    const { signInLink } = await json<{ signInLink: string }>('people', 'new-link', 'Cleo', '--yes')
    assert.equal((await rawRequest(added.signInLink ?? '')).status, 401)
    assert.equal((await rawRequest(signInLink)).status, 303)
  })

  const mistakes: [words: string[], sentence: RegExp][] = [
    [['people', 'add', 'x'], /--role is missing/],
    [['people', 'add', 'x', '--role', 'root'], /--role "root": is not one of viewer, auditor/],
    [['people', 'change', 'x'], /nothing to change: give --role/],
    [['people', 'change', 'x', '--disable', '--enable'], /--disable and --enable do not go together/],
    [['people', 'change', 'x', '--passkey-only', '--allow-password'], /do not go together/],
    [['people', 'change', 'x', '--organization', 'a', '--all-organizations'], /do not go together/],
  ]
  for (const [words, sentence] of mistakes) {
    test(`wrong usage is told: ${words.slice(1).join(' ')}`, async () => {
      const { status, stderr } = await run(...words)
      assert.equal(status, 2)
      assert.match(stderr, sentence)
    })
  }

  test('the last Owner stays, and the refusal says what to do', async () => {
    const { status, stderr } = await run('people', 'remove', 'Ana', '--yes')
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^patchmesh: there would be no Owner who can sign in\. Make somebody an Owner first; .*sign-in-link\.\n$/,
    )
  })
})

test('sessions are listed and ended', async () => {
  const { session = '' } = await signIn(app.url, { name: 'Ana' })
  const [newest] = await json<SessionView[]>('sessions', 'list')
  assert.equal(newest?.name, 'Ana')
  assert.match((await run('sessions', 'list')).stdout, /^ID +NAME +SINCE +USED +FROM\n/)
  assert.equal(
    (await run('sessions', 'end', newest?.id ?? '', '--yes')).stdout,
    `The session ${newest?.id} has ended.\n`,
  )
  assert.equal((await rawRequest(`${app.url}/api/v1/account`, { headers: { Cookie: session } })).status, 401)
})

test('passkeys are listed, and removed when a device is lost', async () => {
  await keptPasskey(fleet.repository, 'ana', 'Work laptop')
  const { stdout } = await run('passkeys', 'list')
  assert.match(
    stdout,
    /^ID +PASSKEY +PERSON +AT +ADDED +USED\n[0-9a-f]{12} +Work laptop +Ana +patches\.example\.com .* never\n$/,
  )
  const [found] = await json<PasskeyView[]>('passkeys', 'list')
  assert.equal(
    (await run('passkeys', 'remove', found?.id ?? '', '--yes')).stdout,
    `The passkey ${found?.id} is removed.\n`,
  )
  assert.equal((await run('passkeys', 'remove', found?.id ?? '', '--yes')).status, 1)
  assert.equal((await run('passkeys', 'list')).stdout, 'There is no passkey.\n')
})

test('A32 API tokens are listed without their secret, and revoked', async () => {
  const other = await app.apiToken({ role: 'viewer', organizations: ['acme'] })
  const listed = await run('api-tokens', 'list')
  assert.ok(!listed.stdout.includes(other) && !listed.stdout.includes(token))
  const found = (await json<TokenView[]>('api-tokens', 'list')).find(({ role }) => role === 'viewer')
  assert.deepEqual(found?.organizations, ['acme'])
  assert.equal((await run('api-tokens', 'revoke', found?.id ?? '', '--yes')).status, 0)
  const headers = { Authorization: `Bearer ${other}` }
  assert.equal((await rawRequest(`${app.url}/api/v1/account`, { headers })).status, 401)
})

test('an API token says whose it is and what it may do', async () => {
  assert.match(
    (await run('account')).stdout,
    /^script: owner, organizations: all\nmay read, read-trail, .*manage-access/,
  )
})

describe('the trail', () => {
  test('is listed with filters', async () => {
    await fleet.publish({ name: 'kernel', version: '1' })
    const { stdout } = await run('trail', 'list', '--action', 'upload')
    assert.match(
      stdout,
      /^WHEN +WHO +ACTION +OF WHAT +ORGANIZATION +RESULT +FROM WHERE\n.* test +upload +kernel@1 +done\n$/,
    )
    const { entries, next } = await json<TrailPage>('trail', 'list', '--limit', '1')
    assert.equal(entries.length, 1)
    assert.notEqual(next, null)
    assert.equal((await run('trail', 'list', '--limit', '0')).status, 2)
  })

  test('is exported whole, as JSON lines and as CSV, page after page', async () => {
    const row = { actor: 'robot', action: 'count', subject: 'x', outcome: 'done' }
    await fleet.repository.commit(
      Array.from({ length: 1100 }, (_, at) => ({ table: 'audit' as const, row: { ...row, at } })),
    )
    const lines = (await run('trail', 'export', '--who', 'robot')).stdout.trimEnd().split('\n')
    assert.equal(lines.length, 1100)
    const entries = lines.map((line) => JSON.parse(line) as TrailView)
    assert.equal(new Set(entries.map(({ position }) => position)).size, 1100)
    const csv = (await run('trail', 'export', '--csv', '--who', 'robot')).stdout.trimEnd().split('\n')
    assert.equal(csv.length, 1101)
    assert.equal(csv[0], '"position","at","actor","action","subject","organization","outcome","origin","hash"')
  })
})
