/**
 * Whether everything that a package brings lies on the appliance. dpkg's `ii` says that dpkg is content with what it has
 * read; this compares with what the rehearsal has read from the archive before anything changed. Left out are
 * configuration files, which are the administrator's, and what dpkg was told to pass over; what is diverted is looked for
 * where it was diverted to.
 */
import type { Stats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InstallTask } from '../installer.ts'
import { packageName } from './dpkg-database.ts'
import { type BytePath, readableName } from './package-contents.ts'
import type { BelowRoot } from './rehearsal/below-root.ts'
import { diversionsOf, whereItGoes } from './rehearsal/file-owners.ts'
import type { Findings } from './rehearsal/findings.ts'
import { IN_ONE_TURN, type Situation } from './rehearsal/situation.ts'

const MAX_NAMED = 3

export function expectedOf({ entries, conffiles }: Situation): Findings['expected'] {
  const administrators = new Set(conffiles.map(({ path }) => path))
  const expected: Findings['expected'] = { files: [], folders: [], links: [] }
  for (const { path, kind } of entries) {
    if (administrators.has(path)) continue
    switch (kind) {
      case 'file':
      case 'hard link':
        expected.files.push(path)
        break
      case 'folder':
        expected.folders.push(path)
        break
      case 'symbolic link':
        expected.links.push(path)
        break
      case 'special':
        break
    }
  }
  return expected
}

/** A sentence that names what is missing; null where all is there. */
export async function whatIsMissing(
  { publication, root }: InstallTask,
  { files, folders, links }: Findings['expected'],
  below: BelowRoot,
): Promise<string | null> {
  const byPath = new Map((await diversionsOf(root)).map((diversion) => [diversion.from, diversion]))
  const name = packageName(publication)
  const missing: BytePath[] = []
  const look = async (paths: readonly BytePath[], isThere: (path: BytePath) => boolean | Promise<boolean>) => {
    for (const [at, path] of paths.entries()) {
      if (at % IN_ONE_TURN === 0) await nextTurn()
      const goesTo = whereItGoes(path, name, byPath)
      const there = isThere(goesTo)
      if (!(there === true || (await there))) missing.push(goesTo)
    }
  }
  await look(files, (path) => below.lies(path)?.isFile() === true)
  await look(folders, (path) => isFolder(below, path, below.lies(path)))
  // dpkg keeps a folder where the package brings a link.
  await look(links, (path) => {
    const lies = below.lies(path)
    return lies !== null && (lies.isSymbolicLink() || lies.isDirectory())
  })
  if (missing.length === 0) return null
  const named = missing.slice(0, MAX_NAMED).map(readableName).join(', ')
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : ''
  return `dpkg says that ${name} ${publication.version} is installed, and of its files ${named}${more} ${missing.length === 1 ? 'is' : 'are'} not there`
}

/** dpkg keeps a link to a folder where the package brings a folder. */
function isFolder(below: BelowRoot, path: BytePath, lies: Stats | null): boolean | Promise<boolean> {
  if (lies?.isSymbolicLink() !== true) return lies?.isDirectory() === true
  return below.leadsTo(path).then((led) => led?.isDirectory() === true)
}
