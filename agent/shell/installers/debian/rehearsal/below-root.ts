/**
 * Where the paths of a package lead on this appliance: as dpkg finds them, by the links that lie below the root. Each
 * folder is looked at once. A folder link that leads out of an install root is told, since dpkg would follow it.
 */
import { constants, lstatSync, type Stats } from 'node:fs'
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises'
import type { BytePath } from '../package-contents.ts'

/** The nearest folder that is there now, at or above where an entry goes. */
export type Folder = {
  /** Its real path in the file system of this machine, links resolved. */
  readonly real: BytePath
  /** What is still to be made below it; empty where the folder itself is there. */
  readonly missing: string
  readonly device: number
  /** Why nothing can be made in it: `EROFS`, `EPERM`, or `ENOTDIR` where it is no folder; null where it can. */
  readonly unwritable: string | null
  readonly outside: boolean
}

export class BelowRoot {
  readonly #root: BytePath
  readonly #realRoot: BytePath
  readonly #folders = new Map<BytePath, Promise<Folder>>()
  #mounts: Set<BytePath> | null = null
  #links: Promise<Map<BytePath, BytePath>> | null = null

  private constructor(root: string, realRoot: string) {
    this.#root = asBytes(root === '/' ? '' : root)
    this.#realRoot = asBytes(realRoot === '/' ? '' : realRoot)
  }

  static async open(root: string): Promise<BelowRoot> {
    return new BelowRoot(root, await realpath(root))
  }

  /** The path on this machine's disk, for the calls of the system. */
  onDisk(path: BytePath): Buffer {
    return Buffer.from(`${this.#root}${path}`, 'latin1')
  }

  /** The folder's path on this machine, for a person and for calls that take text. */
  readable({ real }: Folder): string {
    return Buffer.from(real === '' ? '/' : real, 'latin1').toString('utf8')
  }

  /**
   * What lies at the path itself; null where nothing does. A package has thousands of entries, and a call that waits in
   * line costs many times one that is made here and now: the caller lets others have their turn in between.
   */
  lies(path: BytePath): Stats | null {
    try {
      return lstatSync(this.onDisk(path), { throwIfNoEntry: false }) ?? null
    } catch (error) {
      if (isAbsence(error)) return null
      throw error
    }
  }

  /** What the path leads to, through whatever links; null where it leads nowhere. */
  async leadsTo(path: BytePath): Promise<Stats | null> {
    return ifThere(stat(this.onDisk(path)))
  }

  /** The folder that an entry at `path` would be made in. */
  folderOf(path: BytePath): Promise<Folder> {
    return this.folder(path.slice(0, path.lastIndexOf('/')))
  }

  folder(path: BytePath): Promise<Folder> {
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    const found = this.#look(path)
    this.#folders.set(path, found)
    return found
  }

  /** The path as it is below the root once the links of its folders are followed. */
  async canonical(path: BytePath): Promise<BytePath> {
    const { real, missing } = await this.folderOf(path)
    const below = real.startsWith(`${this.#realRoot}/`) ? real.slice(this.#realRoot.length) : ''
    return `${below}${missing}${path.slice(path.lastIndexOf('/'))}`
  }

  /** All names that the lists of packages may have for the same file: its own, and those through the links at the root. */
  async namesOf(path: BytePath): Promise<Set<BytePath>> {
    const canonical = await this.canonical(path)
    const names = new Set([path, canonical])
    for (const [link, target] of await this.linksAtRoot()) {
      if (canonical.startsWith(`${target}/`)) names.add(`${link}${canonical.slice(target.length)}`)
    }
    return names
  }

  /** The folders at the root that are links, such as `/bin` where everything lies below `/usr`, and where they lead. */
  linksAtRoot(): Promise<Map<BytePath, BytePath>> {
    this.#links ??= this.#findLinks()
    return this.#links
  }

  async isMountPoint(path: BytePath): Promise<boolean> {
    const mounts = await this.#allMounts()
    const { real, missing } = await this.folderOf(path)
    return missing === '' && mounts.has(`${real}${path.slice(path.lastIndexOf('/'))}`)
  }

  /** A mount point below the folder; null where there is none. */
  async mountBelow(path: BytePath): Promise<BytePath | null> {
    const { real } = await this.folderOf(path)
    const start = `${real}${path.slice(path.lastIndexOf('/'))}/`
    for (const mount of await this.#allMounts()) if (mount.startsWith(start)) return mount
    return null
  }

  async #look(path: BytePath): Promise<Folder> {
    const found = await ifThere(stat(this.onDisk(path === '' ? '/' : path)))
    if (found === null) {
      if (path === '') throw new Error('the install root is not there')
      const above = await this.folderOf(path)
      return { ...above, missing: `${above.missing}${path.slice(path.lastIndexOf('/'))}` }
    }
    const real = withoutEnd((await realpath(this.onDisk(path === '' ? '/' : path), 'buffer')).toString('latin1'))
    return {
      real,
      missing: '',
      device: found.dev,
      unwritable: found.isDirectory() ? await whyUnwritable(this.onDisk(path === '' ? '/' : path)) : 'ENOTDIR',
      outside: real !== this.#realRoot && !real.startsWith(`${this.#realRoot}/`),
    }
  }

  async #findLinks(): Promise<Map<BytePath, BytePath>> {
    const links = new Map<BytePath, BytePath>()
    for (const entry of await readdir(this.onDisk('/'), { withFileTypes: true, encoding: 'buffer' })) {
      if (!entry.isSymbolicLink()) continue
      const path = `/${entry.name.toString('latin1')}`
      const { real, missing, outside } = await this.folder(path)
      if (missing === '' && !outside) links.set(path, real.slice(this.#realRoot.length))
    }
    return links
  }

  async #allMounts(): Promise<Set<BytePath>> {
    this.#mounts ??= readMounts(await readFile('/proc/self/mountinfo', 'latin1'))
    return this.#mounts
  }
}

/** The code of the system's answer; null where it may be written. Read-only file systems and immutable files say so to root too. */
export async function whyUnwritable(path: Buffer): Promise<string | null> {
  try {
    await access(path, constants.W_OK)
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** The fifth field is the place, with blanks and the like as octal numbers. */
function readMounts(table: string): Set<BytePath> {
  const places = table.split('\n').map((line) => line.split(' ')[4] ?? '')
  return new Set(
    places.map((place) => place.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)))),
  )
}

async function ifThere(looking: Promise<Stats>): Promise<Stats | null> {
  try {
    return await looking
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENT.has(String(error.code))
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

function asBytes(text: string): BytePath {
  return Buffer.from(text).toString('latin1')
}

function withoutEnd(path: BytePath): BytePath {
  return path === '/' ? '' : path
}
