/**
 * Patches on disk. A complete patch is one ordinary file, `store/SHA256`, which appears there only after every byte was
 * read back with the right digest and is durable; `sha256sum` audits the folder. Unfinished work lies in `partial/`,
 * and its piece hashes in `pieces/`. Nothing under a final name is ever modified; only `discard` deletes, what is found
 * not to be right any more goes back to `partial/`, and what no record knows is set aside in `unknown/`: records may have
 * been lost, and once they know it again its pieces are judged and used.
 *
 * Pieces are not synced one by one: after a power cut each is judged by its hash again, so what was lost is pulled
 * again. An error of fsync is final for a file: what the kernel dropped cannot be known, so the file goes, and where it
 * cannot go now, nothing of it is believed until it has gone.
 */
import { randomUUID } from 'node:crypto'
import { constants, type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyBitfield, setBit } from '../../protocol/bitfield.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import { Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, hashAt, pieceCount, pieceHash, pieceRange } from '../../protocol/pieces.ts'
import { refuseWithoutSpace } from './disk-space.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { ifThere } from './if-there.ts'
import { digestOf, readFully } from './open-file.ts'

export type StoredPatch = Cut & { readonly sha256: Sha256 }

export class PieceStore {
  readonly #folders: { store: string; partial: string; pieces: string }
  readonly #unknown: string
  readonly #unfinished = new Map<Sha256, { handle: FileHandle; patch: StoredPatch }>()
  /** Of these nobody knows what is on the medium: what is read may be in memory only, and a second sync says nothing. */
  readonly #doubtful = new Set<Sha256>()

  private constructor(folder: string) {
    this.#folders = { store: join(folder, 'store'), partial: join(folder, 'partial'), pieces: join(folder, 'pieces') }
    this.#unknown = join(folder, 'unknown')
  }

  static async open(folder: string): Promise<PieceStore> {
    const store = new PieceStore(folder)
    for (const path of Object.values(store.#folders)) await mkdir(path, { recursive: true, mode: 0o700 })
    return store
  }

  /** Where the complete file is, or will be. */
  pathOf(patch: Sha256): string {
    return join(this.#folders.store, patch)
  }

  /** Where an upload is received before it is adopted; the same file system as the store. */
  get partialFolder(): string {
    return this.#folders.partial
  }

  /**
   * The complete files, with the piece hashes that they were proven by. One that has another length than `bytesOf` says
   * is left out: it is not complete any more.
   */
  async held(bytesOf: (patch: Sha256) => number | undefined = () => undefined): Promise<Map<Sha256, Uint8Array>> {
    const held = new Map<Sha256, Uint8Array>()
    for (const name of await readdir(this.#folders.store)) {
      const patch = Sha256.safeParse(name)
      if (!patch.success) continue
      const { size } = await lstat(join(this.#folders.store, name))
      if (size !== (bytesOf(patch.data) ?? size)) continue
      const hashes = await ifThere(readFile(join(this.#folders.pieces, name)))
      if (hashes !== null) held.set(patch.data, hashes)
    }
    return held
  }

  /**
   * Removes what is unfinished and no record knows, or lies beside its complete file since a loss of power. A complete
   * file goes only where a record says that it may; one that no record knows is set aside, and its path is given back.
   */
  async removeUnknown(known: ReadonlySet<string>, withdrawn: ReadonlySet<string> = new Set()): Promise<string[]> {
    const aside: string[] = []
    for (const folder of Object.values(this.#folders)) {
      for (const name of await readdir(folder)) {
        if (known.has(name)) continue
        if (folder !== this.#folders.store || withdrawn.has(name))
          await rm(join(folder, name), { recursive: true, force: true })
        else aside.push(await this.#setAside(name))
      }
    }
    for (const name of await readdir(this.#folders.store)) await rm(join(this.#folders.partial, name), { force: true })
    return aside
  }

  async #setAside(name: string): Promise<string> {
    await mkdir(this.#unknown, { recursive: true, mode: 0o700 })
    const isTaken = (await ifThere(lstat(join(this.#unknown, name)))) !== null
    const path = join(this.#unknown, isTaken ? `${name}.${randomUUID()}` : name)
    await rename(join(this.#folders.store, name), path)
    await syncFolder(this.#unknown)
    await syncFolder(this.#folders.store)
    return path
  }

  /** A record knows it again: it is an unfinished file now, of which each piece is judged. */
  async #takeBack(sha256: Sha256): Promise<void> {
    const partial = join(this.#folders.partial, sha256)
    if ((await ifThere(lstat(partial))) !== null) return
    await ifThere(rename(join(this.#unknown, sha256), partial))
  }

  /** Readies the unfinished file and says which of its pieces are there already and right. */
  async openPartial(patch: StoredPatch, hashes: Uint8Array): Promise<Uint8Array> {
    await this.#close(patch.sha256)
    if (this.#doubtful.has(patch.sha256)) await this.discard(patch.sha256)
    const path = join(this.#folders.partial, patch.sha256)
    await this.#takeBack(patch.sha256)
    await writeDurably(this.#folders.pieces, patch.sha256, hashes)
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    const handle = await open(path, flags, 0o600)
    try {
      const { blocks } = await handle.stat()
      refuseWithoutSpace(this.#folders.partial, patch.bytes - blocks * 512)
      const have = await piecesIn(handle, patch, hashes)
      this.#unfinished.set(patch.sha256, { handle, patch })
      return have
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async writePiece(sha256: Sha256, index: number, bytes: Uint8Array): Promise<void> {
    const { handle, patch } = this.#unfinishedOf(sha256)
    const { offset } = pieceRange(patch, index)
    // Looked at again for each piece: other transfers, and others than us, fill the same disk.
    refuseWithoutSpace(this.#folders.partial, bytes.byteLength)
    for (let written = 0; written < bytes.byteLength; ) {
      written += (await handle.write(bytes, written, bytes.byteLength - written, offset + written)).bytesWritten
    }
  }

  /**
   * Piece `index`, from the complete file or from the unfinished one, in memory that `take` gives. Throws when it is not
   * there.
   */
  async readPiece(
    patch: StoredPatch,
    index: number,
    take: (bytes: number) => Uint8Array = Buffer.allocUnsafe,
  ): Promise<Uint8Array> {
    const { offset, length } = pieceRange(patch, index)
    const unfinished = this.#unfinished.get(patch.sha256)
    const handle =
      unfinished?.handle ?? (await open(this.pathOf(patch.sha256), constants.O_RDONLY | constants.O_NOFOLLOW))
    try {
      const bytes = take(length)
      if (!(await readFully(handle, bytes, offset))) throw new Error(`piece ${index} of ${patch.sha256} is not on disk`)
      return bytes
    } finally {
      if (unfinished === undefined) await handle.close()
    }
  }

  /** The hash of one piece of the complete file, as it is on disk now. Throws when it cannot be read. */
  async provePiece(patch: StoredPatch, index: number): Promise<Uint8Array> {
    const { offset, length } = pieceRange(patch, index)
    const handle = await open(this.pathOf(patch.sha256), constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { size } = await handle.stat()
      if (size !== patch.bytes) throw new Error(`the file has ${size} bytes instead of ${patch.bytes}`)
      const bytes = Buffer.allocUnsafe(length)
      if (!(await readFully(handle, bytes, offset))) throw new Error('the file ends before it')
      return pieceHash(bytes)
    } finally {
      await handle.close()
    }
  }

  /** A complete file that is not right is an unfinished one: what is right of it is kept, and nothing of it is believed. */
  async setApart(sha256: Sha256): Promise<void> {
    await this.#close(sha256)
    const isThere = (await ifThere(lstat(this.pathOf(sha256)))) !== null
    if (!isThere) return
    await rename(this.pathOf(sha256), join(this.#folders.partial, sha256))
    await syncFolder(this.#folders.partial)
    await syncFolder(this.#folders.store)
  }

  /**
   * Proves the whole file from disk and puts it under its final name. False when it is not what was signed: then it is an
   * unfinished one, of which each piece is to be judged again.
   */
  async seal(patch: StoredPatch): Promise<boolean> {
    const unfinished = this.#unfinished.get(patch.sha256)
    if (unfinished === undefined) return this.#proveAgain(patch)
    try {
      await unfinished.handle.sync()
      if ((await digestOf(unfinished.handle)) !== patch.sha256) return false
      await this.#putAway(join(this.#folders.partial, patch.sha256), patch.sha256)
      return true
    } catch (error) {
      await this.#discardAfter(error, patch.sha256)
      throw error
    } finally {
      await this.#close(patch.sha256)
    }
  }

  /** A disk that cannot even forget a file is asked to again before anything is written in its place. */
  async #discardAfter(error: unknown, sha256: Sha256): Promise<void> {
    this.#doubtful.add(sha256)
    try {
      await this.discard(sha256)
    } catch (second) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`the file of ${sha256} could not be put away (${why}), and not be removed`, { cause: second })
    }
  }

  /** Takes a file that whoever received it in `partialFolder` has synced and then proven from disk. */
  async adopt(path: string, sha256: Sha256, hashes: Uint8Array): Promise<void> {
    await this.#close(sha256)
    await writeDurably(this.#folders.pieces, sha256, hashes)
    await this.#putAway(path, sha256)
    await rm(join(this.#folders.partial, sha256), { force: true })
  }

  async discard(sha256: Sha256): Promise<void> {
    await this.#close(sha256)
    for (const folder of [...Object.values(this.#folders), this.#unknown]) {
      await rm(join(folder, sha256), { force: true })
    }
    this.#doubtful.delete(sha256)
    await syncFolder(this.#folders.store)
  }

  async close(): Promise<void> {
    for (const sha256 of [...this.#unfinished.keys()]) await this.#close(sha256)
  }

  async #putAway(path: string, sha256: Sha256): Promise<void> {
    await rename(path, this.pathOf(sha256))
    await rm(join(this.#unknown, sha256), { force: true })
    await syncFolder(this.#folders.store)
    await syncFolder(this.#folders.partial)
  }

  async #proveAgain(patch: StoredPatch): Promise<boolean> {
    const handle = await open(this.pathOf(patch.sha256), constants.O_RDONLY | constants.O_NOFOLLOW)
    const right = (await digestOf(handle).finally(() => handle.close())) === patch.sha256
    if (!right) await this.setApart(patch.sha256)
    return right
  }

  #unfinishedOf(sha256: Sha256): { handle: FileHandle; patch: StoredPatch } {
    const unfinished = this.#unfinished.get(sha256)
    if (unfinished === undefined) throw new Error(`the unfinished file of ${sha256} is not open`)
    return unfinished
  }

  async #close(sha256: Sha256): Promise<void> {
    const unfinished = this.#unfinished.get(sha256)
    this.#unfinished.delete(sha256)
    await unfinished?.handle.close()
  }
}

async function piecesIn(handle: FileHandle, patch: StoredPatch, hashes: Uint8Array): Promise<Uint8Array> {
  const have = emptyBitfield(pieceCount(patch))
  const { size } = await handle.stat()
  const buffer = Buffer.allocUnsafe(patch.pieceLength)
  for (let index = 0; index < pieceCount(patch); index++) {
    const { offset, length } = pieceRange(patch, index)
    if (offset + length > size) continue
    const piece = buffer.subarray(0, length)
    if ((await readFully(handle, piece, offset)) && equalBytes(pieceHash(piece), hashAt(hashes, index)))
      setBit(have, index)
  }
  if (size > patch.bytes) await handle.truncate(patch.bytes)
  return have
}
