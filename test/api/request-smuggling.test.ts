/**
 * Requests that a proxy in front might read otherwise than we do: each is refused, and nothing of it is carried out.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawExchange } from '../support/raw-socket.ts'

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

/** What a patch is withdrawn with; `framing` are the lines that say where its body ends. */
function withdrawal(patch: string, framing: string, { line = 'HTTP/1.1', host = 'Host: localhost\r\n' } = {}): string {
  return `DELETE /api/v1/patches/${patch} ${line}\r\n${host}Authorization: Bearer ${token}\r\n${framing}`
}

const PLAIN = 'Content-Length: 0\r\n\r\n'
const CHUNKS = 'Transfer-Encoding: chunked\r\n'
const AMBIGUOUS = {
  'a length beside chunks': `Content-Length: 5\r\n${CHUNKS}\r\n0\r\n\r\n`,
  'chunks beside a length': `${CHUNKS}Content-Length: 5\r\n\r\n0\r\n\r\n`,
  'an encoding that is none': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'an encoding beside chunks': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'two encodings': `${CHUNKS}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  'another encoding than chunks': 'Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n',
  'two lengths': 'Content-Length: 0\r\nContent-Length: 5\r\n\r\n',
  'a list of lengths': 'Content-Length: 0, 5\r\n\r\n',
  'a length with a sign': 'Content-Length: +0\r\n\r\n',
  'a space before the colon': 'Content-Length : 0\r\n\r\n',
  'a header that goes on in the next line': 'X-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n',
  'an encoding in the next line': 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n',
  'a line that ends with LF': 'X-Lines: a\nContent-Length: 0\r\n\r\n',
  'headers that end with LF': 'Content-Length: 0\n\n',
  'a line that ends with CR': 'X-Lines: a\rContent-Length: 0\r\n\r\n',
  'a chunk whose line ends with LF': `${CHUNKS}\r\n0\n\r\n`,
  'a chunk extension that ends with LF': `${CHUNKS}\r\n0;a=\n\r\n\r\n`,
  'a chunk size that is no number': `${CHUNKS}\r\n0x0\r\n\r\n`,
}

test('A15 refuses a request that could be framed in two ways, and carries out neither it nor what follows', async () => {
  const open = await fleet.publish({ name: 'open', version: '1' })
  const hidden = await fleet.publish({ name: 'hidden', version: '1' })
  for (const [what, framing] of Object.entries(AMBIGUOUS)) {
    const answered = await rawExchange(app.url, withdrawal(open, framing) + withdrawal(hidden, PLAIN))
    assert.deepEqual(statuses(answered), [400], `${what}: ${answered}`)
  }
  const old = await rawExchange(app.url, withdrawal(open, `${CHUNKS}\r\n0\r\n\r\n`, { line: 'HTTP/1.0' }))
  assert.deepEqual(statuses(old), [400], 'chunks in HTTP/1.0')
  assert.deepEqual(await left(open, hidden), ['open', 'hidden'])
  // The same in a plain form are carried out, both.
  const both = await rawExchange(
    app.url,
    withdrawal(open, PLAIN) + withdrawal(hidden, `Connection: close\r\n${CHUNKS}\r\n0\r\n\r\n`),
  )
  assert.deepEqual(statuses(both), [200, 200], both)
  assert.deepEqual(await left(open, hidden), [])
})

test('A15 a body in an encoding that is none stops a request that would not read it', async () => {
  const cookie = await app.cookie()
  const signOut = (framing: string) =>
    `POST /sign-out HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nCookie: ${cookie}\r\n${framing}`
  const isIn = async () => (await fetch(`${app.url}/api/v1/account`, { headers: { Cookie: cookie } })).status === 200
  const refused = await rawExchange(app.url, signOut('Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'))
  assert.deepEqual(statuses(refused), [400])
  await fleet.publish({ name: 'later', version: '1' })
  assert.ok(await isIn())
  const done = await rawExchange(app.url, signOut(`Connection: close\r\n${PLAIN}`))
  assert.deepEqual(statuses(done), [200])
  assert.ok(!(await isIn()))
})

test('A15 refuses a request that names no host, or more than one', async () => {
  const patch = await fleet.publish({ name: 'hosts', version: '1' })
  for (const host of ['', 'Host: localhost\r\nHost: localhost\r\n', 'Host: localhost\r\nHost: evil.example\r\n']) {
    assert.deepEqual(statuses(await rawExchange(app.url, withdrawal(patch, PLAIN, { host }))), [400], host)
  }
  assert.deepEqual(await left(patch), ['hosts'])
})

function statuses(answered: string): number[] {
  return [...answered.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
}

/** Of these patches, the names of those that are not withdrawn. */
async function left(...ids: string[]): Promise<string[]> {
  const headers = { Authorization: `Bearer ${token}` }
  const answers = await Promise.all(ids.map((id) => fetch(`${app.url}/api/v1/patches/${id}`, { headers })))
  const found = answers
    .filter(({ status }) => status === 200)
    .map((answer) => answer.json() as Promise<{ name: string }>)
  return (await Promise.all(found)).map(({ name }) => name)
}
