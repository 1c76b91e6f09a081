/**
 * The Service Center's own copies: when each was proven last, what is wrong with one that is not right, and who is asked
 * for its pieces then. Nobody is asked but appliances whose connection ends here: the Service Center dials nobody.
 */
import type { OwnCopy } from '../../agent/core/events.ts'
import { type PeerId, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { MAX_SOURCES } from '../../protocol/limits.ts'
import type { ServiceCenterEffect } from './effects.ts'
import { title } from './patch-identity.ts'
import type { Change, PatchRecord } from './records.ts'
import { isReplicated } from './replications.ts'
import type { ServiceCenterState } from './state.ts'

/** Of a patch of which nothing was told yet, what its upload has proven. */
export function ownCopyOf({ ownCopies }: ServiceCenterState, { sha256, uploadedAt }: PatchRecord): OwnCopy {
  return ownCopies.get(sha256) ?? { provenAt: uploadedAt, wrong: '' }
}

/** What the seed found, or the start of the process. */
export function ownCopyTold(state: ServiceCenterState, patch: Sha256, copy: OwnCopy): Change[] {
  const record = state.patches.get(patch)
  if (record === undefined || record.withdrawal !== null) return []
  const before = ownCopyOf(state, record)
  if (before.provenAt === copy.provenAt && before.wrong === copy.wrong) return []
  const told: Change = { table: 'ownCopies', row: { sha256: patch, ...copy } }
  if ((before.wrong === '') === (copy.wrong === '')) return [told]
  const outcome = copy.wrong === '' ? 'right again' : copy.wrong
  const subject = title(record)
  const row = { at: state.clock.wallMs, actor: 'Service Center', action: 'check-copy', subject, outcome }
  return [told, { table: 'audit', row }]
}

/** Once a tick: of each copy that is not right, who may have what is missing here. */
export function nameHolders(state: ServiceCenterState): ServiceCenterEffect[] {
  return [...state.ownCopies.values()].flatMap(({ sha256: patch, wrong }): ServiceCenterEffect[] => {
    if (wrong === '' || state.patches.get(patch)?.withdrawal !== null) return []
    return [{ kind: 'name-holders', patch, holders: holdersOf(state, patch) }]
  })
}

/** Those with a proven copy, and where there are none those who have begun: any of them may have the piece. */
function holdersOf(state: ServiceCenterState, patch: Sha256): PeerId[] {
  const reachable = [...state.appliances.values()].filter(
    ({ peer, kind }) => kind === SERVICE_PROVIDER && state.sessions.get(peer)?.via === peer,
  )
  const proven = reachable.filter((appliance) => isReplicated(state, patch, appliance))
  const begun = reachable.filter(({ peer }) => (state.progress.get(patch)?.get(peer)?.bytes ?? 0) > 0)
  return (proven.length > 0 ? proven : begun).slice(0, MAX_SOURCES / 2).map(({ peer }) => peer)
}
