/**
 * Enrolling the appliances of a world: a token issued and used in one moment, over the real core of the Service Center.
 */
import type { Slot as Position } from '../../controller/core/records.ts'
import { assert } from '../../protocol/assert.ts'
import { type SigningKey, signingKeyFromSeed } from '../../protocol/envelope.ts'
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
import { enrollingIdentity, enrollmentProof, proofKey } from '../../protocol/token.ts'
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

export type Enrolled = Extract<EnrollmentAnswer, { kind: 'enrolled' }> & { identity: SigningKey; dial: DialAddress[] }

/** `replaces`: whose place it takes, with a key of its own that is made of `name`. */
export function enroll(
  { center, transcript }: World,
  position: Position,
  { name, replaces }: { name: string; replaces: PeerId | null },
): Enrolled {
  const { identity, enrollingPeer, secret } = identityOf(replaces === null ? position.name : name)
  transcript.call(identity.peer, name)
  const key = proofKey(secret)
  const { wallMs } = center.state.clock
  const token = {
    ...position,
    enrollingPeer,
    proofKey: key,
    issuedAt: wallMs,
    expiresAt: wallMs + TOKEN_MS,
    usedBy: null,
    replaces,
  }
  center.database.push({ table: 'tokens', row: token })
  center.tell({ kind: 'token-issued', token })
  const proof = enrollmentProof(key, center.peer, identity.peer)
  const request = { version: PROTOCOL_VERSION, appliance: identity.peer, proof } as const
  center.tell({ kind: 'enrollment-requested', peer: enrollingPeer, request })
  const answer = center.enrollments.pop()
  assert(answer?.kind === 'enrolled', `${position.name} is enrolled: ${JSON.stringify(answer)}`)
  const atCenter = `/ip4/10.1.0.1/tcp/4001/p2p/${center.peer}` as DialAddress
  const depot = [...center.state.appliances.values()]
    .filter(({ kind, dataCenter }) => kind === SERVICE_PROVIDER && dataCenter === position.dataCenter)
    .flatMap(({ addresses, peer }) => addresses.map((address) => `${address}/p2p/${peer}` as DialAddress))
  return { ...answer, identity, dial: position.kind === SERVICE_PROVIDER ? [atCenter] : depot }
}
