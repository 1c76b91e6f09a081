/**
 * How a patch is cut into pieces, and how one signed hash proves each of them.
 *
 * Pieces cover the whole uploaded file in order; all have the same length but the last, which may be shorter. A leaf
 * of the Merkle tree is the SHA-256 of a piece. The root is signed in the publication; the list of leaves travels
 * beside it and is proven by the root, so whoever holds both can judge each piece the moment it arrives.
 *
 * The tree is the one of RFC 6962, "Merkle Hash Trees": leaves and inner nodes are hashed with different prefixes, so
 * an inner node can never be passed off as a piece, and a level with an odd node promotes it unchanged.
 */
import { createHash, type Hash } from 'node:crypto'
import { HASH_BYTES, sha256 } from './hashing.ts'
import { MAX_PIECE_BYTES, MIN_PIECE_BYTES, WANTED_PIECES_AT_MOST } from './limits.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** The smallest power of two from 256 KiB to 4 MiB that gives at most 256 pieces, else 4 MiB. */
export function pieceLengthBytes(patchBytes: number): number {
  let length = MIN_PIECE_BYTES
  while (length < MAX_PIECE_BYTES && patchBytes > length * WANTED_PIECES_AT_MOST) length *= 2
  return length
}

/** The shape of one patch: how many bytes it has and how long its pieces are. */
export type Cut = { readonly bytes: number; readonly pieceLength: number }

export function pieceCount(cut: Cut): number {
  return Math.ceil(cut.bytes / cut.pieceLength)
}

/** Where piece `index` lies in the file. */
export function pieceRange(cut: Cut, index: number): { offset: number; length: number } {
  const offset = index * cut.pieceLength
  return { offset, length: Math.min(cut.pieceLength, cut.bytes - offset) }
}

/** For a piece that is hashed as it passes: updated with its bytes in order, the digest is its leaf. */
export function beginLeaf(): Hash {
  return createHash('sha256').update(LEAF)
}

/** The leaf of one piece. */
export function pieceHash(piece: Uint8Array): Uint8Array {
  return sha256(LEAF, piece)
}

/** The leaf that stands at `index` in a list of leaves laid end to end. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
}

/** The root over `hashes`, the leaves laid end to end; at least one. */
export function piecesRoot(hashes: Uint8Array): Uint8Array {
  let level: Uint8Array[] = []
  for (let at = 0; at < hashes.byteLength; at += HASH_BYTES) level.push(hashes.subarray(at, at + HASH_BYTES))
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] as Uint8Array
      const right = level[at + 1]
      above.push(right === undefined ? left : sha256(NODE, left, right))
    }
    level = above
  }
  return level[0] ?? sha256()
}

/** Whether `hashes` are the leaves that the signed `root` promises for a patch of this cut. */
export function provesPieces(hashes: Uint8Array, cut: Cut, root: Uint8Array): boolean {
  return hashes.byteLength === pieceCount(cut) * HASH_BYTES && Buffer.compare(piecesRoot(hashes), root) === 0
}
