/**
 * What an install needs under a policy: for the appliances of each organization in each Data Center an authorization that
 * approvers sign, made when it is needed and as long as some of them wait. The Service Center counts the signatures to say
 * who is waited for; whether they are enough is decided on each appliance.
 */
import type { InstallId, PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_AUTHORIZATION_MS, MAX_AUTHORIZED_APPLIANCES } from '../../../protocol/limits.ts'
import {
  AUTHORIZATION_DOCUMENT,
  type Authorization,
  type AuthorizationDocument,
  approversOf,
  judgeApprovals,
} from '../../../protocol/trust/authorization.ts'
import { approvalsNeeded, mayApprove, type Policy } from '../../../protocol/trust/policy.ts'
import { documentDigest, newDocument, printDocument } from '../../../protocol/trust/signed-document.ts'
import type { ApplianceRecord, AuthorizationRecord, Change, InstallRecord, TargetRecord } from '../records.ts'
import { numberAfter } from '../rising-numbers.ts'
import { isUnderWay } from '../rollout/install-states.ts'
import { isWaiting } from '../rollout/ongoing.ts'
import { goingBack } from '../rollout/previewing.ts'
import type { ServiceCenterState } from '../state.ts'
import { currentPolicy } from './policies.ts'

/** More names than these are a number. */
const NAMED_APPROVERS = 5

/** Authorizations that are lacking for those that wait. */
export function lackingAuthorizations(
  state: ServiceCenterState,
  install: InstallRecord,
  targets: readonly TargetRecord[],
): Change[] {
  const policy = currentPolicy(state)
  // What is asked for ends with the install: at its deadline it would be over before anybody has seen it.
  if (policy === null || !isUnderWay(install.state) || state.clock.wallMs >= install.deadlineAt) return []
  const waiting = targets.filter(isWaiting).flatMap(({ appliance }) => state.appliances.get(appliance) ?? [])
  const lacking = waiting.filter(
    ({ peer, organization }) =>
      approvalsNeeded(policy, organization) > 0 && authorizationOf(state, install.id, peer) === null,
  )
  const places = Map.groupBy(lacking, ({ organization, dataCenter }) => `${organization}\0${dataCenter}`)
  return [...places.values()].flatMap((members) => {
    const changes: Change[] = []
    for (let from = 0; from < members.length; from += MAX_AUTHORIZED_APPLIANCES)
      changes.push(...askFor(state, install, members.slice(from, from + MAX_AUTHORIZED_APPLIANCES)))
    return changes
  })
}

/** All of one organization in one Data Center. */
function askFor(state: ServiceCenterState, install: InstallRecord, members: readonly ApplianceRecord[]): Change[] {
  const patch = state.patches.get(install.patch)
  const [first] = members
  if (patch === undefined || first === undefined) return []
  const { name, version } = patch.publication
  const at = state.clock.wallMs
  const stated: Authorization = {
    fleet: state.signing.peer,
    install: install.id,
    sequence: sequenceOf(state, install),
    patch: { sha256: patch.sha256, name, version },
    organization: first.organization,
    dataCenter: first.dataCenter,
    appliances: members.map((member) => ({ peer: member.peer, name: member.name })),
    fromVersions: null,
    downgrade: goingBack(state, patch, members).length > 0,
    allowOutage: install.allowOutage,
    requestedBy: install.startedBy ?? 'nobody that is known',
    requestedAt: at,
    expiresAt: Math.min(install.deadlineAt, at + MAX_AUTHORIZATION_MS),
  }
  return [{ table: 'authorizations', row: recordOf(newDocument(stated)) }]
}

export function recordOf(document: AuthorizationDocument): AuthorizationRecord {
  const { install } = document.stated
  return { digest: documentDigest(AUTHORIZATION_DOCUMENT, document), install, document }
}

/** Installs that go together have one number, so that none of them is older than another. */
function sequenceOf(state: ServiceCenterState, install: InstallRecord): number {
  const together: InstallId[] = []
  for (let id: InstallId | null = install.id; id !== null; id = state.installs.get(id)?.continues ?? null)
    together.push(id)
  for (let id = state.continuedBy.get(install.id); id !== undefined; id = state.continuedBy.get(id)) together.push(id)
  for (const id of together) {
    const [known] = state.authorizations.get(id)?.values() ?? []
    if (known !== undefined) return known.document.stated.sequence
  }
  return numberAfter(state.newestAuthorization, state.clock)
}

/** Of one install: for which appliance is which. They are added to an install and never taken away. */
type AskedFor = { readonly authorizations: number; readonly digests: ReadonlyMap<PeerId, readonly Sha256[]> }
const askedKnown = new WeakMap<ReadonlyMap<Sha256, AuthorizationRecord>, AskedFor>()

/** Those that are for this appliance; every target of an install asks at each look. */
function authorizationsOf(state: ServiceCenterState, install: InstallId, peer: PeerId): AuthorizationRecord[] {
  const all = state.authorizations.get(install)
  if (all === undefined) return []
  let asked = askedKnown.get(all)
  if (asked?.authorizations !== all.size) {
    const digests = new Map<PeerId, Sha256[]>()
    for (const { digest, document } of all.values())
      for (const appliance of document.stated.appliances)
        digests.set(appliance.peer, [...(digests.get(appliance.peer) ?? []), digest])
    asked = { authorizations: all.size, digests }
    askedKnown.set(all, asked)
  }
  return (asked.digests.get(peer) ?? []).flatMap((digest) => all.get(digest) ?? [])
}

/** The newest that is for this appliance and good now, or null. */
export function authorizationOf(
  state: ServiceCenterState,
  install: InstallId,
  peer: PeerId,
): AuthorizationRecord | null {
  const good = authorizationsOf(state, install, peer).filter(
    ({ document: { stated } }) => state.clock.wallMs < stated.expiresAt,
  )
  return good.sort((one, other) => other.document.stated.expiresAt - one.document.stated.expiresAt)[0] ?? null
}

/** What an order to this appliance brings along: nothing where nobody has to approve it. */
export function authorizationFor(
  state: ServiceCenterState,
  install: InstallId,
  { peer, organization }: Pick<ApplianceRecord, 'peer' | 'organization'>,
): { authorization?: Uint8Array; expiresAt: number } {
  const policy = currentPolicy(state)
  const found =
    policy === null || approvalsNeeded(policy, organization) === 0 ? null : authorizationOf(state, install, peer)
  const deadlineAt = state.installs.get(install)?.deadlineAt ?? 0
  if (found === null) return { expiresAt: deadlineAt }
  const { document } = found
  return {
    authorization: printDocument(AUTHORIZATION_DOCUMENT, document),
    expiresAt: Math.min(deadlineAt, document.stated.expiresAt),
  }
}

/** Why an appliance would not carry out an order of this install now, or null. */
export function whyUnapproved(
  state: ServiceCenterState,
  install: InstallId,
  { peer, organization }: Pick<ApplianceRecord, 'peer' | 'organization'>,
): string | null {
  const policy = currentPolicy(state)
  if (policy === null) return null
  if (state.clock.wallMs >= Date.parse(policy.expiresAt))
    return `waits for a later policy: policy ${policy.version} expired at ${policy.expiresAt}`
  const needed = approvalsNeeded(policy, organization)
  if (needed === 0) return null
  const found = authorizationOf(state, install, peer)
  if (found === null) return 'waits for an authorization that may be approved'
  const { approved, mayApprove: names } = standingOf(policy, found.document)
  if (approved.length >= needed) return null
  const until = new Date(found.document.stated.expiresAt).toISOString()
  return `waits for approval until ${until}: ${approved.length} of ${needed} are there, ${whoMay(names)}`
}

/** Behind the sentence that its deadline has passed. */
export function unapprovedInTime(state: ServiceCenterState, { id }: InstallRecord): string {
  const policy = currentPolicy(state)
  const asked = [...(state.authorizations.get(id)?.values() ?? [])]
  if (policy === null) return ''
  const lacking = asked.filter(({ document }) => judgeApprovals(policy, document) !== null)
  return lacking.length === 0 ? '' : ', and it was not approved for all in time'
}

function whoMay(names: readonly string[]): string {
  if (names.length === 0) return 'and the policy names nobody else who may approve it'
  const more = names.length > NAMED_APPROVERS ? ` and ${names.length - NAMED_APPROVERS} more` : ''
  return `and it may be approved by ${names.slice(0, NAMED_APPROVERS).join(', ')}${more}`
}

type Standing = { readonly approved: readonly string[]; readonly mayApprove: readonly string[] }
/** Signatures are checked once: neither a document nor a policy ever changes. */
const standingsKnown = new WeakMap<AuthorizationDocument, { readonly policy: Policy; readonly standing: Standing }>()

/** Who has approved it, and who else may. */
export function standingOf(policy: Policy, document: AuthorizationDocument): Standing {
  const known = standingsKnown.get(document)
  if (known?.policy === policy) return known.standing
  const { organization, requestedBy } = document.stated
  const approved = approversOf(policy, document).map(({ name }) => name)
  const others = mayApprove(policy, organization, requestedBy).map(({ name }) => name)
  const standing = { approved, mayApprove: [...new Set(others.filter((name) => !approved.includes(name)))] }
  standingsKnown.set(document, { policy, standing })
  return standing
}

export const AUTHORIZATION_STATES = ['waiting', 'approved', 'expired'] as const

export type AuthorizationView = {
  readonly digest: string
  readonly organization: string
  readonly dataCenter: string
  readonly appliances: readonly string[]
  readonly state: (typeof AUTHORIZATION_STATES)[number]
  readonly needed: number
  readonly approvedBy: readonly string[]
  readonly mayApprove: readonly string[]
  readonly expiresAt: string
  /** As it is signed: a DSSE envelope. */
  readonly document: string
}

/** In the order in which they were asked for. */
export function authorizationViews(state: ServiceCenterState, install: InstallId): AuthorizationView[] {
  const policy = currentPolicy(state)
  if (policy === null) return []
  return [...(state.authorizations.get(install)?.values() ?? [])].map(({ digest, document }) => {
    const { organization, dataCenter, appliances, expiresAt } = document.stated
    const needed = approvalsNeeded(policy, organization)
    const { approved: approvedBy, mayApprove: names } = standingOf(policy, document)
    const isGood = state.clock.wallMs < expiresAt
    return {
      ...{ digest, organization, dataCenter, appliances: appliances.map(({ name }) => name), needed, approvedBy },
      mayApprove: names,
      state: approvedBy.length >= needed ? 'approved' : isGood ? 'waiting' : 'expired',
      expiresAt: new Date(expiresAt).toISOString(),
      document: Buffer.from(printDocument(AUTHORIZATION_DOCUMENT, document)).toString(),
    }
  })
}
