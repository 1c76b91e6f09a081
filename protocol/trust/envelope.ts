/**
 * Signed statements: DSSE (github.com/secure-systems-lab/dsse, "Protocol") over the exact bytes of the payload, so
 * there is no canonical form to argue about. The payload type names the purpose, and it is part of what is signed: a
 * receipt can never be passed off as an order. A key id is an Ed25519 peer id, which contains its public key.
 *
 * Who may sign what is decided by whoever opens an envelope, by naming the acceptable signers; this module only proves
 * that one of them did. A member of a depot stores and forwards envelopes unopened.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { Bytes, decode, encode } from '../codec.ts'
import { sha256Hex } from '../hashing.ts'
import { PeerId, type Sha256 } from '../identifiers.ts'
import { MAX_SIGNATURES } from '../limits.ts'
import { isRefusal, type Refusal, refuse } from '../refusals.ts'

export const Envelope = z.strictObject({
  payloadType: z.string().max(100),
  payload: Bytes,
  signatures: z
    .array(z.strictObject({ keyid: PeerId, sig: Bytes }))
    .min(1)
    .max(MAX_SIGNATURES),
})
export type Envelope = z.infer<typeof Envelope>

/** A purpose and the schema of what is stated for it. */
export type StatementType<Statement> = { readonly payloadType: string; readonly schema: z.ZodType<Statement> }

/** An Ed25519 key pair by which somebody is known: an appliance's identity, or the Service Center's signing key. */
export type SigningKey = { readonly peer: PeerId; readonly privateKey: KeyObject }

export function seal<Statement>(type: StatementType<Statement>, statement: Statement, key: SigningKey): Envelope {
  const payload = encode(statement)
  const sig = sign(null, preAuthenticationEncoding(type.payloadType, payload), key.privateKey)
  return { payloadType: type.payloadType, payload, signatures: [{ keyid: key.peer, sig: new Uint8Array(sig) }] }
}

/**
 * The statement inside, if one of `signers` signed it for this purpose; checked before the payload is parsed.
 */
export function open<Statement>(
  type: StatementType<Statement>,
  envelope: Envelope,
  signers: readonly PeerId[],
): Statement | Refusal {
  const what = describe(type.payloadType)
  if (envelope.payloadType !== type.payloadType) {
    return refuse('undecodable', `expected ${what} and got ${describe(envelope.payloadType)}`)
  }
  const signature = envelope.signatures.find(({ keyid }) => signers.includes(keyid))
  if (signature === undefined) {
    return refuse('wrong_signer', `${what} is signed by ${envelope.signatures.map(({ keyid }) => keyid).join(', ')}`)
  }
  const signed = preAuthenticationEncoding(envelope.payloadType, envelope.payload)
  if (!verify(null, signed, publicKeyOf(signature.keyid), signature.sig)) {
    return refuse('bad_signature', `the signature of ${signature.keyid} on ${what} is wrong`)
  }
  return decode(type.schema, envelope.payload, what)
}

/** Names one envelope, whoever carries it: the hash of what was signed. */
export function envelopeDigest(envelope: Envelope): Sha256 {
  return sha256Hex(preAuthenticationEncoding(envelope.payloadType, envelope.payload))
}

/** The stored or transmitted bytes of an envelope, and back. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return encode(envelope)
}
export function decodeEnvelope(bytes: Uint8Array): Envelope | Refusal {
  return decode(Envelope, bytes, 'a signed statement')
}

/** Reads a statement that this process sealed or opened before and kept; a failure is a damaged store, not an attack. */
export function reopen<Statement>(
  type: StatementType<Statement>,
  envelope: Envelope,
  signers: readonly PeerId[],
): Statement {
  const statement = open(type, envelope, signers)
  if (isRefusal(statement)) throw new Error(`a stored statement no longer verifies: ${statement.message}`)
  return statement
}

/** A key pair from 32 secret bytes; the same bytes give the same key. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { peer: peerIdOfPublicKey(spki.subarray(-32)), privateKey }
}

/** `DSSEv1 LEN(type) type LEN(body) body`, single spaces between. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.byteLength} `),
    type,
    Buffer.from(` ${payload.byteLength} `),
    payload,
  ])
}

function describe(payloadType: string): string {
  const purpose = purposeOf(payloadType)
  return purpose === null ? 'an unknown statement' : `a signed ${purpose}`
}

/** The word for it, such as `order`; null for what nothing here has made. */
export function purposeOf(payloadType: string): string | null {
  return /^application\/vnd\.patchmesh\.([a-z-]+)\.v1\+cbor$/.exec(payloadType)?.[1] ?? null
}

// An Ed25519 peer id is the base58 text of: identity multihash (00 24), protobuf key type Ed25519 (08 01), key (12 20 …).
const PEER_ID_PREFIX = Buffer.from('002408011220', 'hex')
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const publicKeys = new Map<PeerId, KeyObject>()
const CACHED_PUBLIC_KEYS = 10_000

function peerIdOfPublicKey(publicKey: Uint8Array): PeerId {
  let number = BigInt(`0x${Buffer.concat([PEER_ID_PREFIX, publicKey]).toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = (ALPHABET[Number(number % 58n)] as string) + text
  return `1${text}` as PeerId
}

function publicKeyOf(peer: PeerId): KeyObject {
  const known = publicKeys.get(peer)
  if (known !== undefined) return known
  let number = 0n
  for (const letter of peer) number = number * 58n + BigInt(ALPHABET.indexOf(letter))
  const key = Buffer.from(number.toString(16).padStart(76, '0'), 'hex').subarray(-32)
  const publicKey = publicKeyOfBytes(key)
  if (publicKeys.size >= CACHED_PUBLIC_KEYS) publicKeys.clear()
  publicKeys.set(peer, publicKey)
  return publicKey
}

/** From the 32 bytes of an Ed25519 public key. */
export function publicKeyOfBytes(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' })
}
