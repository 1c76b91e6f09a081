/**
 * Nobody can make the Service Center fetch something: no field takes an address, and one that is put anywhere is a text.
 */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { DEADLINE } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { rawExchange } from '../support/raw-socket.ts'
import { type Description, fetchDescription } from './operations.ts'
import { textRequests } from './text-fields.ts'

let fleet: Fleet
let app: ServedApp
let headers: Record<string, string>
let description: Description
/** Something of this machine that only it can reach. */
let inside: Server
let reached = 0
let addresses: string[]
/** Connections that this process has opened, to wherever. */
let opened = 0
const count = () => {
  opened++
}
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet, { behindProxy: true })
  headers = { Authorization: `Bearer ${await app.apiToken()}` }
  description = await fetchDescription(app)
  inside = createServer(() => reached++)
  await once(inside.listen(0, '127.0.0.1'), 'listening')
  const { port } = inside.address() as AddressInfo
  addresses = [
    `http://127.0.0.1:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `/ip4/127.0.0.1/tcp/${port}`,
    'http://169.254.169.254/latest/meta-data/',
    'unix:/var/run/docker.sock',
  ]
  subscribe('net.client.socket', count)
})
after(async () => {
  unsubscribe('net.client.socket', count)
  inside.close()
  await app.close()
  await fleet.close()
})

/** What `act` asks for, each in a connection of its own, is all that this process opens. */
async function opensOnly(act: () => Promise<number>): Promise<void> {
  opened = 0
  const asked = await act()
  assert.ok(asked > 0)
  assert.deepEqual({ opened, reached }, { opened: asked, reached: 0 })
}

test('A21 no field of the API takes an address', () => {
  const fields = textRequests(description, 'sample').map(({ field }) => field)
  assert.ok(fields.length > 40, `only ${fields.length} fields were found`)
  const named = /ur[il]|address|host|endpoint|callback|hook|proxy|mirror|href|link|domain|server|remote|path$/i
  const formats = new Set([undefined, 'base64', 'binary', 'date', 'date-time'])
  const taking = fields.filter(({ name, schema }) => named.test(name) || !formats.has(schema.format))
  assert.deepEqual(
    taking.map(({ where, name }) => `${where}: ${name}`),
    [],
  )
})

test('A21 an address in whatever field is a text, and nothing is fetched from there', DEADLINE, async () => {
  for (const address of addresses) {
    await opensOnly(async () => {
      const requests = textRequests(description, address)
      for (const { field, method, path, headers: more, body } of requests) {
        const asked = { method, path, headers: { ...headers, ...more }, ...(body === undefined ? {} : { body }) }
        const { status } = await rawRequest(app.url, asked)
        assert.ok(status < 500, `${field.where}: ${field.name} is answered ${status}`)
      }
      return requests.length
    })
  }
})

test('A21 what a request says of its host, its way and its origin leads nowhere', DEADLINE, async () => {
  const names = ['Host', 'Origin', 'Referer', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded']
  const more = ['X-Original-URL', 'X-Rewrite-URL', 'X-Real-IP', 'Via', 'Proxy', 'Destination', 'SOAPAction', 'Link']
  for (const address of addresses) {
    await opensOnly(async () => {
      for (const name of [...names, ...more]) {
        for (const path of ['/api/v1/patches', '/sign-in', '/nothing'])
          assert.ok((await rawRequest(app.url, { path, headers: { ...headers, [name]: address } })).status < 500)
      }
      await rawExchange(app.url, `GET ${address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      return 3 * (names.length + more.length) + 1
    })
  }
})

const topology = (entry: string) => `
organizations: { provider: Provider, tenants: [Acme] }
serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }
dataCenters: [{ ${entry}, wan: { down: 1 Gbit/s, up: 1 Gbit/s }, serviceProvider: 2 }]
`

test('A21 a topology file names places and no addresses', DEADLINE, async () => {
  const send = async (body: string) => {
    const path = '/api/v1/enrollment-tokens/topology'
    return (await rawRequest(app.url, { method: 'POST', path, headers, body })).status
  }
  await opensOnly(async () => {
    for (const address of addresses) {
      for (const key of ['address', 'url', 'listen'])
        assert.equal(await send(topology(`name: Lyon, ${key}: "${address}"`)), 422, key)
      assert.equal(
        await send(`# yaml-language-server: $schema=${address}\n${topology(`name: !include "${address}"`)}`),
        422,
      )
      assert.equal(await send(topology(`name: "${address}"`)), 200, address)
    }
    return 5 * addresses.length
  })
})
