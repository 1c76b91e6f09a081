/**
 * What a dpkg that was killed while it unpacked has left of the patch. dpkg writes its list of the package's files last,
 * so what the new version alone brings is in no list, and no later dpkg takes it away. The rehearsal of an upgrade notes
 * the places where nothing lay; once the package is as it was, what lies there and belongs to nobody is taken away. What
 * is not of the kind and size that the patch brings is somebody else's, and stays. (A first install needs none of this:
 * its way back unpacks the patch whole before it purges it.)
 */
import type { Stats } from 'node:fs'
import { lstat, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../durable-file.ts'
import { ifThere } from '../../if-there.ts'
import type { InstallTask } from '../installer.ts'
import { readKeptJson } from '../kept-json.ts'
import type { BytePath } from './package-contents.ts'
import { isThere } from './package-state.ts'
import { BelowRoot } from './rehearsal/below-root.ts'
import { ownersOf } from './rehearsal/file-owners.ts'
import type { Situation } from './rehearsal/situation.ts'

/** Of the last rehearsal, and of the one that the attempt began with: what a later one finds, the attempt may have left. */
const NOTED = 'noted-places.json'
const FILE = 'new-places.json'
/** Added to a name by dpkg while it unpacks: what comes, and what it replaces. */
const WHILE_UNPACKING = ['.dpkg-new', '.dpkg-tmp']

/** Where it goes, what it is, and the bytes of a file. */
const NewPlaces = z.array(z.tuple([z.string(), z.enum(['file', 'folder', 'link']), z.int()]))
type NewPlaces = z.infer<typeof NewPlaces>

export async function notePlaces(scratch: string, { entries, conffiles, state }: Situation): Promise<void> {
  await rm(join(scratch, NOTED), { force: true })
  if (!isThere(state)) return
  const administrators = new Set(conffiles.map(({ path }) => path))
  const sizes = new Map(entries.map(({ path, bytes }) => [path, bytes]))
  const places = entries.flatMap(({ path, goesTo, kind, bytes, target, lies }): NewPlaces => {
    if (lies !== null || administrators.has(path)) return []
    switch (kind) {
      case 'file':
        return [[goesTo, 'file', bytes]]
      case 'hard link':
        return [[goesTo, 'file', sizes.get(target) ?? 0]]
      case 'symbolic link':
        return [[goesTo, 'link', 0]]
      case 'folder':
        return [[goesTo, 'folder', 0]]
      case 'special':
        return []
    }
  })
  await writeDurably(scratch, NOTED, Buffer.from(JSON.stringify(places)))
}

/** The attempt begins: what was noted is what there was before it. */
export async function keepPlaces(scratch: string): Promise<void> {
  await rm(join(scratch, FILE), { force: true })
  await ifThere(rename(join(scratch, NOTED), join(scratch, FILE)))
}

/** For a package that is as before. */
export async function clearHalfUnpacked({ root, scratch }: InstallTask): Promise<void> {
  const noted = await readKeptJson(join(scratch, FILE), NewPlaces)
  if (noted === null) return
  const below = await BelowRoot.open(root)
  // From the deepest: a folder is empty once what was in it is gone.
  const places = noted.reverse()
  const found = new Map<BytePath, Set<BytePath>>()
  for (const [place, kind, bytes] of places) {
    const whole = below.lies(place)
    if (whole !== null && isWhat(whole, kind, bytes)) found.set(place, await below.namesOf(place))
    for (const ending of kind === 'folder' ? [] : WHILE_UNPACKING) {
      if (below.lies(place + ending) !== null) found.set(place + ending, new Set([place + ending]))
    }
  }
  const owners = await ownersOf(root, new Set([...found.values()].flatMap((names) => [...names])))
  for (const [path, names] of found) {
    if (![...names].some((name) => owners.has(name))) await takeAway(below.onDisk(path))
  }
}

function isWhat(lies: Stats, kind: NewPlaces[number][1], bytes: number): boolean {
  switch (kind) {
    case 'file':
      return lies.isFile() && lies.size === bytes
    case 'link':
      return lies.isSymbolicLink()
    case 'folder':
      return lies.isDirectory()
  }
}

async function takeAway(path: Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return unlink(path)
  try {
    await rmdir(path)
  } catch (error) {
    // Somebody has put something in it.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error
  }
}
