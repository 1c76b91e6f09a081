/**
 * The event stream: delivers what changed, keeps to its limit, and ends with the session.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bundleFixture } from '../support/bundle-fixtures.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

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

async function open(cookie: string) {
  const control = new AbortController()
  const answer = await fetch(`${app.url}/api/v1/events`, { headers: { Cookie: cookie }, signal: control.signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    close: () => control.abort(),
    /** Everything up to and with `wanted`. */
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: '' }
        if (done) throw new Error(`the stream ended before ${wanted}: ${text}`)
        text += value
      }
      return text
    },
    /** Everything, when the other side has ended it. */
    async end(): Promise<string> {
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value
      return text
    },
  }
}

test('delivers that patches and installs have changed, and nothing of what they are', DEADLINE, async () => {
  const stream = await open(await app.cookie())
  assert.equal(stream.status, 200)
  assert.match(stream.type ?? '', /^text\/event-stream/)
  await stream.until(': connected\n\n')
  const patch = await fleet.publish({ name: 'told', version: '1' })
  await stream.until('event: patches\ndata: {}\n\n')
  await fleet.detect('acme-paris-primary', patch, 'applicable', '0')
  const text = await stream.until('event: installs\ndata: {}\n\n')
  assert.ok(!text.includes('told'))
  stream.close()
})

test('A17 opens at most 20 streams for one session', DEADLINE, async () => {
  const cookie = await app.cookie()
  const streams = await Promise.all(Array.from({ length: 20 }, () => open(cookie)))
  const refused = await open(cookie)
  assert.equal(refused.status, 429)
  assert.equal((await open(await app.cookie())).status, 200)
  for (const stream of streams) stream.close()
  await eventually('a stream of this session can be opened again', async () => (await open(cookie)).status === 200)
})

test('A6 a stream ends when its session signs out', DEADLINE, async () => {
  const cookie = await app.cookie()
  const stream = await open(cookie)
  await stream.until(': connected\n\n')
  await fetch(`${app.url}/sign-out`, { method: 'POST', headers: { Cookie: cookie, Origin: app.url } })
  await stream.end()
})

const FORGED = 'a\r\nevent: forged\r\ndata: 1\r\n\r\nb'

test('A18 no name can put a line into the stream', DEADLINE, async () => {
  const cookie = await app.cookie()
  const headers = { Cookie: cookie, Origin: app.url }
  const stream = await open(cookie)
  await stream.until(': connected\n\n')
  const send = async (address: string, init: RequestInit) =>
    (await fetch(`${app.url}/api/v1${address}`, { method: 'POST', ...init, headers: { ...headers, ...init.headers } }))
      .status
  const json = (body: unknown) => ({ body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
  const slot = { name: 'rome-1', organization: 'acme', dataCenter: 'rome', kind: 'tenant', role: 'primary' }
  for (const field of ['name', 'organization', 'dataCenter', 'kind', 'group'])
    assert.equal(await send('/enrollment-tokens', json({ ...slot, [field]: FORGED })), 400, field)
  const patch = bundleFixture({ manifest: { name: FORGED } })
  assert.equal(await send('/patches?filename=a.patch', { body: new Uint8Array(patch) }), 422)
  // The name of a file is the person's own, so this one is taken, and everybody is told that an upload has begun.
  const filename = `filename ${Buffer.from(FORGED).toString('base64')}`
  assert.equal(await send('/uploads', { headers: { 'Upload-Length': '9', 'Upload-Metadata': filename } }), 201)
  assert.equal(
    await send(`/patches?filename=${encodeURIComponent(FORGED)}`, { body: new Uint8Array(bundleFixture()) }),
    201,
  )
  await stream.until('event: patches\n')
  await fetch(`${app.url}/sign-out`, { method: 'POST', headers })
  const lines = new Set((await stream.end()).split(/\r\n|\r|\n/))
  for (const line of lines)
    assert.match(line, /^(: (connected|keep-alive)|event: (patches|installs|appliances)|data: \{\}|)$/)
})
