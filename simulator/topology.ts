/**
 * The topology that is built in: what `patchmesh demo` runs. The value itself, which files are read into, is described
 * in controller/topology/topology.ts, since the Service Center's command line enrolls from it too.
 */
import type { Link, Topology, TopologyAppliance, TopologyDataCenter } from '../controller/topology/topology.ts'
import {
  type ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  OrganizationName,
  type Role,
  SERVICE_PROVIDER,
  TENANT,
} from '../protocol/identifiers.ts'

export type { Link, Outage, Topology, TopologyAppliance, TopologyDataCenter } from '../controller/topology/topology.ts'

const PAIR = GroupName.parse('pair')
const ROLES: readonly Role[] = ['primary', 'secondary']
const DISK_BYTES = 100e9
const LAN_BITS_PER_SECOND = 10e9

/** A Service Provider pair in each Data Center, and a pair of each of two tenant organizations beside it. */
export function demoTopology(count: number): Topology {
  const appliances: TopologyAppliance[] = []
  const dataCenters: TopologyDataCenter[] = []
  for (let number = 1; number <= count; number++) {
    const name = DataCenterName.parse(`Data Center ${number}`)
    dataCenters.push({ name, wan: clearLink(1e9) })
    appliances.push(...pairOf('Provider', name, `dc${number}-sp`, SERVICE_PROVIDER))
    appliances.push(...pairOf('Acme', name, `dc${number}-acme`, TENANT))
    appliances.push(...pairOf('Globex', name, `dc${number}-globex`, TENANT))
  }
  return { appliances, dataCenters, serviceCenter: clearLink(10e9), lanBitsPerSecond: LAN_BITS_PER_SECOND }
}

function pairOf(
  organization: string,
  dataCenter: DataCenterName,
  prefix: string,
  kind: ApplianceKind,
): TopologyAppliance[] {
  return ROLES.map((role) => ({
    name: ApplianceName.parse(`${prefix}-${role}`),
    organization: OrganizationName.parse(organization),
    dataCenter,
    kind,
    role,
    group: PAIR,
    diskBytes: DISK_BYTES,
  }))
}

/** The same rate both ways, and nothing in its way. */
function clearLink(bitsPerSecond: number): Link {
  return {
    downBitsPerSecond: bitsPerSecond,
    upBitsPerSecond: bitsPerSecond,
    latencyMs: 0,
    lossRatio: 0,
    unavailable: [],
  }
}
