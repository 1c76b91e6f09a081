/**
 * Enrolling the appliances of a world over the real core of the Service Center: a token is issued, and used at once or
 * later.
 */
import { judgeReplacement, judgeSlot } from '../../controller/core/membership.ts'
import type { Slot as Position } from '../../controller/core/records.ts'
import { assert } from '../../protocol/assert.ts'
import { sha256 } from '../../protocol/hashing.ts'
import {
  ApplianceName,
  DataCenterName,
  type DialAddress,
  GroupName,
  OrganizationName,
  type PeerId,
  SERVICE_PROVIDER,
  TENANT,
} from '../../protocol/identifiers.ts'
import { type EnrollmentAnswer, PROTOCOL_VERSION } from '../../protocol/messages.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { enrollingIdentity, enrollmentProof, proofKey } from '../../protocol/token.ts'
import { type SigningKey, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import type { World } from './world.ts'

const TOKEN_MS = 3_600_000

/** The keys of an appliance are those of its name, in every world: they are made once. */
const identities = new Map<string, { identity: SigningKey; enrollingPeer: PeerId; secret: Uint8Array }>()

function identityOf(name: string) {
  let found = identities.get(name)
  if (found === undefined) {
    const secret = sha256(Buffer.from(`token of ${name}`))
    const identity = signingKeyFromSeed(sha256(Buffer.from(name)))
    found = { identity, enrollingPeer: enrollingIdentity(secret).peer, secret }
    identities.set(name, found)
  }
  return found
}

/** Where `paris/primary` stands, or `paris/acme/primary` of the tenant `acme`. */
export function positionOf(name: string, kind = name.split('/').length > 2 ? TENANT : SERVICE_PROVIDER): Position {
  const [dataCenter = '', ...rest] = name.split('/')
  return {
    name: ApplianceName.parse(name),
    organization: OrganizationName.parse(rest.length > 1 ? rest[0] : 'provider'),
    dataCenter: DataCenterName.parse(dataCenter),
    kind,
    role: rest.at(-1) === 'primary' ? 'primary' : 'secondary',
    group: GroupName.parse('pair'),
  }
}

/** `replaces`: whose place it takes, or null. */
export type Place = { readonly position: Position; readonly replaces: PeerId | null }
export type Enrolled = Extract<EnrollmentAnswer, { kind: 'enrolled' }> & { identity: SigningKey; dial: DialAddress[] }

/** A token for the machine `name`, by the rules by which it is issued to people; or why there is none. */
export function issueToken({ center }: World, name: string, { position, replaces }: Place): Refusal | null {
  const { state } = center
  const refusal = replaces === null ? judgeSlot(state, position) : judgeReplacement(state, replaces)
  if (refusal === null) writeToken(center, name, { position, replaces })
  return refusal
}

/** With the token that was issued for the machine `name`, or one that is made now. Each machine has its own key. */
export function enroll({ center, transcript }: World, name: string, place: Place): Enrolled | Refusal {
  const { identity, enrollingPeer, secret } = identityOf(name)
  transcript.call(identity.peer, name)
  if (!center.state.tokens.has(enrollingPeer)) writeToken(center, name, place)
  const proof = enrollmentProof(proofKey(secret), center.peer, identity.peer)
  const request = { version: PROTOCOL_VERSION, appliance: identity.peer, proof } as const
  center.tell({ kind: 'enrollment-requested', peer: enrollingPeer, request })
  const answer = center.enrollments.pop()
  assert(answer !== undefined, 'whoever asks to be enrolled is answered')
  if (answer.kind === 'refused') return refuse(answer.code, answer.message)
  const atCenter = `/ip4/10.1.0.1/tcp/4001/p2p/${center.peer}` as DialAddress
  const { kind: own, dataCenter: site } = place.position
  const depot = [...center.state.appliances.values()]
    .filter(({ kind, dataCenter }) => kind === SERVICE_PROVIDER && dataCenter === site)
    .flatMap(({ addresses, peer }) => addresses.map((address) => `${address}/p2p/${peer}` as DialAddress))
  return { ...answer, identity, dial: own === SERVICE_PROVIDER ? [atCenter] : depot }
}

function writeToken(center: World['center'], name: string, { position, replaces }: Place): void {
  const { enrollingPeer, secret } = identityOf(name)
  const { wallMs } = center.state.clock
  const token = {
    ...position,
    enrollingPeer,
    proofKey: proofKey(secret),
    issuedAt: wallMs,
    expiresAt: wallMs + TOKEN_MS,
    usedBy: null,
    replaces,
  }
  center.database.push({ table: 'tokens', row: token })
  center.tell({ kind: 'token-issued', token })
}
