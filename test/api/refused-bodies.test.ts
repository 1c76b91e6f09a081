/**
 * A file that is refused, whether all of it was read or not, leaves its connection as it was: the next request on it is
 * answered.
 */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

let fleet: Fleet
let app: ServedApp
let token: string
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
})
after(async () => {
  agent.destroy()
  await app.close()
  await fleet.close()
})

/** The status, and the port of this end of the connection. */
function ask(method: string, path: string, body?: Buffer): Promise<{ status: number | undefined; port: number }> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Length': body?.byteLength ?? 0 }
    const asked = request(`${app.url}/api/v1${path}`, { method, agent, headers }, (answer) => {
      const port = answer.socket.localPort ?? 0
      answer.resume().once('end', () => resolve({ status: answer.statusCode, port }))
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

for (const [what, body] of [
  ['no bytes', Buffer.alloc(0)],
  ['a few bytes of text', Buffer.from('this is no patch')],
  ['a megabyte of text', Buffer.alloc(1_000_000, 'text ')],
  ['twenty megabytes, most of which nobody reads', Buffer.alloc(20_000_000, 'text ')],
] as const)
  test(`${what}: refused, and the connection goes on`, async () => {
    const refused = await ask('POST', '/patches?filename=a.patch', body)
    assert.equal(refused.status, 422)
    const next = await ask('GET', '/patches')
    assert.deepEqual([next.status, next.port], [200, refused.port])
  })
