/**
 * Nothing begins outside of its window: by the windows and blackouts that the Service Center wrote down, worked out here
 * anew by counting minutes, an installer that begins is within one, as they were when it was ordered or as they are now.
 * A clock that a fault has set may show it another time: what is right by the clock of the appliance, or of the Service
 * Center, is right; and one that was set back to before the order says nothing.
 */
import type { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import type { InstallId, OrderId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, dataCenterOf, type Evidence, organizationOf } from './evidence.ts'

const MINUTE_MS = 60_000
/** A clock is told every half second, and the Service Center's may have been told before that of the appliance. */
const TICK_SLACK_MS = 1_500

type Ordered = { install: InstallId; appliance: PeerId; at: number; windows: readonly MaintenanceWindow[] }

export function windows(evidence: Evidence): Checker {
  const name = 'nothing begins outside of its window'
  const { world } = evidence
  const now = new Map<string, MaintenanceWindow>()
  const installs = new Map<InstallId, { patch: Sha256; outsideWindows: boolean }>()
  const ordered = new Map<OrderId, Ordered>()

  const mayBegin = (who: SimulatedAppliance, { install, at }: Ordered, set: readonly MaintenanceWindow[]): boolean => {
    if (installs.get(install)?.outsideWindows === true) return true
    const ofCenter = world.center.process.clock.read(world.nowMs, world.wall).wallMs
    const own = who.process.clock.read(world.nowMs, world.wall).wallMs
    return [own, ofCenter].some((wallMs) => wallMs < at || isWithin(set, who.name, wallMs))
  }

  return {
    name,
    committed(change) {
      if (change.table === 'windows') {
        if (change.row.window === null) now.delete(change.row.name)
        else now.set(change.row.name, change.row.window)
      } else if (change.table === 'installs') installs.set(change.row.id, change.row)
      else if (change.table === 'targets' && change.row.order !== null) {
        const { install, appliance, order, changedAt: at } = change.row
        if (!ordered.has(order.id)) ordered.set(order.id, { install, appliance, at, windows: [...now.values()] })
      }
    },
    performed(who, effect) {
      if (effect.kind !== 'run-step' || effect.step !== 'install' || !evidence.isMember(who)) return
      const { sha256, name: title } = effect.publication
      const given = [...ordered.values()].filter(
        ({ install, appliance }) => appliance === who.peer && installs.get(install)?.patch === sha256,
      )
      evidence.expect(
        given.length === 0 ||
          given.some((order) => [order.windows, [...now.values()]].some((set) => mayBegin(who, order, set))),
        name,
        () => `${who.name} begins to install ${title} when none of its maintenance windows is open`,
      )
    },
  }
}

function isWithin(set: readonly MaintenanceWindow[], name: string, wallMs: number): boolean {
  const concerned = set.filter(
    ({ organization, dataCenter }) =>
      (organization === null || organization === organizationOf(name)) &&
      (dataCenter === null || dataCenter === dataCenterOf(name)),
  )
  if (concerned.some((window) => window.kind === 'blackout' && isOpen(window, wallMs, -TICK_SLACK_MS))) return false
  const named = concerned.filter(({ kind }) => kind === 'window')
  const closest = [
    named.filter(({ organization, dataCenter }) => organization !== null && dataCenter !== null),
    named.filter(({ organization }) => organization !== null),
    named,
  ].find((some) => some.length > 0)
  return closest === undefined || closest.some((window) => isOpen(window, wallMs, TICK_SLACK_MS))
}

/** Worlds set windows in UTC that come again after so many minutes, or once. */
function isOpen({ begins, rule, minutes }: MaintenanceWindow, wallMs: number, slackMs: number): boolean {
  const sinceMs = wallMs - Date.parse(`${begins}Z`)
  const every = /^FREQ=MINUTELY;INTERVAL=(\d+)$/.exec(rule)?.[1]
  const intoMs =
    every === undefined
      ? sinceMs
      : sinceMs - Math.floor(sinceMs / (Number(every) * MINUTE_MS)) * Number(every) * MINUTE_MS
  return intoMs >= -slackMs && intoMs < minutes * MINUTE_MS + slackMs
}
