/**
 * What the admins of a world set of maintenance windows: in some worlds none, in others one or two that open and close again
 * within minutes, for everybody, an organization or a Data Center, and a blackout now and then; some change their mind. They
 * are drawn after everything else, so that a world without them is what it was.
 */
import { MaintenanceWindow } from '../controller/core/windows/window.ts'
import { nextBelow, type Random } from '../protocol/random.ts'
import { ADMINS, chance, type Deed, type Estate, pick, type Workload } from './workload.ts'
import { START_WALL_MS } from './world/world.ts'

/** Before every world begins, and wherever its clocks may be set. */
const LONG_AGO = '2025-06-01T00:00'
/** Of a hundred; taken where few seeds of planted bugs lie, whose worlds shall stay what they were. */
const WORLDS_WITH_WINDOWS = { from: 76, to: 94 }
const TENANTS = ['provider', 'acme', 'globex']

export function withWindows(random: Random, workload: Workload, estate: Estate, safetyMs: number): Workload {
  const dice = nextBelow(random, 100)
  if (dice < WORLDS_WITH_WINDOWS.from || dice >= WORLDS_WITH_WINDOWS.to) return workload
  const deeds: Deed[] = []
  const draw = (name: string): void => {
    const atMs = 1_000 + nextBelow(random, Math.floor(safetyMs / 3))
    deeds.push({
      kind: 'set-window',
      window: drawWindow(random, name, estate, atMs),
      atMs,
      admin: pick(random, ADMINS),
    })
    if (!chance(random, 25)) return
    const removedAtMs = atMs + nextBelow(random, safetyMs - atMs)
    deeds.push({
      kind: 'remove-window',
      name: name as MaintenanceWindow['name'],
      atMs: removedAtMs,
      admin: pick(random, ADMINS),
    })
  }
  draw('first')
  if (chance(random, 50)) draw('second')
  if (chance(random, 40)) draw('freeze')
  const installs = workload.deeds.map((deed) =>
    deed.kind === 'install' && chance(random, 10) ? { ...deed, outsideWindows: true } : deed,
  )
  return { ...workload, deeds: [...installs, ...deeds].sort((left, right) => left.atMs - right.atMs) }
}

function drawWindow(random: Random, name: string, { dataCenters }: Estate, atMs: number): MaintenanceWindow {
  const scope = {
    organization: chance(random, 60) ? pick(random, TENANTS) : null,
    dataCenter: chance(random, 30) ? pick(random, dataCenters) : null,
  }
  const every = 2 + nextBelow(random, 4)
  const comes = { begins: LONG_AGO, rule: `FREQ=MINUTELY;INTERVAL=${every}`, minutes: 1 + nextBelow(random, every - 1) }
  const once = {
    begins: new Date(START_WALL_MS + atMs + nextBelow(random, 60_000)).toISOString().slice(0, 16),
    ...{ rule: '', minutes: 2 + nextBelow(random, 3) },
  }
  const isBlackout = name === 'freeze'
  return MaintenanceWindow.parse({
    ...{ name, kind: isBlackout ? 'blackout' : 'window', ...scope, zone: 'UTC' },
    ...(isBlackout ? once : comes),
  })
}
