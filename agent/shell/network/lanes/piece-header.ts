/**
 * What stands before the bytes of a piece on a lane: the SHA-256 of its patch, its index and its length, in 40 bytes; the
 * numbers are unsigned and in network byte order.
 */
import { toHex } from '../../../../protocol/hashing.ts'
import type { Sha256 } from '../../../../protocol/identifiers.ts'
import { MAX_PIECE_BYTES } from '../../../../protocol/limits.ts'

export const HEADER_BYTES = 40
const DIGEST_BYTES = 32

export type PieceHeader = { readonly patch: Sha256; readonly index: number; readonly bytes: number }

export function writeHeader({ patch, index, bytes }: PieceHeader): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(patch, 'hex')
  header.writeUInt32BE(index, DIGEST_BYTES)
  header.writeUInt32BE(bytes, DIGEST_BYTES + 4)
  return header
}

/** Null for a length that no piece has. */
export function readHeader(header: Uint8Array): PieceHeader | null {
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES)
  const bytes = view.getUint32(DIGEST_BYTES + 4)
  if (bytes < 1 || bytes > MAX_PIECE_BYTES) return null
  const patch = toHex(header.subarray(0, DIGEST_BYTES)) as Sha256
  return { patch, index: view.getUint32(DIGEST_BYTES), bytes }
}
