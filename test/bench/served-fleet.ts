/**
 * The Service Center of the bench of the console, in a process of its own so that its clients do not take its time. It
 * serves a large fleet, and when told to, appliances of it report.
 */
import { makeAccess } from '../../controller/shell/access.ts'
import { Notices } from '../../controller/shell/notices.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { type Extent, largeFleet } from './large-fleet.ts'

export type Told =
  | { kind: 'ready'; url: string; cookies: string[]; limited: string; patch: string; appliance: string }
  | { kind: 'reported'; heapBytes: number }
  | { kind: 'received' }
export type Asked = { kind: 'report'; reports: number; seconds: number } | { kind: 'receive' }

const extent = JSON.parse(process.argv[2] ?? '') as Extent & { admins: number }
const { fleet, patches, tenants } = await largeFleet(extent)
// As in production, where many changes are told together.
const { serviceCenter, repository } = fleet
const notices = new Notices()
serviceCenter.subscribe((topic) => notices.tell(topic))
const told = { ...fleet, serviceCenter: { ...serviceCenter, subscribe: notices.subscribe.bind(notices) } }
const app = await serveApp(told)
const newest = patches.at(-1) ?? patches[0]
if (newest === undefined) throw new Error('the fleet has no patch')
const cookies = await Promise.all(
  Array.from({ length: extent.admins }, async (_, number) => {
    const name = `admin ${number}`
    return `patchmesh-session=${await makeAccess(repository, { kind: 'session', name })}`
  }),
)
const organizations = [OrganizationName.parse('organization-1')]
const access = { kind: 'session', name: 'limited', role: 'operator', organizations } as const
const limited = `patchmesh-session=${await makeAccess(repository, access)}`
const [appliance = ''] = tenants
tell({ kind: 'ready', url: app.url, cookies, limited, patch: newest, appliance })

// Ends with whoever started it.
process.on('disconnect', () => process.exit())
process.on('message', async (asked: Asked) => {
  if (asked.kind === 'receive') {
    const depot = [...serviceCenter.state.appliances.values()].find(
      ({ kind, peer }) => kind === 'service-provider' && !serviceCenter.state.receipts.get(newest)?.has(peer),
    )
    if (depot === undefined) throw new Error('every receipt is there')
    await fleet.sendReceipt(depot.name, newest)
    return tell({ kind: 'received' })
  }
  const began = performance.now()
  for (let number = 0; number < asked.reports; number++) {
    const name = tenants[number % tenants.length] ?? ''
    await fleet.detect(name, newest, number % 2 === 0 ? 'installed' : 'applicable', '1.1')
    const due = (number * asked.seconds * 1000) / asked.reports
    const early = due - (performance.now() - began)
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
  }
  collectGarbage()
  tell({ kind: 'reported', heapBytes: process.memoryUsage().heapUsed })
})

/** What is left is what is held. */
function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc')
  globalThis.gc()
}

function tell(message: Told): void {
  process.send?.(message)
}
