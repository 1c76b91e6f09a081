/**
 * The authorization of an install: who may have which patch, for how long, and who asked for it. Approvers sign its exact
 * bytes; each order that an appliance gets under a policy brings it along, and the appliance counts their signatures itself.
 * One is for appliances of one organization in one Data Center, so that nobody learns of others.
 */
import { z } from 'zod'
import {
  ApplianceName,
  DataCenterName,
  InstallId,
  nameKey,
  OrganizationName,
  PatchName,
  PatchVersion,
  PeerId,
  Sha256,
} from '../identifiers.ts'
import { MAX_AUTHORIZATION_MS, MAX_AUTHORIZED_APPLIANCES } from '../limits.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { compareVersions } from '../version-order.ts'
import { type Approver, approvalsNeeded, mayApprove, type Policy } from './policy.ts'
import { type DocumentType, type SignedDocument, signersOf } from './signed-document.ts'

const WallTime = z.int().min(0)

export const Authorization = z.strictObject({
  /** The key with which the Service Center signs that asks for it. */
  fleet: PeerId,
  install: InstallId,
  /** Rises with each install; of two for patches of one name an appliance carries out no older one after a newer one. */
  sequence: z.int().min(1),
  patch: z.strictObject({ sha256: Sha256, name: PatchName, version: PatchVersion }),
  organization: OrganizationName,
  dataCenter: DataCenterName,
  appliances: z
    .array(z.strictObject({ peer: PeerId, name: ApplianceName }))
    .min(1)
    .max(MAX_AUTHORIZED_APPLIANCES)
    .refine((all) => new Set(all.map(({ peer }) => peer)).size === all.length, 'names an appliance twice'),
  /** The versions that it may be installed over; null for any, and for none. */
  fromVersions: z.array(PatchVersion).min(1).max(32).nullable(),
  /** Whether an appliance that has a later version goes back to this one. */
  downgrade: z.boolean(),
  /** Whether a group may be without service meanwhile. */
  allowOutage: z.boolean(),
  requestedBy: z.string().min(1).max(200),
  requestedAt: WallTime,
  expiresAt: WallTime,
})
export type Authorization = z.infer<typeof Authorization>

export const AUTHORIZATION_DOCUMENT: DocumentType<Authorization> = {
  name: 'authorization',
  payloadType: 'application/vnd.patchmesh.authorization.v1+json',
  schema: Authorization,
}
export type AuthorizationDocument = SignedDocument<Authorization>

/** Who of those that may approve it has: each person counts once, by however many keys. */
export function approversOf(policy: Policy, document: AuthorizationDocument): Approver[] {
  const { organization, requestedBy } = document.stated
  const signed = signersOf(AUTHORIZATION_DOCUMENT, document, mayApprove(policy, organization, requestedBy))
  return [...new Map(signed.map((approver) => [nameKey(approver.name), approver])).values()]
}

/** Null where enough have approved it, by the policy as it is now. */
export function judgeApprovals(policy: Policy, document: AuthorizationDocument): Refusal | null {
  const { stated } = document
  const needed = approvalsNeeded(policy, stated.organization)
  const approved = approversOf(policy, document)
  if (approved.length >= needed) return null
  const remarks = whyNotCounted(policy, document, approved)
  const why = remarks.length === 0 ? '' : `: ${remarks.join('; ')}`
  return refuse(
    'not_approved',
    `${approved.length} of ${needed} needed approvals for ${stated.organization} are there by policy ${policy.version}${why}`,
  )
}

function whyNotCounted(policy: Policy, { stated, signatures }: AuthorizationDocument, approved: Approver[]): string[] {
  // The first signature of each that counts is none of them.
  const left = new Set(approved.map(({ keyid }) => keyid))
  const counted = new Set(approved.map(({ name }) => nameKey(name)))
  return signatures.flatMap(({ keyid }) => {
    if (left.delete(keyid as Sha256)) return []
    const approver = policy.approvers.find((one) => one.keyid === keyid)
    if (approver === undefined) return `${keyid.slice(0, 12)}… is the key of no approver`
    if (nameKey(approver.name) === nameKey(stated.requestedBy))
      return `${approver.name} asked for it and cannot approve it`
    if (counted.has(nameKey(approver.name))) return `${approver.name} counts once`
    if (approver.organizations !== null && !approver.organizations.includes(stated.organization))
      return `${approver.name} approves nothing for ${stated.organization}`
    return `${approver.name} has not signed this authorization`
  })
}

/** What an order asks for, and of whom. */
export type Ordered = {
  readonly fleet: PeerId
  readonly to: PeerId
  readonly install: InstallId
  readonly patch: Sha256
  readonly organization: OrganizationName
  readonly dataCenter: DataCenterName
  readonly allowOutage: boolean
  readonly expiresAt: number
}

/** Null where this is the authorization of that order, and good at this time. */
export function judgeScope({ stated }: AuthorizationDocument, ordered: Ordered, wallMs: number): Refusal | null {
  const { fleet, install, patch, organization, dataCenter, appliances, requestedAt, expiresAt } = stated
  const wrong = (what: string): Refusal => refuse('wrong_authorization', `the authorization is ${what}`)
  if (fleet !== ordered.fleet) return wrong(`of another fleet, that of ${fleet}`)
  if (install !== ordered.install) return wrong(`for install ${install}, and the order is of ${ordered.install}`)
  if (patch.sha256 !== ordered.patch) return wrong(`for ${patch.name}@${patch.version}, which is another patch`)
  if (organization !== ordered.organization || dataCenter !== ordered.dataCenter)
    return wrong(`for ${organization} in ${dataCenter}`)
  if (!appliances.some(({ peer }) => peer === ordered.to)) return wrong('for other appliances')
  if (ordered.allowOutage && !stated.allowOutage) return wrong('not for an outage, and the order allows one')
  if (ordered.expiresAt > expiresAt) return wrong(`good until ${inWords(expiresAt)}, and the order for longer`)
  if (expiresAt - requestedAt > MAX_AUTHORIZATION_MS) return wrong('good for longer than 30 days')
  if (wallMs < expiresAt) return null
  return refuse('expired', `the authorization expired at ${inWords(expiresAt)}`)
}

/** Null where it may be installed over what is there. */
export function judgeVersions(
  { stated: { patch, fromVersions, downgrade } }: Pick<AuthorizationDocument, 'stated'>,
  installedVersion: string | null,
): Refusal | null {
  if (fromVersions !== null && !fromVersions.some((version) => version === installedVersion)) {
    const there = installedVersion === null ? 'none' : installedVersion
    return refuse('wrong_authorization', `it is approved over ${fromVersions.join(', ')}, and ${there} is there`)
  }
  if (installedVersion !== null && !downgrade && compareVersions(patch.version, installedVersion) < 0)
    return refuse('below_floor', `${installedVersion} is there, and to go back to ${patch.version} is not approved`)
  return null
}

/** Null where the policy lets this version be installed. */
export function judgeFloors({ floors, version }: Policy, patch: { name: string; version: string }): Refusal | null {
  const floor = floors.find((one) => one.patch === patch.name)
  if (floor === undefined || compareVersions(patch.version, floor.version) >= 0) return null
  const least = `of ${patch.name} nothing below ${floor.version} is installed, by policy ${version}`
  return refuse('below_floor', `${least}, and this is ${patch.version}`)
}

/** Null before the policy has expired. */
export function judgePolicyAge({ version, expiresAt }: Policy, wallMs: number): Refusal | null {
  if (wallMs < Date.parse(expiresAt)) return null
  return refuse(
    'expired',
    `policy ${version} expired at ${expiresAt}, and nothing is installed until there is a later one`,
  )
}

function inWords(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
