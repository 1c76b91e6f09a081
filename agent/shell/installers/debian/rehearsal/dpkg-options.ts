/**
 * What the administrator has set for dpkg on this appliance: /etc/dpkg/dpkg.cfg.d, /etc/dpkg/dpkg.cfg and .dpkg.cfg of
 * root's home, in the order in which dpkg reads them. dpkg obeys them in every run of ours too; here is read what changes what an install does.
 * A line that dpkg itself does not take is dpkg's to complain about, which it does in the dry run.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HOME } from '../../clean-environment.ts'
import { readIfThere } from '../../read-if-there.ts'
import type { PathFilter } from './path-filters.ts'

const FOLDER = '/etc/dpkg'
/** The names that dpkg reads in dpkg.cfg.d; what an editor or a package left there has a dot or a tilde. */
const READ_NAME = /^[A-Za-z0-9_-]+$/

export type DpkgOption = { readonly name: string; readonly value: string; readonly file: string }

export type DpkgOptions = {
  readonly all: readonly DpkgOption[]
  readonly filters: readonly PathFilter[]
  /** Things that are forced, without `force-` before them: `overwrite`, `confnew`. */
  readonly forced: ReadonlySet<string>
}

export async function readDpkgOptions(): Promise<DpkgOptions> {
  const parts = await namesIn(join(FOLDER, 'dpkg.cfg.d'))
  const files = [
    ...parts.map((name) => join(FOLDER, 'dpkg.cfg.d', name)),
    ...[join(FOLDER, 'dpkg.cfg'), join(HOME, '.dpkg.cfg')],
  ]
  const all: DpkgOption[] = []
  for (const file of files) {
    const text = await readIfThere(file)
    if (text !== null) all.push(...readOptions(text, file))
  }
  return { all, filters: filtersOf(all), forced: forcedOf(all) }
}

/** An option to a line, its value behind blanks or `=`, in quotes or not. */
export function readOptions(text: string, file: string): DpkgOption[] {
  const options: DpkgOption[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const end = line.search(/[\s=]/)
    const name = end === -1 ? line : line.slice(0, end)
    const value = end === -1 ? '' : line.slice(end).replace(/^\s*=?\s*/, '')
    options.push({ name, value: unquoted(value), file })
  }
  return options
}

function unquoted(value: string): string {
  const [first] = value
  const quoted = value.length > 1 && (first === '"' || first === "'") && value.endsWith(first)
  return quoted ? value.slice(1, -1) : value
}

function filtersOf(options: readonly DpkgOption[]): PathFilter[] {
  return options
    .filter(({ name }) => name === 'path-exclude' || name === 'path-include')
    .map(({ name, value }) => ({
      include: name === 'path-include',
      pattern: Buffer.from(value, 'utf8').toString('latin1'),
    }))
}

function forcedOf(options: readonly DpkgOption[]): Set<string> {
  const forced = new Set<string>()
  for (const { name, value } of options) {
    const [, verb, thing] = /^(force|no-force|refuse)(?:-(.+))?$/.exec(name) ?? []
    if (verb === undefined) continue
    for (const each of (thing ?? value).split(',')) {
      if (verb === 'force') forced.add(each)
      else forced.delete(each)
    }
  }
  return forced
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => READ_NAME.test(name)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
    throw error
  }
}
