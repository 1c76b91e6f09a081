/**
 * SHA-256 as the product uses it. Pure: the same bytes give the same hash, in production and in the simulator.
 */
import { createHash } from 'node:crypto'
import type { Sha256 } from './identifiers.ts'

export const HASH_BYTES = 32

export function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function sha256Hex(...parts: Uint8Array[]): Sha256 {
  return toHex(sha256(...parts)) as Sha256
}

/** `bytes` must be the 32 bytes of a SHA-256. */
export function asSha256(bytes: Uint8Array): Sha256 {
  return toHex(bytes) as Sha256
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && Buffer.compare(left, right) === 0
}
