/**
 * The app of a fleet on a real socket of loopback, and people and scripts who may use it.
 */
import { createApp } from '../../controller/api/app.ts'
import { type HttpServer, serveHttp } from '../../controller/api/http-server.ts'
import { makeAccess } from '../../controller/shell/access.ts'
import type { Fleet } from './fleet-fixtures.ts'

export type ServedApp = {
  /** Of every route: the method and path it was registered with. */
  routes: { method: string; path: string }[]
  url: string
  /** Each line of the log, as one text. */
  log: string[]
  signInLink(): Promise<string>
  apiToken(): Promise<string>
  /** The `Cookie` header of a new session. */
  cookie(): Promise<string>
  close(): Promise<void>
}

export async function serveApp(fleet: Fleet, options: { origins?: string[]; port?: number } = {}): Promise<ServedApp> {
  const { serviceCenter, repository } = fleet
  const log: string[] = []
  const write = (fields: Record<string, unknown>, line: string) => void log.push(JSON.stringify({ line, ...fields }))
  const app = createApp({
    serviceCenter,
    repository,
    clock: Date.now,
    log: { info: write, error: write },
    secureCookies: false,
    origins: options.origins ?? [],
  })
  const server: HttpServer = await serveHttp(app, { hostname: '127.0.0.1', port: options.port ?? 0 })
  const url = `http://127.0.0.1:${server.port}`
  const signInLink = async () =>
    `${url}/sign-in?link=${await makeAccess(repository, { kind: 'sign-in-link', name: 'admin' })}`
  return {
    routes: app.routes.map(({ method, path }) => ({ method, path })),
    url,
    log,
    signInLink,
    apiToken: () => makeAccess(repository, { kind: 'api-token', name: 'script' }),
    async cookie() {
      const answer = await fetch(await signInLink(), { redirect: 'manual' })
      return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    },
    close: () => server.close(),
  }
}
