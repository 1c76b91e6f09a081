/**
 * The pages of a fleet in which something is under way, as the server renders them: one of each address.
 */
import { policyFor } from '../../simulator/world/approving.ts'
import { type Fleet, useTwice } from './fleet-fixtures.ts'
import type { ServedApp } from './http-fixtures.ts'
import { keptPasskey, person, signIn } from './people-fixtures.ts'
import { publisherFixture } from './publisher-fixtures.ts'

export type Rendered = { address: string; html: string }

const LIST = '/appliances/software-updates'

export async function everyPage(fleet: Fleet, app: ServedApp): Promise<Rendered[]> {
  const patch = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  const order = { actor: 'admin', patch, organizations: ['acme'], dataCenter: 'All', allowOutage: false }
  await fleet.serviceCenter.carryOut({ kind: 'start-install', ...order } as never)
  const late = {
    name: 'acme-late',
    organization: 'acme',
    dataCenter: 'paris',
    kind: 'tenant',
    role: 'secondary',
  } as const
  await fleet.enroll({ ...late, group: 'late' })
  const other = { ...order, organizations: ['globex'] }
  const paused = await fleet.serviceCenter.carryOut({ kind: 'start-install', ...other } as never)
  if ('install' in paused)
    await fleet.serviceCenter.carryOut({ kind: 'pause-install', actor: 'admin', install: paused.install })
  const pinned = await fleet.publish({ name: 'zlib', version: '1' })
  await fleet.serviceCenter.carryOut({ kind: 'pin-patch', actor: 'Ana', patch: pinned, reason: 'for the audit' })
  await person(fleet.repository, 'Ana')
  await keptPasskey(fleet.repository, 'ana', 'Work laptop')
  const { session } = await signIn(app.url, { name: 'Ana' })
  await app.cookie()
  await app.apiToken()
  await fleet.serviceCenter.uploads.create({ owner: 'Ana', filename: 'kernel.deb', bytes: 9, lastModified: null })
  const { publisher } = publisherFixture('Acme')
  await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Ana', publisher })
  const document = policyFor(fleet.serviceCenter.state.signing.peer)
  await fleet.serviceCenter.carryOut({ kind: 'set-policy', actor: 'Ana', document })
  const window = { name: 'sundays', kind: 'window', organization: null, dataCenter: null, zone: 'UTC', minutes: 60 }
  const weekly = { ...window, begins: '2090-01-01T02:00', rule: 'FREQ=WEEKLY' }
  await fleet.serviceCenter.carryOut({ kind: 'set-window', actor: 'Ana', window: weekly } as never)
  const place = { organization: 'acme', dataCenter: 'paris', kind: 'tenant' }
  await fleet.serviceCenter.carryOut({ kind: 'set-baseline', actor: 'Ana', place, patch } as never)
  const slot = {
    organization: 'Org 1000',
    dataCenter: 'rome',
    kind: 'service-provider',
    role: 'primary',
    group: 'depot',
  }
  await fleet.serviceCenter.issueToken({ slot: { name: 'rome-1', ...slot } as never, replaces: null, actor: 'Ana' })
  await useTwice(fleet, 'paris/secondary')
  const headers = { Cookie: session ?? '', Accept: 'text/html' }
  const appliance = encodeURIComponent('paris/secondary')
  const values: Record<string, string> = {
    patch,
    appliance,
    person: 'Ana',
    name: 'paris',
    publisher: 'Acme',
    window: 'sundays',
  }
  const queries: Record<string, string> = {
    [`${LIST}/:patch/install`]: '?organization=globex',
  }
  // Browsers have passkeys for host names alone.
  const page = app.url.replace('127.0.0.1', 'localhost')
  const routes = new Set(app.routes.filter(isPage).map(({ path }) => path))
  return Promise.all(
    [...routes].map(async (route) => {
      const path = route.replace(/:(\w+)/g, (_, name: string) => values[name] ?? name)
      const address = `${path}${queries[route] ?? ''}`
      return { address, html: await (await fetch(`${page}${address}`, { headers })).text() }
    }),
  )
}

function isPage({ method, path }: { method: string; path: string }): boolean {
  return method === 'GET' && !/^\/(api|assets|livez|readyz|metrics|sign-in)\b/.test(path)
}
