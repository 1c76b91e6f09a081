/**
 * Where an appliance stands, written plainly in a test; the schemas of the protocol turn it into what the core keeps.
 */
import type { Slot } from '../../controller/core/records.ts'
import * as identifiers from '../../protocol/identifiers.ts'

export type SlotText = {
  name: string
  organization: string
  dataCenter: string
  kind: string
  role: 'primary' | 'secondary'
  group?: string
}

export function slotOf(slot: SlotText): Slot {
  return {
    name: identifiers.ApplianceName.parse(slot.name),
    organization: identifiers.OrganizationName.parse(slot.organization),
    dataCenter: identifiers.DataCenterName.parse(slot.dataCenter),
    kind: identifiers.ApplianceKind.parse(slot.kind),
    role: slot.role,
    group: identifiers.GroupName.parse(slot.group ?? `${slot.organization} ${slot.dataCenter} ${slot.kind}`),
  }
}
