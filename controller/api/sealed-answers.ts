/**
 * Answers that are kept for whoever asks again. Some hold a secret that was just made, such as an API token, so each is
 * sealed with a key that only the secret of the one who asked gives: the database has no more of that than a hash.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function seal(answer: Uint8Array, secret: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce)
  return Buffer.concat([nonce, cipher.update(gzipSync(answer)), cipher.final(), cipher.getAuthTag()])
}

/** Throws where it was sealed with another secret, or changed since. */
export function unseal(sealed: Uint8Array, secret: string): Uint8Array {
  const decipher = createDecipheriv(CIPHER, keyOf(secret), sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  return gunzipSync(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]))
}

function keyOf(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'patchmesh answer', KEY_BYTES))
}
