/**
 * Which packages own which files, by the lists and diversions of dpkg's database. The lists of all packages are read
 * only when something lies where the package wants to put its own, and then only what is asked for is kept.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '../../read-if-there.ts'
import { databaseFolder } from '../dpkg-database.ts'
import type { BytePath } from '../package-contents.ts'

export type Diversion = {
  readonly from: BytePath
  readonly to: BytePath
  /** The package whose own files are not diverted; null where an administrator diverted for all. */
  readonly by: string | null
}

/** The files of one package, as its list in the database has them; empty where there is no list. */
export async function filesOf(root: string, name: string, architecture: string): Promise<Set<BytePath>> {
  const folder = join(databaseFolder(root), 'info')
  for (const list of [`${name}:${architecture}.list`, `${name}.list`]) {
    const text = await readIfThere(join(folder, list), 'latin1')
    if (text !== null) return new Set(text.split('\n').filter((line) => line !== ''))
  }
  return new Set()
}

/** The packages, as `NAME` or `NAME:ARCHITECTURE`, whose lists name any of the paths. */
export async function ownersOf(root: string, paths: ReadonlySet<BytePath>): Promise<Map<BytePath, string[]>> {
  const owners = new Map<BytePath, string[]>()
  if (paths.size === 0) return owners
  const folder = join(databaseFolder(root), 'info')
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.list')) continue
    for (const line of (await readFile(join(folder, file), 'latin1')).split('\n')) {
      if (!paths.has(line)) continue
      owners.set(line, [...(owners.get(line) ?? []), file.slice(0, -'.list'.length)])
    }
  }
  return owners
}

export async function diversionsOf(root: string): Promise<Diversion[]> {
  const text = await readIfThere(join(databaseFolder(root), 'diversions'), 'latin1')
  const lines = (text ?? '').split('\n')
  const diversions: Diversion[] = []
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from, to, by] = lines.slice(at, at + 3) as [string, string, string]
    diversions.push({ from, to, by: by === ':' ? null : by })
  }
  return diversions
}

/** Where dpkg puts a file of the package that says `path`. */
export function whereItGoes(path: BytePath, name: string, diversions: ReadonlyMap<BytePath, Diversion>): BytePath {
  const diversion = diversions.get(path)
  return diversion === undefined || diversion.by === name ? path : diversion.to
}
