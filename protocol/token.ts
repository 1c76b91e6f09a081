/**
 * Enrollment tokens: all that a new appliance needs. A token is whom to dial, a 256-bit secret, and the root of trust,
 * so nothing is trusted on first use.
 *
 * Two things are derived from the secret. The *enrolling identity* is the libp2p key with which the appliance dials
 * once, to enroll; its peer id stands on the allow-list while the token is open, so a stranger without a token never
 * gets past the Noise handshake. The *proof* is an HMAC keyed with the SHA-256 of the secret and binds the identity
 * that the appliance made for itself. The Service Center keeps only the peer id and that SHA-256: a stolen database
 * cannot enroll anybody, because the private half of the enrolling identity needs the secret itself.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { Bytes, decode, encode } from './codec.ts'
import { sha256 } from './hashing.ts'
import { PeerId } from './identifiers.ts'
import { DialAddresses, ENROLL_PROTOCOL } from './messages.ts'
import { type Refusal, refuse } from './refusals.ts'
import { type SigningKey, signingKeyFromSeed } from './trust/envelope.ts'

const PREFIX = 'pm1.'
export const TOKEN_SECRET_BYTES = 32

export const Token = z.strictObject({
  version: z.literal(1),
  /** The Service Center's addresses; for a tenant appliance its depot's. */
  dial: DialAddresses,
  secret: Bytes.refine((secret) => secret.byteLength === TOKEN_SECRET_BYTES, 'is not 32 bytes'),
  /** The key that signs memberships, rosters, publications and orders. */
  root: PeerId,
  /** The Service Center's mesh identity, which the proof binds. */
  serviceCenter: PeerId,
})
export type Token = z.infer<typeof Token>

export function printToken(token: Token): string {
  return PREFIX + Buffer.from(encode(token)).toString('base64url')
}

export function readToken(text: string): Token | Refusal {
  if (!text.startsWith(PREFIX)) return refuse('unknown_token', `a token starts with ${PREFIX} and this one does not`)
  return decode(Token, Buffer.from(text.slice(PREFIX.length), 'base64url'), 'the token')
}

/** What the Service Center stores of a token's secret. */
export function proofKey(secret: Uint8Array): Uint8Array {
  return sha256(secret)
}

/** The key pair with which the bearer of the token dials to enroll. */
export function enrollingIdentity(secret: Uint8Array): SigningKey {
  return signingKeyFromSeed(enrollingSeed(secret))
}

/** The 32 bytes from which the enrolling identity is made. */
export function enrollingSeed(secret: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(`${ENROLL_PROTOCOL} identity`).digest()
}

export function enrollmentProof(key: Uint8Array, serviceCenter: PeerId, appliance: PeerId): Uint8Array {
  return createHmac('sha256', key).update(`${ENROLL_PROTOCOL} ${serviceCenter} ${appliance}`).digest()
}

export function provesEnrollment(
  proof: Uint8Array,
  key: Uint8Array,
  serviceCenter: PeerId,
  appliance: PeerId,
): boolean {
  return timingSafeEqual(proof, enrollmentProof(key, serviceCenter, appliance))
}
