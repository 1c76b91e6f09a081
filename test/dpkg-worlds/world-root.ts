/**
 * The root of one world: Debian's essential system below, and a file system in memory on top that takes all changes. So
 * a root costs a mount and no copy, what has changed in it is found without reading the rest, and the room in it can be
 * made small. Also the configuration of this machine's dpkg as this world has it. All is mounted in the mount
 * namespace of the process that runs the world, and nobody else sees it.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MEETING_PLACE } from './drawn/package-spec.ts'
import { runTool } from './run-tool.ts'

/** More than any world needs. */
const PLENTY = ['size=512m', 'nr_inodes=100000']
/** Both layers at once, since each process that is started from here takes a while. */
const MOUNT = `set -e
mount -t tmpfs -o "$1" worlds "$2"
mkdir "$3" "$2/work"
mount -t overlay -o "$4" worlds "$5"`
const DPKG_CONFIGURATION = '/etc/dpkg/dpkg.cfg.d'

/** What dpkg knows of the system below; the rest of it is there and unknown, which makes dpkg several times faster. */
const KNOWN = ['dash', 'debconf', 'dpkg', 'grep', 'hostname', 'sed']

/** The system below: where it can be looked at, and the layers that it is made of. */
export type BaseSystem = { readonly path: string; readonly layers: string }

/** Mounts it below `folder`, for all worlds that this process runs; `ucf` is the package of scripts that many others call. */
export async function mountBaseSystem(folder: string, debian: string, ucf: string): Promise<BaseSystem> {
  const known = join(folder, 'known')
  const path = join(folder, 'system')
  await mkdir(path)
  await mkdir(join(known, 'var/lib/dpkg'), { recursive: true })
  await runTool('dpkg-deb', ['--extract', ucf, known])
  const asInstalled = `${(await runTool('dpkg-deb', ['--field', ucf])).trim()}\nStatus: install ok installed`
  await mkdir(join(known, 'var/lib/dpkg/info'))
  await writeFile(join(known, 'var/lib/dpkg/info/ucf.list'), '/.\n')
  // It asks dpkg-query where its own templates are.
  const templates = await runTool('dpkg-deb', ['--info', ucf, 'templates'])
  await writeFile(join(known, 'var/lib/dpkg/info/ucf.templates'), templates)
  const stanzas = (await readFile(join(debian, 'var/lib/dpkg/status'), 'utf8')).split('\n\n')
  const kept = stanzas.filter((stanza) => KNOWN.includes(/^Package: (.*)$/m.exec(stanza)?.[1] ?? ''))
  kept.push(asInstalled)
  for (const name of ['status', 'status-old']) {
    await writeFile(join(known, 'var/lib/dpkg', name), `${kept.join('\n\n')}\n`)
  }
  const layers = `${known}:${debian}`
  await runTool('mount', ['-t', 'overlay', '-o', `ro,lowerdir=${layers}`, 'worlds', path])
  return { path, layers }
}

export type Room = { readonly bytes: number | null; readonly inodes: number | null }

export class WorldRoot {
  /** The folder that is `/` for the world. */
  readonly path: string
  /** All that is different in it from the system below. */
  readonly changes: string
  /** Where the system below can be looked at. */
  readonly system: string
  readonly #folder: string
  #isConfigured = false

  private constructor(folder: string, system: string) {
    this.#folder = folder
    this.system = system
    this.path = join(folder, 'root')
    this.changes = join(folder, 'layer/changes')
  }

  /** `configuration` are the lines of one file in dpkg.cfg.d. */
  static async make(folder: string, base: BaseSystem, configuration: readonly string[]): Promise<WorldRoot> {
    const root = new WorldRoot(folder, base.path)
    const layer = join(folder, 'layer')
    await mkdir(root.path, { recursive: true })
    await mkdir(layer)
    const layers = `lowerdir=${base.layers},upperdir=${root.changes},workdir=${join(layer, 'work')}`
    await runTool('/bin/sh', ['-c', MOUNT, 'mount', PLENTY.join(','), layer, root.changes, layers, root.path])
    await mkdir(root.meeting, { recursive: true })
    await root.configure('world', configuration)
    return root
  }

  /** Where scripts leave marks and find them. */
  get meeting(): string {
    return join(this.path, MEETING_PLACE)
  }

  /** Tells dpkg these things in a file of that name; nothing for no lines. */
  async configure(name: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const own = join(this.#folder, 'dpkg.cfg.d')
    if (!this.#isConfigured) {
      await mkdir(own)
      await runTool('mount', ['--bind', own, DPKG_CONFIGURATION])
      this.#isConfigured = true
    }
    await writeFile(join(own, name), `${lines.join('\n')}\n`)
  }

  async mark(name: string): Promise<void> {
    await writeFile(join(this.meeting, name), '')
  }

  async unmark(name: string): Promise<void> {
    await rm(join(this.meeting, name), { force: true })
  }

  inside(path: string): string {
    return join(this.path, path)
  }

  /** From now on there is so much room left, and no more; null for plenty. */
  async limit({ bytes, inodes }: Room): Promise<void> {
    const layer = join(this.#folder, 'layer')
    const [usedBytes = 0, usedInodes = 0] = (await runTool('df', ['--output=used,iused', '--block-size=1', layer]))
      .trim()
      .split('\n')
      .at(-1)!
      .trim()
      .split(/\s+/)
      .map(Number)
    const size = bytes === null ? PLENTY[0] : `size=${usedBytes + bytes}`
    const count = inodes === null ? PLENTY[1] : `nr_inodes=${usedInodes + inodes}`
    await runTool('mount', ['-o', `remount,${size},${count}`, layer])
  }

  async remove(): Promise<void> {
    if (this.#isConfigured) await runTool('umount', ['--lazy', DPKG_CONFIGURATION])
    await runTool('umount', ['--lazy', this.path, join(this.#folder, 'layer')])
    await rm(this.#folder, { recursive: true, force: true })
  }
}
