/**
 * A disk with two images: what programs see, and what is on the medium. They are brought together by `sync` for the
 * blocks of one file and by `syncFolder` for the names in a folder; a loss of power keeps a legal part of what lies
 * between (Pillai and others, "All File Systems Are Not Created Equal", OSDI 2014): any of the unsynced blocks, whole,
 * torn or zeroed, and any of the unsynced changes of names, each whole. Blocks are the pieces of a patch.
 */
import { nextBelow, type Random } from '../../protocol/random.ts'
import { happens } from './child-random.ts'

export type Block = Uint8Array
/** `unsynced` are the blocks that were written since the last sync. */
export type Inode = { blocks: (Block | undefined)[]; durable: (Block | undefined)[]; readonly unsynced: Set<number> }

/** An unsynced change of names: the file is taken from the first place and put in the second. */
type Move = { readonly inode: Inode; readonly from: Path | null; readonly to: Path | null }
export type Path = { readonly folder: string; readonly name: string }

/** The power went: nothing after this operation happened. */
export class PowerLoss extends Error {}

export class SimulatedDisk {
  /** Operations that fail with EIO, until they are taken out again. */
  readonly failing = new Set<'read' | 'write' | 'sync'>()
  /** The power goes when so many more operations have been performed. */
  operationsToPowerLoss = Number.POSITIVE_INFINITY
  readonly #seen = new Map<string, Map<string, Inode>>()
  readonly #medium = new Map<string, Map<string, Inode>>()
  readonly #moves: Move[] = []

  names(folder: string): string[] {
    return [...folderOf(this.#seen, folder).keys()]
  }

  find({ folder, name }: Path): Inode | undefined {
    return folderOf(this.#seen, folder).get(name)
  }

  create(path: Path): Inode {
    this.#operate('write')
    const inode: Inode = { blocks: [], durable: [], unsynced: new Set() }
    this.#move({ inode, from: null, to: path })
    return inode
  }

  write(inode: Inode, index: number, block: Block): void {
    this.#operate('write')
    inode.blocks[index] = block
    inode.unsynced.add(index)
  }

  read(inode: Inode, index: number): Block | undefined {
    if (this.failing.has('read')) throw failure('EIO: the disk cannot read a block')
    return inode.blocks[index]
  }

  /** After a failed sync nobody knows what is on the medium: the kernel calls the blocks clean and has lost them. */
  sync(inode: Inode): void {
    const isFailing = this.failing.has('sync')
    if (!isFailing) for (const index of inode.unsynced) inode.durable[index] = inode.blocks[index]
    inode.unsynced.clear()
    this.#operate('sync')
  }

  rename(from: Path, to: Path): void {
    this.#operate('write')
    const inode = this.find(from)
    if (inode === undefined) throw failure(`ENOENT: no ${from.folder}/${from.name}`)
    this.#move({ inode, from, to })
  }

  remove(path: Path): void {
    const inode = this.find(path)
    if (inode === undefined) return
    this.#operate('write')
    this.#move({ inode, from: path, to: null })
  }

  syncFolder(folder: string): void {
    this.#operate('sync')
    const concerned = this.#moves.filter(({ from, to }) => from?.folder === folder || to?.folder === folder)
    for (const move of concerned) perform(this.#medium, move)
    const left = this.#moves.filter((move) => !concerned.includes(move))
    this.#moves.splice(0, this.#moves.length, ...left)
  }

  /** Power goes: what programs see from now on is what was on the medium, with a part of what was on its way there. */
  losePower(random: Random): void {
    this.operationsToPowerLoss = Number.POSITIVE_INFINITY
    for (const move of this.#moves) if (happens(random, 0.5)) perform(this.#medium, move)
    this.#moves.length = 0
    this.#seen.clear()
    for (const [folder, files] of this.#medium) {
      this.#seen.set(folder, new Map(files))
      for (const inode of files.values()) settle(inode, random)
    }
  }

  /** A fault: what was written is no longer what is there, and no error says so. */
  rot(inode: Inode, index: number): void {
    for (const image of [inode.blocks, inode.durable]) image[index] = image[index]?.map((byte) => byte ^ 1)
  }

  /** A fault: the file ends here, and no error says so. */
  cut(inode: Inode, blocks: number): void {
    for (const image of [inode.blocks, inode.durable]) image.length = Math.min(image.length, blocks)
  }

  /** What programs see on the other disk is what is on this one. */
  copy(other: SimulatedDisk): void {
    for (const [folder, files] of other.#seen) {
      const copies = [...files].map(([name, { blocks }]): [string, Inode] => [
        name,
        { blocks: [...blocks], durable: [...blocks], unsynced: new Set() },
      ])
      for (const image of [this.#seen, this.#medium]) image.set(folder, new Map(copies))
    }
  }

  /** A fault: the name is gone, on the medium too. */
  lose({ folder, name }: Path): void {
    for (const image of [this.#seen, this.#medium]) folderOf(image, folder).delete(name)
  }

  #move(move: Move): void {
    perform(this.#seen, move)
    this.#moves.push(move)
  }

  #operate(kind: 'write' | 'sync'): void {
    this.operationsToPowerLoss -= 1
    if (this.operationsToPowerLoss <= 0) throw new PowerLoss('the power went')
    if (this.failing.has(kind)) throw failure(`EIO: the disk cannot ${kind}`)
  }
}

function perform(image: Map<string, Map<string, Inode>>, { inode, from, to }: Move): void {
  if (from !== null && folderOf(image, from.folder).get(from.name) === inode)
    folderOf(image, from.folder).delete(from.name)
  if (to !== null) folderOf(image, to.folder).set(to.name, inode)
}

/** Of each unsynced block either the new content is there, or the old, or a torn one, or zeros. */
function settle(inode: Inode, random: Random): void {
  for (const index of inode.unsynced) {
    const written = inode.blocks[index]
    const fate = nextBelow(random, 4)
    if (written === undefined || fate === 0) continue
    inode.durable[index] = fate === 1 ? written : fate === 2 ? torn(written) : new Uint8Array(written.byteLength)
  }
  inode.unsynced.clear()
  inode.blocks = [...inode.durable]
}

function torn(block: Block): Block {
  return Uint8Array.from(block, (byte, at) => (2 * at < block.byteLength ? byte : 0))
}

function folderOf(image: Map<string, Map<string, Inode>>, folder: string): Map<string, Inode> {
  let files = image.get(folder)
  if (files === undefined) {
    files = new Map()
    image.set(folder, files)
  }
  return files
}

function failure(message: string): Error {
  return Object.assign(new Error(message), { code: message.split(':', 1)[0] })
}
