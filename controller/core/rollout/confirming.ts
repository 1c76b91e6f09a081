/**
 * What somebody who confirms an install has agreed to: this file, on these appliances and no others. It travels from
 * what was shown to what is asked for as one value, so whatever changes in between is noticed: an appliance that was
 * enrolled, retired or replaced, and another file under the same name and version.
 */
import { sha256Hex } from '../../../protocol/hashing.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { title } from '../patch-identity.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'

/** Named in the refusal; of a large fleet the number says more. */
const NAMED_APPLIANCES = 20

export function confirmationOf(patch: Sha256, appliances: readonly Pick<ApplianceRecord, 'peer'>[]): Sha256 {
  return sha256Hex(Buffer.from([patch, ...appliances.map(({ peer }) => peer).sort()].join('\n')))
}

/** Null where it was agreed to, or where nobody was asked. */
export function notConfirmed(
  patch: PatchRecord,
  appliances: readonly ApplianceRecord[],
  confirmation: Sha256 | undefined,
): Refusal | null {
  if (confirmation === undefined || confirmation === confirmationOf(patch.sha256, appliances)) return null
  const named = appliances.slice(0, NAMED_APPLIANCES).map(({ name }) => name)
  const more = appliances.length - named.length
  const list = named.join(', ') + (more === 0 ? '' : ` and ${more} more`)
  const many = appliances.length === 1 ? '1 appliance' : `${appliances.length} appliances`
  return refuse(
    'changed_meanwhile',
    `what was confirmed is not so any more: ${title(patch)} (SHA-256 ${patch.sha256.slice(0, 12)}…) would be installed on ${many} now: ${list}`,
  )
}
