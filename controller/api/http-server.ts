/**
 * The app on a real socket, with limits on what a client can hold of it: connections, the time to send the headers, and
 * the time in which nothing moves. There is none on the whole of a request, since a large patch over a slow line is an
 * honest upload.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { assert } from '../../protocol/assert.ts'
import type { App } from './context.ts'
import { discardRests } from './rest-of-request.ts'
import { endStalled } from './stalled-connections.ts'

export type HttpLimits = {
  /** A client that opens a connection and dawdles holds one socket this long, and half as long again at most. */
  headersMs: number
  /** An exchange in which nothing moves ends after once to twice this time. */
  stalledMs: number
  /** Of one address range or all; more open connections than this are refused at once. */
  connections: number
}

const LIMITS: HttpLimits = { headersMs: 10_000, stalledMs: 60_000, connections: 5_000 }

export type Certificate = { cert: string | Buffer; key: string | Buffer }

export type HttpServer = {
  port: number
  /** New connections get this certificate; only for a server that has one. */
  renew(tls: Certificate): void
  /** Stops accepting, lets what is being answered end within `graceMs`, then cuts the rest. */
  close(graceMs?: number): Promise<void>
}

export async function serveHttp(
  app: App,
  options: {
    hostname: string
    port: number
    tls?: Certificate
    limits?: HttpLimits
  },
): Promise<HttpServer> {
  const { hostname, port, tls, limits = LIMITS } = options
  const { headersMs, stalledMs, connections } = limits
  const timeouts = { requestTimeout: 0, headersTimeout: headersMs, connectionsCheckingInterval: headersMs / 2 }
  const server = createAdaptorServer({
    fetch: app.fetch,
    // It would end a connection half a second after an answer that comes before the end of its request.
    autoCleanupIncoming: false,
    ...(tls === undefined
      ? { createServer: createHttpServer, serverOptions: timeouts }
      : { createServer: createHttpsServer, serverOptions: { ...timeouts, ...tls, handshakeTimeout: headersMs } }),
  })
  server.maxConnections = connections
  discardRests(server)
  endStalled(server, stalledMs)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    renew: (renewed) => {
      assert(server instanceof HttpsServer, 'a certificate is renewed where there is one')
      server.setSecureContext(renewed)
    },
    close: (graceMs = 0) =>
      new Promise((resolve) => {
        server.close(() => resolve())
        setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
      }),
  }
}
