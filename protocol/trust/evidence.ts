/**
 * The evidence of one install for one organization: a file of signed statements, which whoever holds it can check without
 * asking anybody. The Service Center signs what was installed for whom and names every statement of the file by its digest,
 * so none can be left out or added; each appliance has signed what it says of itself. Nothing unsigned is in it.
 * Invariant: what is told of an appliance comes from its own signed statements alone.
 */
import { z } from 'zod'
import { InstallId, OrganizationName, PeerId, Sha256 } from '../identifiers.ts'
import { MAX_SENTENCE_CHARACTERS, MAX_SIGNATURES } from '../limits.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { Envelope, envelopeDigest } from './envelope.ts'
import { statement, WallTime } from './statements.ts'

/** What the Service Center knows of the install, at `madeAt`. `statements` are the digests of all others in the file. */
export const InstallAccount = statement(
  'install-account',
  z.strictObject({
    install: InstallId,
    patch: Sha256,
    organization: OrganizationName,
    /** A Data Center, or `All`. */
    dataCenter: z.string().max(100),
    /** The person or API token; null where an earlier release started it. */
    startedBy: z.string().max(200).nullable(),
    startedAt: WallTime,
    allowOutage: z.boolean(),
    outsideWindows: z.boolean(),
    state: z.string().max(20),
    reason: z.string().max(MAX_SENTENCE_CHARACTERS),
    statements: z.array(Sha256),
    madeAt: WallTime,
  }),
)
export type InstallAccount = z.infer<(typeof InstallAccount)['schema']>

/** An envelope in the JSON of DSSE: `payload` and `sig` in base64. */
const WrittenEnvelope = z.strictObject({
  payloadType: z.string().max(100),
  payload: z.base64(),
  signatures: z
    .array(z.strictObject({ keyid: PeerId, sig: z.base64() }))
    .min(1)
    .max(MAX_SIGNATURES),
})
type WrittenEnvelope = z.infer<typeof WrittenEnvelope>

export const EVIDENCE_FORMAT = 'patchmesh-evidence-1'

export const EvidenceFile = z.strictObject({
  format: z.literal(EVIDENCE_FORMAT),
  /** The key of the Service Center that signed what is not an appliance's. */
  signingKey: PeerId,
  account: WrittenEnvelope,
  publication: WrittenEnvelope,
  appliances: z.array(
    z.strictObject({
      peer: PeerId,
      membership: WrittenEnvelope,
      /** Its orders, reports and detections, the oldest first. */
      statements: z.array(WrittenEnvelope),
    }),
  ),
})
export type EvidenceFile = z.infer<typeof EvidenceFile>

/** The same in memory. */
export type Evidence = {
  readonly signingKey: PeerId
  readonly account: Envelope
  readonly publication: Envelope
  readonly appliances: readonly ApplianceEvidence[]
}
export type ApplianceEvidence = {
  readonly peer: PeerId
  readonly membership: Envelope
  readonly statements: readonly Envelope[]
}

/** Of everything that an account has to name, in the order of the file. */
export function digestsIn({ publication, appliances }: Pick<Evidence, 'publication' | 'appliances'>): Sha256[] {
  const told = appliances.flatMap(({ membership, statements }) => [membership, ...statements])
  return [publication, ...told].map(envelopeDigest)
}

export function writeEvidence({ signingKey, account, publication, appliances }: Evidence): EvidenceFile {
  return {
    format: EVIDENCE_FORMAT,
    signingKey,
    account: written(account),
    publication: written(publication),
    appliances: appliances.map(({ peer, membership, statements }) => ({
      peer,
      membership: written(membership),
      statements: statements.map(written),
    })),
  }
}

/** Reads the JSON text of a file; it is not believed yet (judge-evidence.ts). */
export function readEvidence(text: string): Evidence | Refusal {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('undecodable', 'it is not JSON')
  }
  const parsed = EvidenceFile.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    return refuse('undecodable', `it is no evidence of an install${where}: ${issue?.message ?? 'unknown'}`)
  }
  const { signingKey, account, publication, appliances } = parsed.data
  return {
    signingKey,
    account: read(account),
    publication: read(publication),
    appliances: appliances.map(({ peer, membership, statements }) => ({
      peer,
      membership: read(membership),
      statements: statements.map(read),
    })),
  }
}

function written({ payloadType, payload, signatures }: Envelope): WrittenEnvelope {
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig).toString('base64') })),
  }
}

function read({ payloadType, payload, signatures }: WrittenEnvelope): Envelope {
  return {
    payloadType,
    payload: new Uint8Array(Buffer.from(payload, 'base64')),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: new Uint8Array(Buffer.from(sig, 'base64')) })),
  }
}
