/**
 * What an outsider sees of a root: its files, and what dpkg-query answers. Whatever is judged is judged by two of these,
 * one from before an install and one from after it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { askTool } from '../run-tool.ts'
import type { WorldRoot } from '../world-root.ts'
import { Tree } from './tree.ts'

export type PackageRow = {
  readonly name: string
  readonly architecture: string
  /** As dpkg shows it, without blanks: `ii`, `iHR`. */
  readonly letters: string
  readonly version: string
  readonly conffiles: readonly string[]
  /** Paths that dpkg says are its own. */
  readonly paths: readonly string[]
}

export type Reading = {
  readonly tree: Tree
  /** By NAME:ARCHITECTURE; null where the database cannot be read. */
  readonly packages: ReadonlyMap<string, PackageRow> | null
  readonly hasUpdatesLeft: boolean
}

const FIELDS = ['${Package}', '${Architecture}', '${db:Status-Abbrev}', '${Version}', '${Conffiles}']
const END = '\u001e'

export async function readRoot(root: WorldRoot): Promise<Reading> {
  const format = `${FIELDS.join('\u001f')}${END}`
  const words = [`--admindir=${root.inside('var/lib/dpkg')}`, '--show', `--showformat=${format}`]
  const { status, text } = await askTool('dpkg-query', words)
  const updates = root.inside('var/lib/dpkg/updates')
  return {
    tree: Tree.read(root),
    packages: status === 0 && text !== '' ? rowsIn(text, root) : null,
    hasUpdatesLeft: existsSync(updates) && readdirSync(updates).some((name) => /^\d+$/.test(name)),
  }
}

function rowsIn(text: string, root: WorldRoot): Map<string, PackageRow> {
  const rows = new Map<string, PackageRow>()
  for (const record of text.split(END)) {
    const [name = '', architecture = '', abbreviation = '', version = '', conffiles = ''] = record.split('\u001f')
    if (name === '') continue
    const paths = listOf(root, name, architecture)
    const row = {
      ...{ name, architecture, version, paths },
      letters: abbreviation.trim(),
      conffiles: [...conffiles.matchAll(/^ (\S+) [0-9a-f]{32}(?! obsolete)/gm)].map(([, path]) => path ?? ''),
    }
    // What dpkg has heard of and never had.
    if (!row.letters.startsWith('un') && !row.letters.startsWith('pn')) rows.set(`${name}:${architecture}`, row)
  }
  return rows
}

function listOf(root: WorldRoot, name: string, architecture: string): string[] {
  for (const stem of [name, `${name}:${architecture}`]) {
    const file = root.inside(`var/lib/dpkg/info/${stem}.list`)
    if (existsSync(file))
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter((path) => path !== '' && path !== '/.')
  }
  return []
}
