/**
 * Whether everything that a package brings lies on the appliance. dpkg's `ii` says that dpkg is content with what it has
 * read; this compares with what the rehearsal has read from the archive, which it writes to the scratch folder before
 * anything changes. Left out are configuration files, which are the administrator's, and what dpkg was told to pass
 * over; what is diverted is looked for where it was diverted to.
 */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../durable-file.ts'
import type { InstallTask } from '../installer.ts'
import { readIfThere } from '../read-if-there.ts'
import { packageName } from './dpkg-database.ts'
import { readableName } from './package-contents.ts'
import { BelowRoot } from './rehearsal/below-root.ts'
import { diversionsOf, whereItGoes } from './rehearsal/file-owners.ts'
import type { Situation } from './rehearsal/situation.ts'

const FILE = 'expected-entries.json'
/** Entries looked at side by side. */
const AT_ONCE = 64
const MAX_NAMED = 3

const ExpectedEntries = z.array(z.tuple([z.string(), z.enum(['file', 'folder', 'link'])]))
type ExpectedEntries = z.infer<typeof ExpectedEntries>
type Kind = ExpectedEntries[number][1]

export async function rememberExpected(scratch: string, { entries, conffiles }: Situation): Promise<void> {
  const administrators = new Set(conffiles.map(({ path }) => path))
  const expected = entries.flatMap(({ path, kind }): ExpectedEntries => {
    if (administrators.has(path) || kind === 'special') return []
    return [[path, kind === 'folder' ? 'folder' : kind === 'symbolic link' ? 'link' : 'file']]
  })
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify(expected)))
}

/** A sentence that names what is missing; null where all is there, or where no rehearsal of this attempt has said what is expected. */
export async function whatIsMissing({ publication, root, scratch }: InstallTask): Promise<string | null> {
  const text = await readIfThere(join(scratch, FILE))
  if (text === null) return null
  const expected = ExpectedEntries.parse(JSON.parse(text))
  const [below, diversions] = await Promise.all([BelowRoot.open(root), diversionsOf(root)])
  const byPath = new Map(diversions.map((diversion) => [diversion.from, diversion]))
  const name = packageName(publication)
  const missing: string[] = []
  for (let at = 0; at < expected.length; at += AT_ONCE) {
    const looked = expected.slice(at, at + AT_ONCE).map(async ([path, kind]) => {
      const goesTo = whereItGoes(path, name, byPath)
      return isThere(kind, below.lies(goesTo), () => below.leadsTo(goesTo)).then((there) => (there ? [] : [goesTo]))
    })
    missing.push(...(await Promise.all(looked)).flat())
  }
  if (missing.length === 0) return null
  const named = missing.slice(0, MAX_NAMED).map(readableName).join(', ')
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : ''
  return `dpkg says that ${name} ${publication.version} is installed, and of its files ${named}${more} ${missing.length === 1 ? 'is' : 'are'} not there`
}

/** dpkg keeps a link to a folder where the package brings a folder, and a folder where it brings a link. */
async function isThere(kind: Kind, lies: Stats | null, leadsTo: () => Promise<Stats | null>): Promise<boolean> {
  if (lies === null) return false
  switch (kind) {
    case 'file':
      return lies.isFile()
    case 'folder':
      return lies.isDirectory() || (lies.isSymbolicLink() && (await leadsTo())?.isDirectory() === true)
    case 'link':
      return lies.isSymbolicLink() || lies.isDirectory()
  }
}
