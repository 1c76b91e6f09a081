/**
 * People with keys: owners who sign policies, and approvers. A key follows from the name of whose it is, so that a world is
 * the same each time.
 */
import type { KeyObject } from 'node:crypto'
import type { Command } from '../../controller/core/effects.ts'
import type { ServiceCenterState } from '../../controller/core/state.ts'
import { sha256 } from '../../protocol/hashing.ts'
import { ApplianceName, type InstallId, type PeerId } from '../../protocol/identifiers.ts'
import { publicPart } from '../../protocol/trust/approval-keys.ts'
import { AUTHORIZATION_DOCUMENT, type Authorization } from '../../protocol/trust/authorization.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { type Approver, POLICY_DOCUMENT, type Policy, type PolicyOwner } from '../../protocol/trust/policy.ts'
import {
  type DocumentType,
  newDocument,
  printDocument,
  type SignedDocument,
  signatureOver,
  withSignature,
} from '../../protocol/trust/signed-document.ts'
import type { Order } from '../../protocol/trust/statements.ts'
import type { SymbolicPatch } from './symbolic-patch.ts'
import type { World } from './world.ts'

export function personKey(name: string): KeyObject {
  return signingKeyFromSeed(sha256(Buffer.from(`the key of ${name}`))).privateKey
}

/** The key file of `name`; the person may be called otherwise, who has several. */
export function ownerCalled(name: string): PolicyOwner {
  return { ...publicPart(personKey(name)), name: ApplianceName.parse(name) }
}

export function approverCalled(name: string, differently: Partial<Approver> = {}): Approver {
  return { ...ownerCalled(name), organizations: null, ...differently }
}

export function signedBy<Stated>(
  type: DocumentType<Stated>,
  document: SignedDocument<Stated>,
  ...people: readonly string[]
): SignedDocument<Stated> {
  return people.reduce((signed, name) => withSignature(signed, signatureOver(type, signed, personKey(name))), document)
}

/** That `owner` has signed: two of maria, jonas and petra approve each install. */
export function policyFor(
  fleet: PeerId,
  differently: Partial<Policy> = {},
  owners: readonly string[] = ['owner'],
): Uint8Array {
  const policy: Policy = {
    version: 1,
    fleet,
    owners: [ownerCalled('owner')],
    ownersNeeded: 1,
    approvers: ['maria', 'jonas', 'petra'].map((name) => approverCalled(name)),
    approvalsNeeded: 2,
    organizations: [],
    floors: [],
    expiresAt: '2100-01-01T00:00:00Z',
    ...differently,
  }
  return printDocument(POLICY_DOCUMENT, signedBy(POLICY_DOCUMENT, newDocument(policy), ...owners))
}

/** Of what this order asks for, but for what `differently` says, as these people have signed it. */
export function authorizationFor(
  world: World,
  order: Order,
  patch: SymbolicPatch,
  {
    people = ['maria', 'jonas'],
    ...differently
  }: Partial<Authorization> & { readonly people?: readonly string[] } = {},
): Uint8Array {
  const { sha256: digest, name, version } = patch.publication
  const authorization: Authorization = {
    fleet: world.center.signing.peer,
    install: order.install,
    sequence: 10,
    patch: { sha256: digest, name, version },
    organization: order.organization,
    dataCenter: order.dataCenter,
    appliances: [{ peer: order.to, name: ApplianceName.parse('appliance') }],
    fromVersions: null,
    downgrade: false,
    allowOutage: order.allowOutage,
    requestedBy: 'olga',
    requestedAt: order.issuedAt,
    expiresAt: order.expiresAt,
    ...differently,
  }
  return printDocument(AUTHORIZATION_DOCUMENT, signedBy(AUTHORIZATION_DOCUMENT, newDocument(authorization), ...people))
}

/** What these people sign of all that the install asks for, as `patchmesh approve` does. */
export function approvalsOf(
  { authorizations }: Pick<ServiceCenterState, 'authorizations'>,
  install: InstallId,
  ...people: readonly string[]
): Extract<Command, { kind: 'approve-install' }>['approvals'] {
  const asked = [...(authorizations.get(install)?.values() ?? [])]
  return asked.flatMap(({ digest, document }) =>
    people.map((name) => ({ digest, ...signatureOver(AUTHORIZATION_DOCUMENT, document, personKey(name)) })),
  )
}
