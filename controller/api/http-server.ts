/**
 * The app on a real socket. The limits here are Node's own: a client must send its headers in time, but a body may take
 * as long as it keeps moving, since a large patch over a slow line is an honest upload; whether it moves is watched
 * where the upload is read.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { App } from './context.ts'

/** A client that opens a connection and dawdles holds one socket this long. */
const HEADERS_TIMEOUT_MS = 15_000
/** Of one address range or all; more open connections than this are refused at once. */
const MAX_CONNECTIONS = 5_000

export type HttpServer = {
  port: number
  /** Stops accepting, lets what is being answered end within `graceMs`, then cuts the rest. */
  close(graceMs?: number): Promise<void>
}

export async function serveHttp(
  app: App,
  options: { hostname: string; port: number; tls?: { cert: string | Buffer; key: string | Buffer } },
): Promise<HttpServer> {
  const { hostname, port, tls } = options
  const limits = { requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS }
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(tls === undefined
      ? { createServer: createHttpServer, serverOptions: limits }
      : { createServer: createHttpsServer, serverOptions: { ...limits, ...tls } }),
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    close: (graceMs = 0) =>
      new Promise((resolve) => {
        server.close(() => resolve())
        setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
      }),
  }
}
