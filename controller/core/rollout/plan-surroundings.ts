/**
 * What an install depends on beside its own appliances: the maintenance windows that hold where they are, and the other
 * installs that go on for their pairs.
 */
import { groupKey } from '../census.ts'
import { title } from '../patch-identity.ts'
import type { ApplianceRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { inWords } from '../windows/setting.ts'
import { windowsByPlace } from '../windows/targets.ts'
import type { PlanBody } from './install-plan.ts'
import { isFinal } from './install-states.ts'

/** `sundays: window of acme: 240 minutes from …`, by name. */
export function windowsOver(state: ServiceCenterState, appliances: readonly ApplianceRecord[]): string[] {
  const windowsAt = windowsByPlace(state)
  const applying = new Set(appliances.map(windowsAt))
  const windows = [...applying].flatMap(({ windows, blackouts }) => [...windows, ...blackouts])
  return [...new Set(windows.map((window) => `${window.name}: ${inWords(window)}`))].sort()
}

/** Those that have not ended, by id. */
export function installsBeside(state: ServiceCenterState, appliances: readonly ApplianceRecord[]): PlanBody['beside'] {
  const groups = new Set(appliances.map(groupKey))
  return [...state.open]
    .flatMap((id) => {
      const install = state.installs.get(id)
      if (install === undefined) return []
      const goesOn = [...(state.targets.get(id)?.values() ?? [])].some((target) => {
        const appliance = state.appliances.get(target.appliance)
        return appliance !== undefined && !isFinal(target.state) && groups.has(groupKey(appliance))
      })
      const patch = state.patches.get(install.patch)
      return goesOn && patch !== undefined ? [{ install: id, patch: title(patch) }] : []
    })
    .sort((left, right) => (left.install < right.install ? -1 : 1))
}
