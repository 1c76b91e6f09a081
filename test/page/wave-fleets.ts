/**
 * Fleets in which an install is about to go, or goes, in waves.
 */
import { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import type { InstallId } from '../../protocol/identifiers.ts'
import { everyoneNeeds, type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'
import { replicate } from './state-fleets.ts'

const MINUTE_MS = 60_000

/**
 * An install in the middle of its waves, begun half an hour ago: the first pair has stood with the patch, another is under way, some wait
 * for their turn and some for a maintenance window.
 */
export async function wavingFleet(opensInMinutes = 45): Promise<Fleet> {
  const fleet = await standardFleet()
  const { state } = fleet.serviceCenter
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service', estimateSeconds: 240 })
  await everyoneNeeds(fleet, kernel)
  await replicate(fleet, kernel)
  const begins = new Date(Date.now() + opensInMinutes * MINUTE_MS).toISOString().slice(0, 16)
  const window = { name: 'tonight', kind: 'window', organization: 'globex', dataCenter: null, zone: 'UTC' }
  await fleet.serviceCenter.carryOut({
    ...{ kind: 'set-window', actor: 'Ana' },
    window: MaintenanceWindow.parse({ ...window, begins, rule: 'FREQ=DAILY', minutes: 60 }),
  })
  const organizations = [...new Set([...state.appliances.values()].map(({ organization }) => organization))]
  const scope = { organizations, dataCenter: 'All' as const, allowOutage: false, waveSoakSeconds: 600 }
  await fleet.serviceCenter.carryOut({ kind: 'start-install', actor: 'Ana', patch: kernel, ...scope })
  const [install] = state.installs.values()
  if (install === undefined) throw new Error('no install was started')
  state.installs.set(install.id, { ...install, state: 'running', startedAt: Date.now() - 30 * MINUTE_MS })
  for (const [name, beganMinutesAgo, endedMinutesAgo] of [
    ['paris/secondary', 29, 25],
    ['paris/primary', 24, 20],
  ] as const) {
    for (const step of ['installing', 'installed'] as const) await fleet.report(name, install.id, step)
    await fleet.detect(name, kernel, 'installed', '6.1')
    setTimes(
      fleet,
      { install: install.id, name },
      { orderedAt: 30, beganAt: beganMinutesAgo, changedAt: endedMinutesAgo },
    )
  }
  for (const since of state.standsSinceMs.values()) for (const order of since.keys()) since.set(order, -30 * MINUTE_MS)
  await fleet.detect('acme-tokyo-primary', kernel, 'applicable', '0.9')
  await fleet.report('acme-paris-secondary', install.id, 'installing', { reason: 'runs the installer' })
  for (const role of ['secondary', 'primary'])
    setTimes(
      fleet,
      { install: install.id, name: `acme-paris-${role}` },
      { orderedAt: 3, ...(role === 'secondary' ? { beganAt: 2 } : {}) },
    )
  return fleet
}

/** The same, and the next window opens in four days. */
export function longWaitFleet(): Promise<Fleet> {
  return wavingFleet(4 * 24 * 60)
}

/** Everything is where it should be: a patch, others that could go before it, and one that nobody could install. */
export async function choosingFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const others: Parameters<Fleet['publish']>[0][] = [
    { name: 'kernel', version: '6.1', restart: 'service' },
    { name: 'base', version: '2', restart: 'service' },
    { name: 'firmware', version: '1.2.2', restart: 'reboot' },
    { name: 'agent', version: '9', requires: [{ name: 'missing', version: '1' }] },
  ]
  for (const one of others) {
    const patch = await fleet.publish(one)
    await everyoneNeeds(fleet, patch)
    await replicate(fleet, patch)
  }
  return fleet
}

type Times = Partial<Record<'orderedAt' | 'beganAt' | 'changedAt', number>>

/** So many minutes ago. */
function setTimes(fleet: Fleet, { install, name }: { install: InstallId; name: string }, minutesAgo: Times): void {
  const of = fleet.serviceCenter.state.targets.get(install)
  const target = of?.get(peerOf(fleet, name))
  if (of === undefined || target === undefined) throw new Error(`${name} is no target`)
  const times = Object.entries(minutesAgo).map(([what, minutes]) => [what, Date.now() - minutes * MINUTE_MS])
  of.set(target.appliance, { ...target, ...Object.fromEntries(times) })
}
