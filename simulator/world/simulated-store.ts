/**
 * The piece store of a world: the steps of the real one (agent/shell/piece-store.ts), in the same order, on a simulated
 * disk, with bytes that are really hashed. Where a step is missing or comes too early, a loss of power shows it. Sizes
 * are nominal: a piece takes as much of the disk as the patch says, and a few bytes of memory.
 */
import { emptyBitfield, setBit } from '../../protocol/bitfield.ts'
import { equalBytes, sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, hashAt, pieceCount, pieceHash, pieceRange } from '../../protocol/pieces.ts'
import { type Inode, SimulatedDisk } from './simulated-disk.ts'

/** What a transfer never eats; see the real store. */
const RESERVED_BYTES = 16 * 1024 * 1024
/** A disk on which nobody counts: a test that is about something else. */
const UNLIMITED = Number.POSITIVE_INFINITY
const HASH_BYTES = 32

type Stored = Cut & { readonly sha256: Sha256 }

export class SimulatedStore {
  readonly disk = new SimulatedDisk()
  /** Everything that would take more room is refused. */
  isFull = false
  readonly sizeBytes: number
  readonly #unfinished = new Map<Sha256, Inode>()
  readonly #doubtful = new Set<Sha256>()
  /** What each file will take when it is whole, which is set aside when it begins. */
  readonly #cuts = new Map<string, Stored>()

  constructor(sizeBytes = UNLIMITED) {
    this.sizeBytes = sizeBytes
  }

  /** A file that was cut short is left out. */
  held(): Map<Sha256, Uint8Array> {
    const held = new Map<Sha256, Uint8Array>()
    for (const name of this.disk.names('store')) {
      const hashes = this.disk.find({ folder: 'pieces', name })?.blocks[0]
      const pieces = this.disk.find({ folder: 'store', name })?.blocks.length ?? 0
      if (hashes !== undefined && pieces * HASH_BYTES === hashes.byteLength) held.set(name as Sha256, hashes)
    }
    return held
  }

  /** Whether the file under the final name is whole and right, as `sha256sum` would find it. */
  audit(): Map<Sha256, boolean> {
    return new Map(
      this.disk
        .names('store')
        .map((name) => [name as Sha256, digestOf(this.disk.find({ folder: 'store', name })) === name]),
    )
  }

  /** A complete file goes only where a record says that it may; one that no record knows is set aside. */
  removeUnknown(known: ReadonlySet<string>, withdrawn: ReadonlySet<string> = new Set()): void {
    this.#unfinished.clear()
    this.#doubtful.clear()
    for (const folder of ['store', 'partial', 'pieces']) {
      for (const name of this.disk.names(folder)) {
        if (known.has(name)) continue
        if (folder !== 'store' || withdrawn.has(name)) this.disk.remove({ folder, name })
        else this.#move(name, 'store', 'unknown')
      }
    }
    for (const name of this.disk.names('store')) this.disk.remove({ folder: 'partial', name })
  }

  openPartial(patch: Stored, hashes: Uint8Array): Uint8Array {
    if (this.#doubtful.has(patch.sha256)) this.discard(patch.sha256)
    const path = { folder: 'partial', name: patch.sha256 }
    this.#refuseWhenFull()
    const aside = { folder: 'unknown', name: patch.sha256 }
    if (this.disk.find(aside) !== undefined && this.disk.find(path) === undefined) this.disk.rename(aside, path)
    this.#writeDurably('pieces', patch.sha256, hashes)
    const inode = this.disk.find(path) ?? this.disk.create(path)
    this.#refuseWithoutRoom(patch, inode)
    this.#cuts.set(patch.sha256, patch)
    const have = emptyBitfield(pieceCount(patch))
    for (let index = 0; index < pieceCount(patch); index++) {
      const piece = this.disk.read(inode, index)
      if (piece !== undefined && equalBytes(pieceHash(piece), hashAt(hashes, index))) setBit(have, index)
    }
    this.#unfinished.set(patch.sha256, inode)
    return have
  }

  writePiece(patch: Sha256, index: number, bytes: Uint8Array): void {
    this.#refuseWhenFull()
    const inode = this.#unfinished.get(patch)
    if (inode === undefined) throw new Error(`the unfinished file of ${patch} is not open`)
    this.disk.write(inode, index, bytes)
  }

  readPiece(patch: { sha256: Sha256 }, index: number): Uint8Array {
    const inode = this.fileOf(patch.sha256)
    const piece = inode === undefined ? undefined : this.disk.read(inode, index)
    if (piece === undefined) throw new Error(`piece ${index} of ${patch.sha256} is not on disk`)
    return piece
  }

  /** The file from which its pieces are read. */
  fileOf(patch: Sha256): Inode | undefined {
    return this.#unfinished.get(patch) ?? this.disk.find({ folder: 'store', name: patch })
  }

  /** The hash of one piece of the complete file, as it is on disk now. */
  provePiece({ sha256 }: { sha256: Sha256 }, index: number): Uint8Array {
    const inode = this.disk.find({ folder: 'store', name: sha256 })
    const hashes = this.disk.find({ folder: 'pieces', name: sha256 })?.blocks[0]
    if (inode === undefined) throw new Error('there is no file')
    if (inode.blocks.length * HASH_BYTES !== hashes?.byteLength) throw new Error('the file has another length')
    const piece = this.disk.read(inode, index)
    if (piece === undefined) throw new Error('the file ends before it')
    return pieceHash(piece)
  }

  setApart(patch: Sha256): void {
    this.#unfinished.delete(patch)
    if (this.disk.find({ folder: 'store', name: patch }) !== undefined) this.#move(patch, 'store', 'partial')
  }

  /** False when the whole is not what was signed: it is an unfinished one then. */
  seal(patch: { sha256: Sha256 }): boolean {
    const { sha256 } = patch
    const unfinished = this.#unfinished.get(sha256)
    if (unfinished === undefined) return this.#proveAgain(sha256)
    try {
      this.disk.sync(unfinished)
      if (digestOf(unfinished) !== sha256) return false
      this.#putAway(sha256)
      return true
    } catch (error) {
      this.#discardAfter(error, sha256)
      throw error
    } finally {
      this.#unfinished.delete(sha256)
    }
  }

  /** An upload as the Service Center receives it: written and synced below `partial`, then taken like any other. */
  adopt(patch: Sha256, hashes: Uint8Array, pieces: readonly Uint8Array[]): void {
    const inode = this.disk.create({ folder: 'partial', name: patch })
    for (const [index, piece] of pieces.entries()) this.disk.write(inode, index, piece)
    this.disk.sync(inode)
    if (digestOf(inode) !== patch) throw new Error('the disk gives back other bytes than were written')
    this.#writeDurably('pieces', patch, hashes)
    this.#unfinished.delete(patch)
    this.#putAway(patch)
  }

  discard(patch: Sha256): void {
    this.#unfinished.delete(patch)
    this.#cuts.delete(patch)
    for (const folder of ['store', 'partial', 'pieces', 'unknown']) this.disk.remove({ folder, name: patch })
    this.#doubtful.delete(patch)
    this.disk.syncFolder('store')
  }

  /** A fault: what the disk gives back is not what was written. */
  rot(patch: Sha256, index: number): void {
    const inode = this.fileOf(patch) ?? this.disk.find({ folder: 'partial', name: patch })
    if (inode !== undefined) this.disk.rot(inode, index)
  }

  piecesOf(patch: Sha256): number {
    return (this.disk.find({ folder: 'pieces', name: patch })?.blocks[0]?.byteLength ?? HASH_BYTES) / HASH_BYTES
  }

  /** A fault: the complete file has so many pieces only. */
  cutShort(patch: Sha256, pieces: number): void {
    const inode = this.disk.find({ folder: 'store', name: patch })
    if (inode !== undefined) this.disk.cut(inode, pieces)
  }

  /** A fault: the complete file is gone. */
  lose(patch: Sha256): void {
    this.disk.lose({ folder: 'store', name: patch })
  }

  #putAway(patch: Sha256): void {
    this.disk.rename({ folder: 'partial', name: patch }, { folder: 'store', name: patch })
    this.disk.remove({ folder: 'unknown', name: patch })
    this.disk.syncFolder('store')
    this.disk.syncFolder('partial')
  }

  #move(name: string, from: string, to: string): void {
    this.disk.rename({ folder: from, name }, { folder: to, name })
    this.disk.syncFolder(to)
    this.disk.syncFolder(from)
  }

  #proveAgain(patch: Sha256): boolean {
    const inode = this.disk.find({ folder: 'store', name: patch })
    if (inode === undefined) throw new Error(`there is no file of ${patch}`)
    const isRight = digestOf(inode) === patch
    if (!isRight) this.setApart(patch)
    return isRight
  }

  /** An error is final for a file. A disk without power keeps it until the start. */
  #discardAfter(error: unknown, patch: Sha256): void {
    this.#doubtful.add(patch)
    try {
      if (error instanceof Error && 'code' in error) this.discard(patch)
    } catch (second) {
      throw new Error(`the file of ${patch} could not be put away, and not be removed`, { cause: second })
    }
  }

  #writeDurably(folder: string, name: string, content: Uint8Array): void {
    const temporary = { folder, name: `.${name}.new` }
    const inode = this.disk.create(temporary)
    this.disk.write(inode, 0, content)
    this.disk.sync(inode)
    this.disk.rename(temporary, { folder, name })
    this.disk.syncFolder(folder)
  }

  #refuseWhenFull(): void {
    if (this.isFull) throw Object.assign(new Error('8 MB needed and 1 MB free'), { code: 'ENOSPC' })
  }

  #refuseWithoutRoom(patch: Stored, inode: Inode): void {
    let free = this.sizeBytes
    if (free === UNLIMITED) return
    for (const folder of ['store', 'partial', 'unknown']) {
      for (const name of this.disk.names(folder)) free -= this.#bytesOf(name, this.disk.find({ folder, name }))
    }
    const needed = patch.bytes - this.#bytesOf(patch.sha256, inode) + RESERVED_BYTES
    if (needed <= free) return
    const message = `${Math.ceil(needed / 1e6)} MB needed and ${Math.ceil(free / 1e6)} MB free`
    throw Object.assign(new Error(message), { code: 'ENOSPC' })
  }

  #bytesOf(name: string, inode: Inode | undefined): number {
    const cut = this.#cuts.get(name)
    if (cut === undefined || inode === undefined) return 0
    return inode.blocks.reduce(
      (sum, block, index) => sum + (block === undefined ? 0 : pieceRange(cut, index).length),
      0,
    )
  }
}

function digestOf(inode: Inode | undefined): Sha256 {
  return sha256Hex(...Array.from(inode?.blocks ?? [], (block) => block ?? new Uint8Array()))
}
