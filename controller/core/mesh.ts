/**
 * The mesh as people are shown it: the Service Center, each Data Center with its Service Provider appliances, and who
 * sends pieces to whom right now. An appliance tells how much arrives and from whom, not how much from each: the rate is
 * divided evenly among its sources.
 */
import type { DataCenterName, Sha256 } from '../../protocol/identifiers.ts'
import type { CopyState } from '../../protocol/messages.ts'
import { incoming, nameOf } from './copies.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord } from './records.ts'
import { copyOf, serviceProviderAppliances } from './replications.ts'
import type { ServiceCenterState } from './state.ts'

export type MeshMember = { name: string; role: string; reachable: boolean; state: CopyState }
export type MeshDataCenter = { name: string; members: MeshMember[]; appliances: number; bytesPerSecond: number }
/** `dataCenter` is null for the Service Center. */
export type MeshEnd = { name: string; dataCenter: string | null }
export type MeshFlow = { from: MeshEnd; to: MeshEnd; bytesPerSecond: number }
export type Mesh = {
  dataCenters: MeshDataCenter[]
  /** The fastest first. */
  flows: MeshFlow[]
  /** Out of the Service Center. */
  sentBytesPerSecond: number
}

/** `patch` null: of all patches together. */
export function mesh(state: ServiceCenterState, patch: Sha256 | null): Mesh {
  const patches = patch === null ? livePatches(state).map(({ sha256 }) => sha256) : [patch]
  const depots = serviceProviderAppliances(state)
  const flows = flowsTo(state, patches, depots)
  const appliances = countsOf(state)
  const dataCenters = [...Map.groupBy(depots, ({ dataCenter }) => dataCenter)].map(([name, members]) => ({
    name,
    members: members.map((member) => meshMember(state, patches, member)),
    appliances: appliances.get(name) ?? members.length,
    bytesPerSecond: sumOf(flows.filter(({ to }) => to.dataCenter === name)),
  }))
  const sentBytesPerSecond = sumOf(flows.filter(({ from }) => from.dataCenter === null))
  return { dataCenters, flows, sentBytesPerSecond }
}

function flowsTo(
  state: ServiceCenterState,
  patches: readonly Sha256[],
  depots: readonly ApplianceRecord[],
): MeshFlow[] {
  const flows = new Map<string, MeshFlow>()
  for (const depot of depots) {
    for (const patch of patches) {
      const { bytesPerSecond, sources } = incoming(state, patch, depot)
      for (const source of sources) {
        const name = nameOf(state, source)
        if (name === undefined) continue
        const key = `${source} ${depot.peer}`
        const flow = flows.get(key) ?? {
          from: { name, dataCenter: state.appliances.get(source)?.dataCenter ?? null },
          to: { name: depot.name, dataCenter: depot.dataCenter },
          bytesPerSecond: 0,
        }
        flows.set(key, { ...flow, bytesPerSecond: flow.bytesPerSecond + Math.round(bytesPerSecond / sources.length) })
      }
    }
  }
  return [...flows.values()].sort((left, right) => right.bytesPerSecond - left.bytesPerSecond)
}

/** Of several patches the state that is furthest from done. */
function meshMember(state: ServiceCenterState, patches: readonly Sha256[], appliance: ApplianceRecord): MeshMember {
  const { name, role, peer } = appliance
  const states = new Set(patches.map((patch) => copyOf(state, patch, appliance).state))
  // Without a patch there is nothing to wait for.
  const furthest = (['transferring', 'verifying', 'waiting'] as const).find((one) => states.has(one)) ?? 'replicated'
  return { name, role, reachable: state.sessions.has(peer), state: furthest }
}

function countsOf(state: ServiceCenterState): Map<DataCenterName, number> {
  const counts = new Map<DataCenterName, number>()
  for (const { dataCenter } of state.appliances.values()) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) + 1)
  return counts
}

function sumOf(flows: readonly MeshFlow[]): number {
  return flows.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0)
}
