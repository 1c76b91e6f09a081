/**
 * A piece store in memory, with the interface of the real one (agent/shell/piece-store.ts) and bytes that are really
 * hashed. It can be full, and it can lose or change what it holds; the store contract runs on both.
 */
import { emptyBitfield, setBit } from '../../protocol/bitfield.ts'
import { equalBytes, sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, hashAt, pieceCount, pieceHash } from '../../protocol/pieces.ts'

type File = { hashes: Uint8Array; pieces: (Uint8Array | undefined)[]; isSealed: boolean }

export class SimulatedStore {
  readonly #files = new Map<Sha256, File>()
  isFull = false

  held(): Map<Sha256, Uint8Array> {
    return new Map(
      [...this.#files].filter(([, { isSealed }]) => isSealed).map(([patch, { hashes }]) => [patch, hashes]),
    )
  }

  removeUnknown(known: ReadonlySet<string>): void {
    for (const patch of this.#files.keys()) if (!known.has(patch)) this.#files.delete(patch)
  }

  openPartial(patch: Cut & { sha256: Sha256 }, hashes: Uint8Array): Uint8Array {
    this.#refuseWhenFull()
    const before = this.#files.get(patch.sha256)
    const count = pieceCount(patch)
    const have = emptyBitfield(count)
    const pieces = Array.from({ length: count }, (_, index) => {
      const piece = before?.pieces[index]
      if (piece === undefined || !equalBytes(pieceHash(piece), hashAt(hashes, index))) return undefined
      setBit(have, index)
      return piece
    })
    this.#files.set(patch.sha256, { hashes, pieces, isSealed: false })
    return have
  }

  writePiece(patch: Sha256, index: number, bytes: Uint8Array): void {
    this.#refuseWhenFull()
    this.#fileOf(patch).pieces[index] = bytes
  }

  readPiece(patch: { sha256: Sha256 }, index: number): Uint8Array {
    const piece = this.#fileOf(patch.sha256).pieces[index]
    if (piece === undefined) throw new Error(`piece ${index} of ${patch.sha256} is not on disk`)
    return piece
  }

  seal(patch: { sha256: Sha256 }): boolean {
    const file = this.#fileOf(patch.sha256)
    file.isSealed = sha256Hex(...file.pieces.map((piece) => piece ?? new Uint8Array())) === patch.sha256
    if (!file.isSealed) this.#files.delete(patch.sha256)
    return file.isSealed
  }

  /** Takes a complete file, as the Service Center does with an upload. */
  adopt(patch: Sha256, hashes: Uint8Array, pieces: readonly Uint8Array[]): void {
    this.#files.set(patch, { hashes, pieces: [...pieces], isSealed: true })
  }

  discard(patch: Sha256): void {
    this.#files.delete(patch)
  }

  /** A fault: what the disk gives back is not what was written. */
  rot(patch: Sha256, index: number): void {
    const piece = this.#fileOf(patch).pieces[index]
    if (piece !== undefined) this.#fileOf(patch).pieces[index] = piece.map((byte) => byte ^ 1)
  }

  #fileOf(patch: Sha256): File {
    const file = this.#files.get(patch)
    if (file === undefined) throw new Error(`there is no file of ${patch}`)
    return file
  }

  #refuseWhenFull(): void {
    if (this.isFull) throw Object.assign(new Error('8 MB needed and 1 MB free'), { code: 'ENOSPC' })
  }
}
