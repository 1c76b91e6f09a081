/**
 * The policy of a fleet: who has to approve an install before an appliance carries it out, signed by owners whose keys the
 * Service Center never holds. An appliance takes the first policy that its Service Center sends, or that owners have signed
 * whom its own configuration names; from then on only owners of the policy that it holds can give it another one, and only
 * a later one. So whoever has the Service Center can neither lower what is needed nor go back to when less was needed.
 */
import { z } from 'zod'
import {
  ApplianceName,
  nameKey,
  OrganizationName,
  PatchName,
  PatchVersion,
  PeerId,
  type Sha256,
} from '../identifiers.ts'
import { MAX_APPROVERS, MAX_FLOORS, MAX_ORGANIZATIONS_OF_POLICY, MAX_POLICY_OWNERS } from '../limits.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { ApprovalKey } from './approval-keys.ts'
import { type DocumentType, type SignedDocument, signersOf } from './signed-document.ts'

/** Of installs that somebody has asked for, how many approve each of them. */
const Needed = z.int().min(0).max(2)

const Named = ApprovalKey.safeExtend({ name: ApplianceName })
/** Who signs policies. */
export const PolicyOwner = Named
export type PolicyOwner = z.infer<typeof PolicyOwner>

/** `name` is that of the person's account: whoever asks for an install does not approve it. */
export const Approver = Named.safeExtend({
  /** For which organizations; null for all. */
  organizations: z.array(OrganizationName).min(1).max(MAX_ORGANIZATIONS_OF_POLICY).nullable(),
})
export type Approver = z.infer<typeof Approver>

/** Below it nothing of that name is installed, whoever has signed and approved it. */
export const PatchFloor = z.strictObject({ patch: PatchName, version: PatchVersion })

export const Policy = z
  .strictObject({
    /** Rises with each policy of a fleet. */
    version: z.int().min(1),
    /** The key with which its Service Center signs, as `policy init` was told it. */
    fleet: PeerId,
    owners: z.array(PolicyOwner).min(1, 'has no owner').max(MAX_POLICY_OWNERS),
    /** So many of the owners sign the next policy together. */
    ownersNeeded: z.int().min(1),
    approvers: z.array(Approver).max(MAX_APPROVERS),
    /** For organizations that are not named below. */
    approvalsNeeded: Needed,
    organizations: z
      .array(z.strictObject({ organization: OrganizationName, approvalsNeeded: Needed }))
      .max(MAX_ORGANIZATIONS_OF_POLICY),
    floors: z.array(PatchFloor).max(MAX_FLOORS),
    /** After it nothing new is installed until there is a later policy. */
    expiresAt: z.iso.datetime('is not a time such as 2027-12-31T00:00:00Z'),
  })
  .refine(({ owners }) => isDistinct(owners.map(({ keyid }) => keyid)), 'lists a key of an owner twice')
  .refine(({ approvers }) => isDistinct(approvers.map(({ keyid }) => keyid)), 'lists a key of an approver twice')
  .refine(({ owners, ownersNeeded }) => ownersNeeded <= owners.length, 'needs more owners than it lists')
  .refine(({ organizations }) => isDistinct(organizations.map(({ organization }) => organization)), {
    message: 'names an organization twice',
  })
  .refine(({ floors }) => isDistinct(floors.map(({ patch }) => patch)), 'has two floors for one patch')
export type Policy = z.infer<typeof Policy>

export const POLICY_DOCUMENT: DocumentType<Policy> = {
  name: 'policy',
  payloadType: 'application/vnd.patchmesh.policy.v1+json',
  schema: Policy,
}
export type PolicyDocument = SignedDocument<Policy>

/** What an appliance, or a Service Center, goes by when a policy comes. */
export type PolicyTrust = {
  /** The key with which the Service Center signs. */
  readonly fleet: PeerId
  /** The policy that is held; null before the first. */
  readonly held: Policy | null
  /** Ids of owners' keys that the configuration names; any of them may give a policy, whatever is held. */
  readonly pinned: readonly Sha256[]
}

/** Null where it may take the place of the one that is held. */
export function judgePolicy(document: PolicyDocument, { fleet, held, pinned }: PolicyTrust): Refusal | null {
  const { stated } = document
  const title = `policy ${stated.version}`
  const foreign = judgeFleet(stated, fleet)
  if (foreign !== null) return foreign
  if (held !== null && stated.version <= held.version)
    return refuse('stale', `${title} is not later than policy ${held.version}, which is held`)
  const own = whoMisses(document, stated)
  if (own !== null) return refuse('bad_policy', `${title} ${own} of its own owners`)
  const isPinned = signersOf(POLICY_DOCUMENT, document, stated.owners).some(({ keyid }) => pinned.includes(keyid))
  if (isPinned) return null
  if (pinned.length > 0 && held === null)
    return refuse('bad_policy', `${title} is signed by none of the owners that the configuration names (policyOwners)`)
  const before = held === null ? null : whoMisses(document, held)
  return before === null ? null : refuse('bad_policy', `${title} ${before} of the owners of policy ${held?.version}`)
}

export function judgeFleet({ version, fleet: of }: Policy, fleet: PeerId): Refusal | null {
  return of === fleet ? null : refuse('bad_policy', `policy ${version} is for the fleet of ${of}, not of ${fleet}`)
}

function whoMisses(document: PolicyDocument, { owners, ownersNeeded }: Policy): string | null {
  const signed = signersOf(POLICY_DOCUMENT, document, owners).length
  return signed >= ownersNeeded ? null : `is signed by ${signed} of ${ownersNeeded} needed`
}

export function approvalsNeeded(policy: Policy, organization: OrganizationName): number {
  const named = policy.organizations.find((one) => one.organization === organization)
  return named?.approvalsNeeded ?? policy.approvalsNeeded
}

/** Who may approve an install for this organization that `requestedBy` has asked for. */
export function mayApprove(policy: Policy, organization: OrganizationName, requestedBy: string): Approver[] {
  return policy.approvers.filter(
    ({ name, organizations }) =>
      (organizations === null || organizations.includes(organization)) && nameKey(name) !== nameKey(requestedBy),
  )
}

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}
