/**
 * A member of a depot comes back with another address, as after a move to another network. Only while each of its tenant
 * appliances has the address of another member: one that has none can only be enrolled again.
 */

import { ListenAddress } from '../../protocol/identifiers.ts'
import { dataCenterOf, type Evidence, isTenant } from '../checkers/evidence.ts'
import type { FaultKind } from '../faults.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Act } from './hands.ts'

export const addressActs = {
  'new-address': (fault, hands) => {
    const { evidence } = hands
    const appliance = hands.running(fault)
    if (appliance === null || evidence.clones.has(appliance.peer) || isOnlyWay(evidence, appliance)) return null
    appliance.losePower()
    // Nobody else has one of that network.
    appliance.addresses = [ListenAddress.parse(`/ip4/10.200.${fault.id >> 8}.${fault.id & 255}/tcp/4001`)]
    return () => hands.startAgain(appliance)
  },
} satisfies Partial<Record<FaultKind, Act>>

function isOnlyWay(evidence: Evidence, appliance: SimulatedAppliance): boolean {
  const site = dataCenterOf(appliance.name)
  const tenants = evidence.fleet().filter(({ name }) => isTenant(name) && dataCenterOf(name) === site)
  return tenants.some((tenant) => evidence.waysOf(tenant).every((way) => way === appliance))
}
