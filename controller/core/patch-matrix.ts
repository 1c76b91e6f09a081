/**
 * Where a patch is installed, by organization and Data Center. Each appliance counts once, so the four counts of a cell
 * are all appliances there, and rows and columns add up to the whole. What an appliance has not said counts as unknown.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { appliancesByPlace } from './census.ts'
import { findingOn } from './findings.ts'
import type { ServiceCenterState } from './state.ts'

export type PatchCounts = { patched: number; unpatched: number; notApplicable: number; unknown: number }
export type PlaceCounts = PatchCounts & { dataCenter: string }
export type PatchMatrix = {
  dataCenters: PlaceCounts[]
  /** Only cells with appliances; in the order of `dataCenters`. */
  organizations: (PatchCounts & { organization: string; dataCenters: PlaceCounts[] })[]
  all: PatchCounts
}

const KINDS = {
  installed: 'patched',
  applicable: 'unpatched',
  notApplicable: 'notApplicable',
  unknown: 'unknown',
} as const satisfies Record<string, keyof PatchCounts>

export function patchMatrix(state: ServiceCenterState, patch: Sha256): PatchMatrix {
  const record = state.patches.get(patch)
  const all = nothing()
  const columns = new Map<string, PlaceCounts>()
  const rows = new Map<string, { sum: PatchCounts; cells: Map<string, PlaceCounts> }>()
  for (const appliance of appliancesByPlace(state)) {
    const { organization, dataCenter } = appliance
    const kind = KINDS[record === undefined ? 'unknown' : findingOn(state, record, appliance).result]
    const row = found(rows, organization, () => ({ sum: nothing(), cells: new Map() }))
    const place = () => ({ dataCenter, ...nothing() })
    for (const counts of [all, row.sum, found(columns, dataCenter, place), found(row.cells, dataCenter, place)])
      counts[kind] += 1
  }
  const organizations = [...rows].map(([organization, { sum, cells }]) => ({
    organization,
    ...sum,
    dataCenters: [...cells.values()],
  }))
  organizations.sort((left, right) => (left.organization < right.organization ? -1 : 1))
  return { dataCenters: [...columns.values()], organizations, all }
}

function nothing(): PatchCounts {
  return { patched: 0, unpatched: 0, notApplicable: 0, unknown: 0 }
}

function found<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
