/**
 * An approver's signatures come in: each is over the exact bytes of one authorization, and is kept only if it would count on
 * an appliance. Asked again it changes nothing.
 */
import type { OrganizationName, Sha256 } from '../../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { AUTHORIZATION_DOCUMENT } from '../../../protocol/trust/authorization.ts'
import { mayApprove, type Policy } from '../../../protocol/trust/policy.ts'
import { signersOf, withSignature } from '../../../protocol/trust/signed-document.ts'
import type { Command } from '../effects.ts'
import { title } from '../patch-identity.ts'
import type { Decision } from '../publishing.ts'
import type { AuthorizationRecord, Change } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { currentPolicy } from './policies.ts'

type Approve = Extract<Command, { kind: 'approve-install' }>
type Signature = Approve['approvals'][number]

export function approveInstall(state: ServiceCenterState, { actor, install, approvals }: Approve): Decision {
  const policy = currentPolicy(state)
  const refused = (reply: Refusal): Decision => ({ reply, changes: [] })
  if (policy === null) return refused(refuse('no_policy', 'nothing has to be approved in this fleet'))
  /** With what this command has brought so far. */
  const signedNow = new Map<Sha256, AuthorizationRecord>()
  const approved = new Map<OrganizationName, Set<string>>()
  for (const approval of approvals) {
    const record = signedNow.get(approval.digest) ?? state.authorizations.get(install)?.get(approval.digest)
    if (record === undefined)
      return refused(refuse('not_found', `install ${install} asks for no authorization ${approval.digest}`))
    const signed = signedRecord(state, policy, record, approval)
    if ('refused' in signed) return refused(signed)
    const { stated, signatures } = record.document
    if (signatures.some(({ keyid, sig }) => keyid === approval.keyid && sig === approval.sig)) continue
    signedNow.set(approval.digest, signed.row)
    approved.set(stated.organization, (approved.get(stated.organization) ?? new Set()).add(signed.name))
  }
  const changes = [...signedNow.values()].map((row): Change => ({ table: 'authorizations', row }))
  const found = state.installs.get(install)
  const patch = found === undefined ? undefined : state.patches.get(found.patch)
  const subject = patch === undefined ? install : title(patch)
  for (const [organization, names] of approved)
    for (const name of names) {
      const outcome = `by the key of ${name}`
      const row = { at: state.clock.wallMs, actor, action: 'approve-install', subject, outcome, organization }
      changes.push({ table: 'audit', row })
    }
  return { reply: { kind: 'install-approved', install }, changes }
}

function signedRecord(
  state: ServiceCenterState,
  policy: Policy,
  record: AuthorizationRecord,
  { keyid, sig }: Signature,
): { row: AuthorizationRecord; name: string } | Refusal {
  const { document } = record
  const { organization, requestedBy, expiresAt } = document.stated
  if (state.clock.wallMs >= expiresAt)
    return refuse('expired', `the authorization expired at ${new Date(expiresAt).toISOString()}`)
  const listed = policy.approvers.find((one) => one.keyid === keyid)
  if (listed === undefined)
    return refuse('not_approved', `the key ${keyid.slice(0, 12)}… is that of no approver in policy ${policy.version}`)
  const approver = mayApprove(policy, organization, requestedBy).find((one) => one.keyid === keyid)
  if (approver === undefined) {
    const why = `${listed.name} may not approve this for ${organization}, which ${requestedBy} has asked for`
    return refuse('not_approved', why)
  }
  const [signer] = signersOf(AUTHORIZATION_DOCUMENT, { ...document, signatures: [{ keyid, sig }] }, [approver])
  if (signer === undefined)
    return refuse('bad_signature', `the signature of ${approver.name} is not over this authorization`)
  return { row: { ...record, document: withSignature(document, { keyid, sig }) }, name: approver.name }
}
