/**
 * What somebody tries who has a Service Center, its keys, and every document that it ever had: each attempt is one way to have
 * something installed that nobody has approved. The numbers are those of the catalogue of attacks.
 */
import {
  type InstallId,
  OrganizationName,
  PatchName,
  PatchVersion,
  type PeerId,
  type Sha256,
} from '../../protocol/identifiers.ts'
import { publicPart } from '../../protocol/trust/approval-keys.ts'
import { AUTHORIZATION_DOCUMENT, type Authorization } from '../../protocol/trust/authorization.ts'
import { POLICY_DOCUMENT, type Policy } from '../../protocol/trust/policy.ts'
import { newDocument, printDocument } from '../../protocol/trust/signed-document.ts'
import type { Membership, Order } from '../../protocol/trust/statements.ts'
import { personKey, signedBy } from '../world/approving.ts'

/** What the thief found, and whom it turns against. */
export type Loot = {
  readonly membership: Membership
  /** Of the older patch, which was approved and installed once, and of the newer one. */
  readonly older: { readonly patch: Sha256; readonly authorization: Authorization; readonly document: Uint8Array }
  readonly newer: { readonly patch: Sha256; readonly authorization: Authorization; readonly document: Uint8Array }
  /** Of a patch that nobody has approved. */
  readonly unapproved: Sha256
}

export type Attempt = {
  readonly what: string
  /** What the order says otherwise than one for the unapproved patch would. */
  readonly order: Partial<Order>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const OTHER = '12D3KooWGRUfUXZrSsYV9FQbRPvQjzYy2mVfM1nDhYJZVfG2oXKz' as PeerId
const FRESH = 'fa'.repeat(16) as InstallId

/** As these people have signed it: maria and jonas are approvers, and the thief has found what they signed before. */
function signed(authorization: Authorization, ...people: readonly string[]): Uint8Array {
  return printDocument(AUTHORIZATION_DOCUMENT, signedBy(AUTHORIZATION_DOCUMENT, newDocument(authorization), ...people))
}

/** Signatures that were made over something else. */
function withSignaturesOf(authorization: Authorization, document: Uint8Array): Uint8Array {
  const { signatures } = JSON.parse(Buffer.from(document).toString())
  return printDocument(AUTHORIZATION_DOCUMENT, { ...newDocument(authorization), signatures })
}

export function orderAttempts(loot: Loot): Attempt[] {
  const { older, newer, unapproved, membership } = loot
  const now = Date.now()
  const wanted: Authorization = {
    ...newer.authorization,
    ...{ install: FRESH, sequence: newer.authorization.sequence + 1, downgrade: true },
    patch: { sha256: unapproved, name: PatchName.parse('wanted'), version: PatchVersion.parse('3.0.0') },
    ...{ requestedAt: now, expiresAt: now + 2 * HOUR_MS },
  }
  const order = { install: FRESH, patch: unapproved }
  // An appliance looks at its clock twice a second.
  const expired = { requestedAt: now - HOUR_MS, expiresAt: now - MINUTE_MS }
  const tried = (what: string, authorization: Uint8Array, more: Partial<Order> = {}): Attempt => ({
    what,
    order: { ...order, ...more, authorization },
  })
  const approved = (what: string, changed: Partial<Authorization>, more: Partial<Order> = {}): Attempt =>
    tried(what, signed({ ...wanted, ...changed }, 'maria', 'jonas'), more)
  const old = { install: older.authorization.install, patch: older.patch }
  return [
    { what: 'I1 an order without approvals', order },
    tried('I2 an authorization that nobody has signed', signed(wanted)),
    tried('I7 approvals by keys of its own making', signed(wanted, 'mallory', 'trent')),
    tried('I2 the approvals of another order', withSignaturesOf(wanted, newer.document)),
    tried('I2 the whole authorization of another order', newer.document),
    tried('I7 one approval where two are needed', signed(wanted, 'maria')),
    tried('I5 one approver twice', signed(wanted, 'maria', 'maria')),
    approved('I4 the requester as approver', { requestedBy: 'maria' }),
    approved('I8 an authorization that has expired', expired, { expiresAt: expired.expiresAt }),
    approved('I8 one that has expired, with an order that has not', expired),
    approved('I8 one for longer than anybody may approve', { expiresAt: now + 31 * 24 * HOUR_MS }),
    approved('I11 one for another appliance', { appliances: [{ peer: OTHER, name: membership.name }] }),
    approved('I12 one for another organization', { organization: OrganizationName.parse('Lab') }),
    {
      what: 'I12 an order for an organization that needs no approvals',
      order: { ...order, organization: OrganizationName.parse('Lab') },
    },
    approved('I12 one for another Data Center', { dataCenter: 'Lima' as Authorization['dataCenter'] }),
    approved('I15 one over another version than is there', { fromVersions: [PatchVersion.parse('0.1.0')] }),
    approved('an outage that nobody has approved', { allowOutage: false }, { allowOutage: true }),
    {
      what: 'I16 the old signed patch, with the approvals of that time',
      order: { ...old, authorization: older.document },
    },
  ]
}

/** Policies by which less would be needed: of its own making, for ever, and the one of before. */
export function policyAttempts(
  held: Policy,
  before: Uint8Array,
): { readonly what: string; readonly document: Uint8Array }[] {
  const owner = { name: held.owners[0]?.name ?? ('' as never), ...publicPart(personKey('mallory')) }
  const made = (policy: Policy): Uint8Array =>
    printDocument(POLICY_DOCUMENT, signedBy(POLICY_DOCUMENT, newDocument(policy), 'mallory'))
  const lower = { ...held, version: held.version + 1, approvalsNeeded: 0, organizations: [] }
  return [
    { what: 'M9 a policy of its own making', document: made({ ...lower, owners: [owner] }) },
    { what: 'M9 a policy of the owners, signed by itself', document: made(lower) },
    { what: 'M8 the policy of before', document: before },
  ]
}
