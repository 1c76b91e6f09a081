/**
 * No premature pairing: nobody is disrupted while a member of its group that took the place of another, and would have to
 * serve meanwhile, lacks something that it has installed itself.
 */

import type { ApplianceRecord } from '../../controller/core/records.ts'
import type { InstallId, Sha256 } from '../../protocol/identifiers.ts'
import type { Checker, Evidence } from './evidence.ts'

export function pairing(evidence: Evidence): Checker {
  const name = 'no premature pairing'
  const installs = new Map<InstallId, { patch: Sha256; allowOutage: boolean }>()
  const ordered = new Set<string>()
  return {
    name,
    committed(change) {
      if (change.table === 'installs') installs.set(change.row.id, change.row)
      if (change.table !== 'targets' || change.row.order === null) return
      const { order, appliance, install: id } = change.row
      const own = evidence.members.get(appliance)
      const install = installs.get(id)
      if (ordered.has(order.id) || own === undefined || install === undefined) return
      ordered.add(order.id)
      const restart = evidence.patches.get(install.patch)?.publication.manifest.impact.restart
      if (install.allowOutage || restart === 'none') return
      const newcomer = membersOfGroup(evidence, own).find((other) => isBehind(evidence, other, own, install.patch))
      evidence.expect(
        newcomer === undefined,
        name,
        () => `${evidence.nameOf(appliance)} is ordered to install, and ${newcomer?.name} cannot stand in for it yet`,
      )
    },
  }
}

export function membersOfGroup(evidence: Evidence, own: ApplianceRecord): ApplianceRecord[] {
  const { organization, dataCenter, group } = own
  return [...evidence.members.values()].filter(
    (other) => other.organization === organization && other.dataCenter === dataCenter && other.group === group,
  )
}

/** Whether `other` came instead of another and lacks what `own` has, unless `own` did too and catches up by this patch. */
export function isBehind(evidence: Evidence, other: ApplianceRecord, own: ApplianceRecord, patch: Sha256): boolean {
  const lacks = (one: ApplianceRecord, another: ApplianceRecord, sha256: Sha256): boolean =>
    evidence.foundOn(another, sha256) === 'installed' &&
    !['installed', 'notApplicable'].includes(evidence.foundOn(one, sha256) ?? '')
  if (other.epoch === 1 || (own.epoch > 1 && lacks(own, other, patch))) return false
  return [...evidence.livePatches].some((sha256) => lacks(other, own, sha256))
}
