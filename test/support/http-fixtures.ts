/**
 * The app of a fleet on a real socket of loopback, and people and scripts who may use it.
 */
import { createApp } from '../../controller/api/app.ts'
import { type HttpLimits, type HttpServer, serveHttp } from '../../controller/api/http-server.ts'
import { permissionOf } from '../../controller/api/permitted.ts'
import type { AccessRole, Permission } from '../../controller/core/permissions.ts'
import { makeAccess } from '../../controller/shell/access.ts'
import type { OwnMachine } from '../../controller/shell/own-machine.ts'
import { TrailWatch } from '../../controller/shell/trail-watch.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import type { Fleet } from './fleet-fixtures.ts'

export type ServedApp = {
  /** Of every route: the method and path it was registered with. */
  routes: { method: string; path: string; permission: Permission | undefined }[]
  url: string
  /** Each line of the log, as one text. */
  log: string[]
  signInLink(): Promise<string>
  /** With every right, unless it says which. */
  apiToken(rights?: { role: AccessRole; organizations?: string[] }): Promise<string>
  /** The `Cookie` header of a new session. */
  cookie(): Promise<string>
  close(): Promise<void>
}

/** Of a process that has logged nothing and serves no HTTPS. */
const MACHINE: OwnMachine = {
  recentLog: () => '',
  settings: () => ({}),
  freeBytes: () => 1e12,
  certificateUntil: () => null,
}

export async function serveApp(
  fleet: Fleet,
  options: {
    origins?: string[]
    clock?: () => number
    secure?: boolean
    behindProxy?: boolean
    port?: number
    limits?: HttpLimits
    machine?: Partial<OwnMachine>
  } = {},
): Promise<ServedApp> {
  const { serviceCenter, repository } = fleet
  const log: string[] = []
  const { clock = Date.now } = options
  const write = (fields: Record<string, unknown>, line: string) => void log.push(JSON.stringify({ line, ...fields }))
  const appLog = { info: write, error: write }
  const app = createApp({
    serviceCenter,
    repository,
    trailWatch: new TrailWatch({ repository, clock, log: appLog }),
    machine: { ...MACHINE, ...options.machine },
    clock,
    log: appLog,
    secureCookies: options.secure ?? false,
    behindProxy: options.behindProxy ?? false,
    origins: options.origins ?? [],
  })
  const { port = 0, limits } = options
  const server: HttpServer = await serveHttp(app, {
    ...{ hostname: '127.0.0.1', port },
    ...(limits === undefined ? {} : { limits }),
  })
  const url = `http://127.0.0.1:${server.port}`
  const signInLink = async () =>
    `${url}/sign-in?link=${await makeAccess(repository, { kind: 'sign-in-link', name: 'admin', nowMs: clock() })}`
  return {
    routes: app.routes.map(({ method, path, handler }) => ({ method, path, permission: permissionOf(handler) })),
    url,
    log,
    signInLink,
    apiToken({ role = 'owner', organizations } = { role: 'owner' }) {
      const limit = organizations?.map((name) => OrganizationName.parse(name)) ?? null
      return makeAccess(repository, { kind: 'api-token', name: 'script', role, organizations: limit })
    },
    async cookie() {
      const answer = await fetch(await signInLink(), { redirect: 'manual' })
      return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    },
    close: () => server.close(),
  }
}
