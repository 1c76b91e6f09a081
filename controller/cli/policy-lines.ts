/** A policy as a person reads it before signing it, or afterwards. */
import type { PolicyView } from '../core/approvals/policy-views.ts'
import { readableTime } from './quantities.ts'
import { printable } from './terminal.ts'

type Shown = Pick<
  NonNullable<PolicyView['policy']>,
  'version' | 'owners' | 'ownersNeeded' | 'approvers' | 'approvalsNeeded' | 'organizations' | 'floors' | 'expiresAt'
>

/** `signed`: the names of owners who have. */
export function policyLines(policy: Shown, signed: readonly string[] | null): string[] {
  const { version, owners, ownersNeeded, approvers, approvalsNeeded, organizations, floors, expiresAt } = policy
  const named = organizations.map((one) => `${one.organization} ${one.approvalsNeeded}`)
  const keyed = ({ name, keyid }: { name: string; keyid: string }): string => `${name} (${keyid.slice(0, 12)}…)`
  return [
    `policy     ${version}, until ${readableTime(expiresAt)} UTC`,
    `approvals  ${approvalsNeeded} for each install${named.length === 0 ? '' : `; ${named.join(', ')}`}`,
    ...approvers.map(
      (one) => `approver   ${keyed(one)}${one.organizations === null ? '' : ` for ${one.organizations.join(', ')}`}`,
    ),
    ...owners.map((one) => `owner      ${keyed(one)}`),
    ...floors.map(({ patch, version: least }) => `floor      ${patch} ${least}`),
    ...(signed === null
      ? []
      : [`signed     by ${signed.length === 0 ? 'nobody' : signed.join(', ')} of ${ownersNeeded} needed owners`]),
  ].map((line) => printable(line))
}
