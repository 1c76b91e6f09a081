/**
 * What a fleet looks like, before it exists: Data Centers, the provider's pair in each, and tenant organizations with
 * their appliances. A topology is plain data; whoever runs one, as processes or in virtual time, reads the same value.
 */

import type { Slot } from '../controller/core/records.ts'
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

export type Topology = { readonly appliances: readonly Slot[] }

const PAIR = GroupName.parse('pair')
const ROLES: readonly Role[] = ['primary', 'secondary']

/** A Service Provider pair in each Data Center, and a pair of each of two tenant organizations beside it. */
export function demoTopology(dataCenters: number): Topology {
  const appliances: Slot[] = []
  for (let number = 1; number <= dataCenters; number++) {
    const dataCenter = DataCenterName.parse(`Data Center ${number}`)
    appliances.push(...pairOf('Provider', dataCenter, `dc${number}-sp`, SERVICE_PROVIDER))
    appliances.push(...pairOf('Acme', dataCenter, `dc${number}-acme`, TENANT))
    appliances.push(...pairOf('Globex', dataCenter, `dc${number}-globex`, TENANT))
  }
  return { appliances }
}

function pairOf(organization: string, dataCenter: Slot['dataCenter'], prefix: string, kind: ApplianceKind): Slot[] {
  return ROLES.map((role) => ({
    name: ApplianceName.parse(`${prefix}-${role}`),
    organization: OrganizationName.parse(organization),
    dataCenter,
    kind,
    role,
    group: PAIR,
  }))
}
