/**
 * All files of a root at one moment: what is different from the system below is read and hashed, and the rest is known
 * to be that system. Read from the layer that takes the changes, so neither dpkg nor the product is asked.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { WorldRoot } from '../world-root.ts'

export type Entry =
  | { readonly kind: 'file'; readonly mode: number; readonly digest: string }
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'other' }

export class Tree {
  readonly #system: string
  readonly #changes: ReadonlyMap<string, Entry | null>

  private constructor(system: string, changes: ReadonlyMap<string, Entry | null>) {
    this.#system = system
    this.#changes = changes
  }

  static read({ changes, system }: Pick<WorldRoot, 'changes' | 'system'>): Tree {
    const found = new Map<string, Entry | null>()
    walk(changes, '', found)
    return new Tree(system, found)
  }

  /** Null where nothing is. */
  at(path: string): Entry | null {
    const changed = this.#changes.get(path)
    return changed === undefined ? entryAt(join(this.#system, path)) : changed
  }

  /** Every path that is different from the system below. */
  get paths(): Iterable<string> {
    return this.#changes.keys()
  }

  /** What is different between two trees of one root. */
  static differences(before: Tree, after: Tree): string[] {
    const paths = new Set([...before.paths, ...after.paths])
    return [...paths].filter((path) => !isSame(before.at(path), after.at(path))).sort()
  }
}

/** The tree of an ordinary folder, as a map from paths. */
export function readFolder(folder: string): ReadonlyMap<string, Entry | null> {
  const found = new Map<string, Entry | null>()
  walk(folder, '', found)
  return found
}

export function isSame(left: Entry | null, right: Entry | null): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

export function describeEntry(entry: Entry | null): string {
  if (entry === null) return 'nothing'
  switch (entry.kind) {
    case 'file':
      return `a file ${entry.digest.slice(0, 8)} (${entry.mode.toString(8)})`
    case 'folder':
      return `a folder (${entry.mode.toString(8)})`
    case 'link':
      return `a link to ${entry.target}`
    case 'other':
      return 'something else'
  }
}

export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function walk(folder: string, at: string, found: Map<string, Entry | null>): void {
  for (const name of readdirSync(folder)) {
    const path = `${at}/${name}`
    const entry = entryAt(join(folder, name))
    found.set(path, entry)
    if (entry?.kind === 'folder') walk(join(folder, name), path, found)
  }
}

/** Null for nothing; a device 0/0 is how the layer says that something below is gone. */
export function entryAt(path: string): Entry | null {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return null
  if (stat.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) }
  if (stat.isDirectory()) return { kind: 'folder', mode: stat.mode & 0o7777 }
  if (stat.isFile()) return { kind: 'file', mode: stat.mode & 0o7777, digest: digestOfFile(path, stat) }
  return stat.isCharacterDevice() && stat.rdev === 0 ? null : { kind: 'other' }
}

const LARGE_BYTES = 1024 * 1024
const large = new Map<string, string>()

/** A large file is read once: what is written to it afterwards changes the time of its change, which nobody can set. */
function digestOfFile(path: string, { dev, ino, size, ctimeMs }: Stats): string {
  if (size < LARGE_BYTES) return digestOf(readFileSync(path))
  const key = [dev, ino, size, ctimeMs].join(' ')
  const known = large.get(key)
  if (known !== undefined) return known
  const digest = digestOf(readFileSync(path))
  large.set(key, digest)
  return digest
}
