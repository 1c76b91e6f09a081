/**
 * The event stream: delivers what changed, keeps to its limit, and ends with the session.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
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
    async end(): Promise<void> {
      while (!(await reader?.read())?.done);
    },
  }
}

const deadline = { timeout: 30_000 }

test('delivers that patches and installs have changed, and nothing of what they are', deadline, async () => {
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

test('A17 opens at most 20 streams for one session', deadline, async () => {
  const cookie = await app.cookie()
  const streams = await Promise.all(Array.from({ length: 20 }, () => open(cookie)))
  const refused = await open(cookie)
  assert.equal(refused.status, 429)
  assert.equal((await open(await app.cookie())).status, 200)
  for (const stream of streams) stream.close()
  await eventually('a stream of this session can be opened again', async () => (await open(cookie)).status === 200)
})

test('A6 a stream ends when its session signs out', deadline, async () => {
  const cookie = await app.cookie()
  const stream = await open(cookie)
  await stream.until(': connected\n\n')
  await fetch(`${app.url}/sign-out`, { method: 'POST', headers: { Cookie: cookie, Origin: app.url } })
  await stream.end()
})
