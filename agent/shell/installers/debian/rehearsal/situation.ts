/**
 * Everything that the questions of a rehearsal are asked about: the package, where each of its entries would go, what
 * dpkg knows of the version that is there, and what the administrator has set. It is read once, and nothing is changed.
 */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InstallTask } from '../../installer.ts'
import { recordedConffiles } from '../dpkg-conffiles.ts'
import { type BytePath, type PackageEntry, readControlFiles, readEntries } from '../package-contents.ts'
import { readStanza } from '../package-stanza.ts'
import { isThere, type PackageState } from '../package-state.ts'
import { BelowRoot } from './below-root.ts'
import { type Conffile, type RecordedConffile, readConffiles } from './conffile-lists.ts'
import { type DpkgOptions, readDpkgOptions } from './dpkg-options.ts'
import { diversionsOf, filesOf, whereItGoes } from './file-owners.ts'
import { isLeftOut } from './path-filters.ts'

/** Entries that are looked at before others have their turn: about a millisecond. */
export const IN_ONE_TURN = 100

export type PlacedEntry = PackageEntry & {
  /** Where dpkg puts it: at its path, or where a diversion leads. */
  readonly goesTo: BytePath
  /** What lies there now; null where nothing does. */
  readonly lies: Stats | null
}

export type Situation = {
  readonly task: InstallTask
  readonly packageFile: string
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** The relation field of that name. */
  readonly replaces: string
  readonly control: ReadonlyMap<string, string>
  readonly conffiles: readonly Conffile[]
  /** What dpkg would unpack. */
  readonly entries: readonly PlacedEntry[]
  /** What the administrator's filters keep out. */
  readonly leftOut: ReadonlySet<BytePath>
  /** The MD5 of each conffile that the package brings. */
  readonly md5: ReadonlyMap<BytePath, string>
  /** What dpkg knows of the package; null where it knows nothing. */
  readonly state: PackageState | null
  /** The files of the version that is there. */
  readonly ownFiles: ReadonlySet<BytePath>
  readonly recorded: ReadonlyMap<BytePath, RecordedConffile>
  readonly options: DpkgOptions
  readonly below: BelowRoot
}

/** What the package says of itself, before its entries are read. */
export type PackageFacts = Pick<
  Situation,
  'task' | 'packageFile' | 'name' | 'version' | 'architecture' | 'replaces' | 'control' | 'conffiles'
>

export async function readFacts(task: InstallTask, packageFile: string): Promise<PackageFacts> {
  const control = await readControlFiles(packageFile)
  const stanza = await readStanza(control.get('control') ?? '', task.scratch)
  return { task, packageFile, ...stanza, control, conffiles: readConffiles(control.get('conffiles') ?? '') }
}

/** `state` is what dpkg knew of the package when the rehearsal began. */
export async function lookAtSituation(facts: PackageFacts, state: PackageState | null): Promise<Situation> {
  const { task, packageFile, name, conffiles } = facts
  const { root } = task
  const [{ entries, md5 }, options, below, diversions] = await Promise.all([
    readEntries(packageFile, new Set(conffiles.map(({ path }) => path))),
    readDpkgOptions(),
    BelowRoot.open(root),
    diversionsOf(root),
  ])
  const byPath = new Map(diversions.map((diversion) => [diversion.from, diversion]))
  const kept = entries.filter((entry) => !isLeftOut(entry, options.filters))
  const stay = new Set(kept.map(({ path }) => path))
  return {
    ...facts,
    entries: await place(kept, below, (path) => whereItGoes(path, name, byPath)),
    leftOut: new Set(entries.map(({ path }) => path).filter((path) => !stay.has(path))),
    md5,
    state,
    ownFiles: isThere(state) ? await filesOf(root, state.name, state.architecture) : new Set(),
    recorded: await recordedConffiles(root, state),
    options,
    below,
  }
}

async function place(
  entries: readonly PackageEntry[],
  below: BelowRoot,
  whereTo: (path: BytePath) => BytePath,
): Promise<PlacedEntry[]> {
  const placed: PlacedEntry[] = []
  for (const entry of entries) {
    if (placed.length % IN_ONE_TURN === 0) await nextTurn()
    const goesTo = whereTo(entry.path)
    const { missing } = await below.folderOf(goesTo)
    placed.push({ ...entry, goesTo, lies: missing === '' ? below.lies(goesTo) : null })
  }
  return placed
}

/** The MD5 of a file that lies on the appliance, as dpkg would compute it. */
export async function md5Of(onDisk: Buffer): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of createReadStream(onDisk)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
