/**
 * Keys of people: those who sign policies and those who approve installs. A key is Ed25519 or ECDSA on P-256, given as the
 * base64 of its SubjectPublicKeyInfo (RFC 5280, 4.1), so that what a token or OpenSSL makes can be used as it is; its id is
 * the SHA-256 of those bytes, so no key has two.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { isBug } from '../assert.ts'
import { sha256Hex } from '../hashing.ts'
import { Sha256 } from '../identifiers.ts'

/** Of P-256 it is 91, of Ed25519 44. */
const MAX_KEY_CHARACTERS = 200

const PublicKeyText = z
  .string()
  .max(MAX_KEY_CHARACTERS)
  .refine((text) => readPublicKey(text) !== null, 'is not the base64 of an Ed25519 or P-256 public key (SPKI)')

export const ApprovalKey = z
  .strictObject({ keyid: Sha256, publicKey: PublicKeyText })
  .refine(({ keyid, publicKey }) => keyid === approvalKeyId(publicKey), {
    message: 'has a keyid that is not the SHA-256 of its publicKey',
  })
export type ApprovalKey = z.infer<typeof ApprovalKey>

/** Throws where the private key is of another kind. */
export function publicPart(privateKey: KeyObject): ApprovalKey {
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64')
  if (readPublicKey(publicKey) === null) throw new Error('the key is neither Ed25519 nor P-256')
  return { keyid: approvalKeyId(publicKey), publicKey }
}

export function approvalKeyId(publicKey: string): Sha256 {
  return sha256Hex(Buffer.from(publicKey, 'base64'))
}

export function signWith(privateKey: KeyObject, bytes: Uint8Array): string {
  return sign(hashFor(privateKey), bytes, privateKey).toString('base64')
}

export function isSignedWith({ publicKey }: ApprovalKey, bytes: Uint8Array, sig: string): boolean {
  const key = readPublicKey(publicKey)
  return key !== null && verify(hashFor(key), bytes, key, Buffer.from(sig, 'base64'))
}

/** Ed25519 hashes by itself. */
function hashFor(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
}

const readKeys = new Map<string, KeyObject | null>()
const CACHED_KEYS = 1_000

function readPublicKey(text: string): KeyObject | null {
  const known = readKeys.get(text)
  if (known !== undefined) return known
  const key = parsed(text)
  if (readKeys.size >= CACHED_KEYS) readKeys.clear()
  readKeys.set(text, key)
  return key
}

function parsed(text: string): KeyObject | null {
  const der = Buffer.from(text, 'base64')
  if (der.toString('base64') !== text) return null
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    if (!isP256 && key.asymmetricKeyType !== 'ed25519') return null
    return key.export({ format: 'der', type: 'spki' }).equals(der) ? key : null
  } catch (error) {
    if (isBug(error)) throw error
    // What OpenSSL cannot read is no key.
    return null
  }
}
