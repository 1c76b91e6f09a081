/**
 * A request that is answered before its body has arrived: the answer comes, and the connection takes the next request.
 */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawSocket } from '../support/raw-socket.ts'

/** More than any buffer on the way holds, and more than the web server's own adapter would wait for. */
const BYTES = 80 * 1024 * 1024
const FIRST_BYTES = 8 * 1024 * 1024

let fleet: Fleet
let app: ServedApp
let token: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = `Authorization: Bearer ${await app.apiToken()}`
})
after(async () => {
  await app.close()
  await fleet.close()
})

async function begun(): Promise<string> {
  const headers = { Authorization: token.slice('Authorization: '.length), 'Upload-Length': String(BYTES) }
  const metadata = { 'Upload-Metadata': `filename ${Buffer.from('a.patch').toString('base64')}` }
  const answer = await fetch(`${app.url}/api/v1/uploads`, { method: 'POST', headers: { ...headers, ...metadata } })
  return answer.headers.get('location') ?? ''
}

const PART = 'Content-Type: application/offset+octet-stream'
const JSON_TYPE = 'Content-Type: application/json'
const EARLY: Record<string, { status: number; lines: () => Promise<string[]> }> = {
  'nobody is signed in': { status: 401, lines: async () => ['POST /api/v1/patches?filename=a.patch HTTP/1.1'] },
  'there is nothing at the address': { status: 404, lines: async () => ['POST /api/v1/nothing HTTP/1.1', token] },
  "the upload is another's": {
    status: 404,
    lines: async () => ['PATCH /api/v1/uploads/other HTTP/1.1', token, PART, 'Upload-Offset: 0'],
  },
  'the part begins at a wrong offset': {
    status: 409,
    lines: async () => [`PATCH ${await begun()} HTTP/1.1`, token, PART, 'Upload-Offset: 7'],
  },
  'the first bytes are of no patch': {
    status: 422,
    lines: async () => ['POST /api/v1/patches?filename=a.patch HTTP/1.1', token],
  },
  'the body is longer than any request': {
    status: 413,
    lines: async () => ['POST /api/v1/people HTTP/1.1', token, JSON_TYPE],
  },
}

for (const [why, { status, lines }] of Object.entries(EARLY))
  test(
    `is answered ${status} while it is still being sent where ${why}, and the connection goes on`,
    DEADLINE,
    async () => {
      const client = rawSocket(app.url)
      const answered = listen(client)
      const head = [...(await lines()), 'Host: localhost', `Content-Length: ${BYTES}`, '', ''].join('\r\n')
      client.write(head)
      // Enough to be known for no patch, and for too long.
      await send(client, FIRST_BYTES)
      await eventually('an answer is there', () => answered().includes('\r\n'))
      assert.match(answered(), new RegExp(`^HTTP/1.1 ${status} `))
      await send(client, BYTES - FIRST_BYTES)
      client.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await eventually('the next request is answered', () => answered().includes('HTTP/1.1 200 OK'))
      client.destroy()
    },
  )

function listen(client: Socket): () => string {
  let answered = ''
  client.setEncoding('latin1').on('data', (text: string) => {
    answered += text
  })
  return () => answered
}

/** So many bytes, no faster than the other side takes them. */
async function send(client: Socket, bytes: number): Promise<void> {
  const block = Buffer.alloc(256 * 1024, 'x')
  for (let sent = 0; sent < bytes; sent += block.byteLength) {
    assert.equal(client.destroyed, false, `the connection was ended after ${sent} more bytes`)
    if (!client.write(block)) await moved(client)
  }
}

function moved(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const moves = () => {
      client.off('drain', moves).off('close', moves)
      resolve()
    }
    client.on('drain', moves).on('close', moves)
  })
}
