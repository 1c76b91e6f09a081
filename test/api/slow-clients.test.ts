/**
 * Clients that are slow on purpose: they keep nobody waiting, and each is ended.
 */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, afterEach, before, beforeEach, type TestContext, test } from 'node:test'
import type { HttpLimits } from '../../controller/api/http-server.ts'
import { endStalled } from '../../controller/api/stalled-connections.ts'
import { assetAddress } from '../../controller/page/assets.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawSocket } from '../support/raw-socket.ts'

const NEVER: HttpLimits = { headersMs: 600_000, stalledMs: 600_000, connections: 5_000 }
const AT_ONCE: HttpLimits = { headersMs: 200, stalledMs: 200, connections: 5_000 }

/** What each sends, and then no more; the last never reads what it asks for. */
const WAYS = {
  'sends nothing': '',
  'sends half of a header': 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  'sends half of a body':
    'POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 1000\r\n\r\nname=',
  'sends half of a body that nobody reads':
    'POST /api/v1/patches HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nname=',
  'never reads': `GET ${assetAddress('patternfly.css')} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(10),
} as const
type Way = keyof typeof WAYS

let fleet: Fleet
let app: ServedApp
let clients: Socket[]
/** The other ends of the connections, as long as they are open. */
let accepted: Set<Socket>
const note = (message: unknown): void => {
  const { socket } = message as { socket: Socket }
  if (socket.localPort !== Number(new URL(app.url).port)) return
  accepted.add(socket)
  socket.once('close', () => accepted.delete(socket))
}
before(async () => {
  fleet = await standardFleet()
  subscribe('net.server.socket', note)
})
beforeEach(() => {
  clients = []
  accepted = new Set()
})
afterEach(async () => {
  for (const client of clients) client.destroy()
  await app.close()
})
after(async () => {
  unsubscribe('net.server.socket', note)
  await fleet.close()
})

async function slow(way: Way): Promise<void> {
  const client = rawSocket(app.url).pause()
  clients.push(client)
  await once(client, 'connect')
  await new Promise<void>((resolve) => client.write(WAYS[way], () => resolve()))
}

function times(count: number, way: Way): Promise<void>[] {
  return Array.from({ length: count }, () => slow(way))
}

test('A16 a page is answered while a thousand slow clients are connected', DEADLINE, async (context) => {
  app = await serveApp(fleet, { limits: NEVER })
  const { userLimits } = process.report.getReport() as { userLimits: { open_files: { soft: number | 'unlimited' } } }
  const mayOpen = userLimits.open_files.soft
  // Both ends are in this process, which has some more open; and no more may knock at once than the system lets wait.
  const rounds = mayOpen === 'unlimited' || mayOpen > 2400 ? 5 : Math.floor(mayOpen / 600)
  if (rounds < 5) context.diagnostic(`only ${200 * rounds} clients, since this process may open ${mayOpen} files`)
  for (let round = 0; round < rounds; round++) {
    const slowly = [...times(99, 'sends half of a header'), ...times(99, 'sends half of a body')]
    await Promise.all([...slowly, ...times(2, 'never reads')])
  }
  const headers = { Cookie: await app.cookie(), Accept: 'text/html' }
  const page = await fetch(`${app.url}/appliances/software-updates`, { headers })
  assert.equal(page.status, 200)
  assert.match(await page.text(), /System Patches/)
  const open = clients.filter(({ localPort }) => [...accepted].some(({ remotePort }) => remotePort === localPort))
  assert.equal(open.length, clients.length, 'a slow client was ended before')
})

for (const way of Object.keys(WAYS) as Way[])
  test(`A16 a client that ${way} is ended`, DEADLINE, async () => {
    app = await serveApp(fleet, { limits: AT_ONCE })
    await Promise.all(times(20, way))
    await eventually('each is ended', () => accepted.size === 0)
    assert.equal((await fetch(`${app.url}/livez`)).status, 200)
  })

/** A bare server that looks at its connections once in a minute, and a way to make minutes pass. */
async function watched(context: TestContext, listener: RequestListener) {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const server = createServer(listener)
  endStalled(server, 60_000)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const client = rawSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n')
  return { client, minute: () => context.mock.timers.tick(60_000) }
}

test('A16 a client that is slow and steady is let finish, and ended only when it stops', DEADLINE, async (context) => {
  let read = 0
  const count = ({ byteLength }: Buffer) => {
    read += byteLength
  }
  const { client, minute } = await watched(context, (request) => request.on('data', count))
  for (let minutes = 1; minutes <= 10; minutes++) {
    client.write('a'.repeat(15_000))
    await eventually('it has arrived', () => read === minutes * 15_000)
    minute()
  }
  client.write('a'.repeat(14_999))
  await eventually('it has arrived', () => read === 164_999)
  minute()
  await once(client.resume(), 'close')
})

test('A16 a client whose request is not read yet is not slow', DEADLINE, async (context) => {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  const { client, minute } = await watched(context, (request) => resolve(request))
  client.write('something')
  const request = await promise
  await eventually('it has arrived', () => request.readableLength > 0)
  for (let minutes = 1; minutes <= 10; minutes++) minute()
  assert.ok(!request.socket.destroyed)
})

test('A16 more connections than the limit are refused at once, until others end', DEADLINE, async () => {
  app = await serveApp(fleet, { limits: { ...NEVER, connections: 10 } })
  await Promise.all(times(10, 'sends half of a header'))
  await assert.rejects(fetch(`${app.url}/livez`))
  clients[0]?.destroy()
  await eventually('another is let in', () => fetch(`${app.url}/livez`))
})
