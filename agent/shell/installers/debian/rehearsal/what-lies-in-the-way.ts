/**
 * Compares each entry of the package with what lies where dpkg would put it. dpkg replaces without a word what is no
 * package's: a file that somebody wrote, a whole folder with what is in it. That is refused here. What dpkg itself
 * refuses in the middle of unpacking (a file of another package, a mount point) is refused too, before it begins.
 */
import type { Stats } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { packageStates } from '../dpkg-database.ts'
import { type BytePath, readableName, readEntries } from '../package-contents.ts'
import { isThere, type PackageState } from '../package-state.ts'
import type { BelowRoot } from './below-root.ts'
import { ownersOf } from './file-owners.ts'
import { namesIn } from './relations.ts'
import { md5Of, type PlacedEntry, type Situation } from './situation.ts'

/** Enough to name one that is not the package's; a folder is not listed to its end for that. */
const MAX_LISTED = 100_000
/** Entries looked at side by side. */
const AT_ONCE = 32

/** An entry at whose place something lies that is not of the version that is there. */
type Foreign = { readonly entry: PlacedEntry; readonly lies: Stats; readonly names: readonly BytePath[] }

export async function whatLiesInTheWay(situation: Situation): Promise<string | null> {
  const foreign: Foreign[] = []
  const { entries } = situation
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const looked = await Promise.all(entries.slice(at, at + AT_ONCE).map((entry) => lookAt(situation, entry)))
    for (const found of looked) {
      if (typeof found === 'string') return found
      if (found !== null) foreign.push(found)
    }
  }
  return foreign.length === 0 ? null : judgeForeign(situation, foreign)
}

/** A refusal, or what is left to be judged by its owner; null where the entry may come. */
async function lookAt(situation: Situation, entry: PlacedEntry): Promise<string | Foreign | null> {
  const { below, ownFiles } = situation
  const { goesTo, kind, lies } = entry
  if (lies === null) return null
  if (kind === 'folder') {
    if (lies.isDirectory() || (await below.leadsTo(goesTo))?.isDirectory() === true) return null
    return ownFiles.has(goesTo) ? null : foreignAt(below, entry, lies)
  }
  if (lies.isDirectory()) return kind === 'symbolic link' ? null : whyFolderMustStay(situation, goesTo)
  if (await below.isMountPoint(goesTo)) {
    return `${readableName(goesTo)} is a mount point on this appliance, and dpkg cannot replace it; unmount it first`
  }
  if (ownFiles.has(goesTo)) return null
  return foreignAt(below, entry, lies)
}

async function foreignAt(below: BelowRoot, entry: PlacedEntry, lies: Stats): Promise<Foreign> {
  return { entry, lies, names: [...(await below.namesOf(entry.goesTo))] }
}

/** dpkg moves the folder aside and removes it with all that is in it. */
async function whyFolderMustStay({ below, ownFiles }: Situation, path: BytePath): Promise<string | null> {
  const name = readableName(path)
  if (await below.isMountPoint(path))
    return `${name} is a mount point on this appliance, and the package brings a file of that name; unmount it first`
  const mount = await below.mountBelow(path)
  if (mount !== null) {
    return `${name} is a folder on this appliance in which ${readableName(mount)} is mounted, and the package brings a file of that name; unmount it first`
  }
  const left = await firstForeignIn(below, path, ownFiles)
  if (left === null) return null
  return `${name} is a folder on this appliance with files of its own, such as ${readableName(left)}, and the package brings a file of that name: dpkg would remove the folder with all that is in it. Move it away first`
}

async function firstForeignIn(
  below: BelowRoot,
  folder: BytePath,
  own: ReadonlySet<BytePath>,
): Promise<BytePath | null> {
  const waiting = [folder]
  let listed = 0
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of await readdir(below.onDisk(at), { withFileTypes: true, encoding: 'buffer' })) {
      const path = `${at}/${entry.name.toString('latin1')}`
      if (++listed > MAX_LISTED) return path
      if (entry.isDirectory()) waiting.push(path)
      else if (!own.has(path)) return path
    }
  }
  return null
}

async function judgeForeign(situation: Situation, foreign: readonly Foreign[]): Promise<string | null> {
  const { name, replaces, task, state, options, md5 } = situation
  const owners = await ownersOf(task.root, new Set(foreign.flatMap(({ names }) => names)))
  const unowned: Foreign[] = []
  for (const found of foreign) {
    const named = [...new Set(found.names.flatMap((path) => owners.get(path) ?? []))].map(withoutArchitecture)
    const others = await thoseThatAreThere(task.root, named)
    const [other] = others
    if (others.includes(name)) continue
    if (other === undefined) unowned.push(found)
    else if (!namesIn(replaces).includes(other) && !options.forced.has('overwrite')) {
      return `${readableName(found.entry.goesTo)} belongs to the package ${other} on this appliance, and this package does not say that it replaces ${other}; remove ${other} first, or have the package corrected`
    }
  }
  const open = unowned.filter(({ entry }) => !md5.has(entry.path))
  if (open.length === 0) return null
  const contents = new Set(
    open.filter(({ entry, lies }) => entry.kind === 'file' && isSameSize(entry, lies)).map(({ entry }) => entry.path),
  )
  const brought =
    contents.size === 0 ? new Map<BytePath, string>() : (await readEntries(situation.packageFile, contents)).md5
  for (const { entry, lies } of open) {
    if (!(await isTheSame(situation.below, entry, lies, brought))) return whyItMustStay(entry, lies, state)
  }
  return null
}

function isSameSize(entry: PlacedEntry, lies: Stats): boolean {
  return lies.isFile() && lies.size === entry.bytes
}

/** Whether what lies there is already what the package brings: then nothing of it is lost. */
async function isTheSame(
  below: BelowRoot,
  entry: PlacedEntry,
  lies: Stats,
  brought: ReadonlyMap<BytePath, string>,
): Promise<boolean> {
  const place = below.onDisk(entry.goesTo)
  if (entry.kind === 'symbolic link')
    return lies.isSymbolicLink() && (await readlink(place, 'buffer')).toString('latin1') === entry.target
  const md5 = brought.get(entry.path)
  return md5 !== undefined && (await md5Of(place)) === md5
}

/** What an interrupted dpkg has left is in no list either, and cannot be told from what somebody wrote. */
function whyItMustStay(entry: PlacedEntry, lies: Stats, state: PackageState | null): string {
  const brings = entry.kind === 'hard link' ? 'file' : entry.kind
  const left = state?.mustBeUnpackedAgain === true ? ' (an interrupted dpkg may have left it)' : ''
  return `${readableName(entry.goesTo)} is ${describe(lies)} on this appliance that belongs to no package${left}, and the package brings a ${brings} of that name: dpkg would replace it without a copy. Move it away first`
}

function describe(lies: Stats): string {
  if (lies.isFile()) return 'a file'
  if (lies.isSymbolicLink()) return 'a link'
  return lies.isBlockDevice() || lies.isCharacterDevice() ? 'a device' : 'a pipe or socket'
}

/** Of a removed package only configuration files are listed, which dpkg lets anybody take over. */
async function thoseThatAreThere(root: string, names: readonly string[]): Promise<string[]> {
  const there: string[] = []
  for (const name of names) if ((await packageStates(root, name)).some(isThere)) there.push(name)
  return there
}

function withoutArchitecture(owner: string): string {
  return owner.split(':', 1)[0] as string
}
