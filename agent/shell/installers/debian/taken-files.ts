/**
 * What an install takes over though it was not the package's: a file of nobody that is already what the package brings,
 * a file of another package that the patch replaces, and folders. dpkg takes all of it off again with the package. So
 * what lies there before is kept, and put back after the way back wherever nothing lies any more. dpkg also strikes from
 * another package's list what the patch replaces; the list comes back with the files, as long as nobody changed it since.
 *
 * A file is kept as a second name: dpkg puts a new file in its place and never writes into the old one, so that costs no
 * room, and owner, rights and times are those that it had.
 */
import type { Stats } from 'node:fs'
import { chmod, lchown, lutimes, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../durable-file.ts'
import { linkOrCopy } from '../../link-or-copy.ts'
import type { TakenEntry, TakenList } from '../before.ts'
import { readIfThere } from '../read-if-there.ts'
import { databaseFolder } from './dpkg-database.ts'
import type { BytePath } from './package-contents.ts'
import { BelowRoot } from './rehearsal/below-root.ts'
import type { Findings } from './rehearsal/findings.ts'
import { namesIn } from './rehearsal/relations.ts'
import type { Situation } from './rehearsal/situation.ts'

const FOLDER = 'taken-files'

/** What the install would take over. A configuration file is kept in kept-conffiles.ts, where it can be told from the package's. */
export function takenOf({
  entries,
  leftOut,
  ownFiles,
  conffiles,
  replaces,
  name,
  below,
}: Situation): Findings['taken'] {
  const kept = new Set(conffiles.map(({ path }) => path))
  const paths = entries
    .filter(({ goesTo, path, lies }) => {
      if (lies === null || goesTo === '/' || ownFiles.has(goesTo)) return false
      return kindOf(lies) !== null && !(kept.has(path) && lies.isFile())
    })
    .map(({ goesTo }) => goesTo)
  // dpkg does not put these down, and lists them all the same: they go when the package goes.
  const passedOver = [...leftOut].filter((path) => !ownFiles.has(path) && below.lies(path)?.isDirectory() === false)
  return {
    paths: [...new Set([...paths, ...passedOver])],
    replaced: namesIn(replaces).filter((other) => other !== name),
  }
}

export async function keepTaken(
  root: string,
  scratch: string,
  { paths, replaced }: Findings['taken'],
): Promise<{ entries: TakenEntry[]; lists: TakenList[] }> {
  const folder = join(scratch, FOLDER)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  const below = await BelowRoot.open(root)
  const entries: TakenEntry[] = []
  for (const path of paths) {
    const lies = below.lies(path)
    const kind = lies === null ? null : kindOf(lies)
    if (lies === null || kind === null) continue
    const at = below.onDisk(path)
    const file = join(FOLDER, String(entries.length))
    if (kind === 'file') await linkOrCopy(at, join(scratch, file))
    const kept = kind === 'file' ? file : kind === 'link' ? (await readlink(at, 'buffer')).toString('latin1') : ''
    const { uid: owner, gid: group, mtimeMs: modifiedMs } = lies
    entries.push({ path, kind, kept, mode: lies.mode & 0o7777, owner, group, modifiedMs })
  }
  const lists: TakenList[] = []
  for (const name of await listsOf(root, replaced)) {
    const kept = join(FOLDER, name)
    await linkOrCopy(join(databaseFolder(root), 'info', name), join(scratch, kept))
    lists.push({ name, kept })
  }
  await syncFolder(folder)
  return { entries, lists }
}

/** Puts back what is gone; what lies there now, whatever it is, stays. Folders come before what is in them. */
export async function restoreTaken(root: string, scratch: string, entries: readonly TakenEntry[]): Promise<void> {
  if (entries.length === 0) return
  const below = await BelowRoot.open(root)
  for (const entry of [...entries].sort((left, right) => left.path.length - right.path.length)) {
    if (below.lies(entry.path) === null) await putBack(below, scratch, entry)
  }
}

async function putBack(below: BelowRoot, scratch: string, entry: TakenEntry): Promise<void> {
  const { path, kind, kept, mode, owner, group, modifiedMs } = entry
  const at = below.onDisk(path)
  const parent = below.onDisk(path.slice(0, path.lastIndexOf('/')) || '/')
  await mkdir(parent, { recursive: true })
  const place = kind === 'file' ? below.onDisk(`${path}.patchmesh-new`) : at
  if (kind === 'file') {
    await rm(place, { force: true })
    await linkOrCopy(join(scratch, kept), place)
  } else if (kind === 'link') await symlink(Buffer.from(kept, 'latin1'), place)
  else await mkdir(place)
  await lchown(place, owner, group)
  if (kind !== 'link') await chmod(place, mode)
  await lutimes(place, new Date(modifiedMs), new Date(modifiedMs))
  if (kind === 'file') await rename(place, at)
  await syncFolder(parent)
}

/**
 * To be called once the package is as it was: then nobody else owns what was struck. A list that somebody has changed
 * otherwise is of another version of that package, and stays.
 */
export async function restoreLists(root: string, scratch: string, lists: readonly TakenList[]): Promise<void> {
  const below = await BelowRoot.open(root)
  const info = join(databaseFolder(root), 'info')
  for (const { name, kept } of lists) {
    const [now, before] = [await linesOf(join(info, name)), await linesOf(join(scratch, kept))]
    if (now === null || before === null || now.some((line) => !before.includes(line))) continue
    const struck = before.filter((line) => !now.includes(line))
    if (struck.length === 0 || struck.some((line) => below.lies(line) === null)) continue
    const temporary = join(info, `.${name}.patchmesh-new`)
    await rm(temporary, { force: true })
    await linkOrCopy(join(scratch, kept), temporary)
    await rename(temporary, join(info, name))
    await syncFolder(info)
  }
}

/** The lists of these packages, for whichever architectures. */
async function listsOf(root: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  const wanted = new Set(names)
  const all = await readdir(join(databaseFolder(root), 'info'))
  return all.filter((file) => file.endsWith('.list') && wanted.has(file.slice(0, -'.list'.length).split(':')[0] ?? ''))
}

async function linesOf(path: string): Promise<BytePath[] | null> {
  const text = await readIfThere(path, 'latin1')
  return text === null ? null : text.split('\n').filter((line) => line !== '')
}

function kindOf(lies: Stats): TakenEntry['kind'] | null {
  if (lies.isFile()) return 'file'
  if (lies.isDirectory()) return 'folder'
  return lies.isSymbolicLink() ? 'link' : null
}
