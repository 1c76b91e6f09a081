/**
 * Hashes a file once, in order, as it passes: the SHA-256 of the whole, and the leaf of each piece (see pieces.ts).
 * It holds no bytes; memory is 32 bytes for each piece.
 */
import { createHash, type Hash } from 'node:crypto'
import { asSha256, HASH_BYTES } from './hashing.ts'
import type { Sha256 } from './identifiers.ts'
import { beginLeaf, piecesRoot } from './pieces.ts'

export type Hashed = {
  readonly bytes: number
  readonly sha256: Sha256
  /** The leaves laid end to end. */
  readonly hashes: Uint8Array
  readonly piecesRoot: Sha256
}

export class PieceHasher {
  readonly pieceLength: number
  readonly #whole: Hash = createHash('sha256')
  readonly #leaves: LeafHasher
  bytes = 0

  constructor(pieceLength: number) {
    this.pieceLength = pieceLength
    this.#leaves = new LeafHasher(pieceLength)
  }

  update(bytes: Uint8Array): void {
    this.#whole.update(bytes)
    this.#leaves.update(bytes)
    this.bytes += bytes.byteLength
  }

  /** To be called once, after the last byte. */
  finish(): Hashed {
    const hashes = this.#leaves.finish()
    return {
      bytes: this.bytes,
      sha256: asSha256(this.#whole.digest()),
      hashes,
      piecesRoot: asSha256(piecesRoot(hashes)),
    }
  }
}

/** The leaves alone. */
export class LeafHasher {
  readonly #pieceLength: number
  readonly #leaves: Uint8Array[] = []
  #piece: Hash | null = null
  #room = 0

  constructor(pieceLength: number) {
    this.#pieceLength = pieceLength
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      this.#piece ??= this.#begin()
      const part = bytes.subarray(at, at + this.#room)
      this.#piece.update(part)
      this.#room -= part.byteLength
      at += part.byteLength
      if (this.#room === 0) this.#end()
    }
  }

  /** To be called once, after the last byte: the leaves laid end to end. */
  finish(): Uint8Array {
    this.#end()
    const hashes = new Uint8Array(this.#leaves.length * HASH_BYTES)
    for (const [index, leaf] of this.#leaves.entries()) hashes.set(leaf, index * HASH_BYTES)
    return hashes
  }

  #begin(): Hash {
    this.#room = this.#pieceLength
    return beginLeaf()
  }

  #end(): void {
    if (this.#piece === null) return
    this.#leaves.push(this.#piece.digest())
    this.#piece = null
  }
}
