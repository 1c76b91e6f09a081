/**
 * Real Debian packages and real Debian roots for tests, fetched with apt when a test asks for them. They are kept in a
 * folder of this machine's temporary files, so that only the first run fetches. What cannot be fetched is an error, and
 * a test that needs it fails.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, link, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { alone, aptGet, CACHE, provide } from './machine.ts'

const run = promisify(execFile)

/**
 * `publicsuffix` (126 kB) and `iso-codes` (2.9 MB): no dependencies, no maintainer scripts; any root takes them.
 * `less` (132 kB): needs libc6 and libtinfo6 and has three maintainer scripts; `minimalDebianRoot` takes it.
 * `openclonk-data` (112 MB): one large file to replicate; no dependencies.
 * `ucf` (55 kB): what maintainer scripts ask about configuration files that dpkg knows nothing of.
 */
export const REAL_PACKAGES = ['publicsuffix', 'iso-codes', 'less', 'openclonk-data', 'ucf'] as const
export type RealPackage = (typeof REAL_PACKAGES)[number]

/** The path of the package file as Debian's archive holds it. Not to be changed; copy it. */
export async function realPackage(name: RealPackage): Promise<string> {
  return (await keptPackage(name)) ?? (await alone(async () => (await keptPackage(name)) ?? (await fetchPackage(name))))
}

/** Undefined where it has not been fetched yet. */
export async function keptPackage(name: RealPackage): Promise<string | undefined> {
  await mkdir(CACHE, { recursive: true })
  const kept = (await readdir(CACHE)).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'))
  return kept === undefined ? undefined : join(CACHE, kept)
}

async function fetchPackage(name: RealPackage): Promise<string> {
  const folder = await mkdtemp(join(CACHE, 'fetching-'))
  try {
    await download(name, folder)
    const [file] = await readdir(folder)
    if (file === undefined) throw new Error(`apt-get download ${name} ended well and left no file`)
    await rename(join(folder, file), join(CACHE, file))
    return join(CACHE, file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Fetches the package lists when apt has none or has old ones that name files which are gone. */
async function download(name: string, folder: string): Promise<void> {
  const [first] = await Promise.allSettled([aptGet(['download', name], folder)])
  if (first.status === 'fulfilled') return
  try {
    await aptGet(['update'])
    await aptGet(['download', name], folder)
  } catch (cause) {
    throw new Error(`the real package ${name} cannot be fetched; as root, "apt-get update" may help`, { cause })
  }
}

/** Why roots and packages cannot be tested here, for a test's `skip`; false when they can. */
export function cannotInstall(): string | false {
  return process.getuid?.() === 0 ? false : 'dpkg installs only as root; run the tests as root to include this one'
}

/**
 * Makes `folder` a Debian root with the essential packages and their database, where maintainer scripts run. Needs root;
 * installs mmdebstrap when it is missing. The first call on a machine takes about ten seconds, later ones copy.
 */
export async function minimalDebianRoot(folder: string, machine: DebianMachine = 'essential'): Promise<void> {
  await makeKeptRoot(machine)
  await run('cp', ['--archive', '--no-target-directory', await keptRoot(machine), folder])
}

/** What is on each beside the essential packages; apt brings what a usual Debian has and a package of ours needs. */
export const DEBIAN_MACHINES = {
  essential: [],
  'with-systemd': ['apt', 'libatomic1', 'systemd', 'systemd-sysv', 'dbus'],
  'without-systemd': ['apt', 'libatomic1', 'systemd-standalone-sysusers'],
} as const
export type DebianMachine = keyof typeof DEBIAN_MACHINES

/** Makes what `minimalDebianRoot` copies, once on a machine. */
export async function makeKeptRoot(machine: DebianMachine = 'essential'): Promise<void> {
  const kept = await keptRoot(machine)
  if (existsSync(kept)) return
  await provide('mmdebstrap')
  await alone(() => buildRoot(kept, DEBIAN_MACHINES[machine]))
}

/** Where that is, or will be. */
export async function keptRoot(machine: DebianMachine = 'essential'): Promise<string> {
  return join(CACHE, `${machine === 'essential' ? 'root' : `root-${machine}`}-${await codename()}`)
}

async function codename(): Promise<string> {
  return /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'stable'
}

async function buildRoot(kept: string, more: readonly string[]): Promise<void> {
  if (existsSync(kept)) return
  const building = await mkdtemp(join(CACHE, 'building-'))
  try {
    const root = join(building, 'root')
    const leaveOut = ['/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/man/*', '/usr/share/info/*']
    const options = [
      ...leaveOut.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...(more.length === 0 ? [] : [`--include=${more.join(',')}`]),
    ]
    await run('mmdebstrap', ['--variant=essential', '--quiet', ...options, await codename(), root])
    await rename(root, kept)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

export type OwnPackage = {
  readonly name: string
  readonly version: string
  readonly architecture?: string
  readonly depends?: string
  /** Shell text of maintainer scripts. */
  readonly scripts?: { readonly [script in 'preinst' | 'postinst' | 'prerm' | 'postrm']?: string }
  /** Lines of the control file beside the usual ones, as "Replaces: other". */
  readonly fields?: readonly string[]
  /** Other control files, by name: `conffiles`, `triggers`, `templates`. */
  readonly control?: { readonly [name: string]: string }
  /** What it brings beside /opt/NAME/version, by path: a text is a file's content, null a folder. */
  readonly brings?: {
    readonly [path: string]: string | { readonly link: string } | { readonly hardLink: string } | null
  }
}

/** Builds a package with the real dpkg-deb, for what no package of the archive does; it holds /opt/NAME/version. */
export async function buildPackage(folder: string, own: OwnPackage): Promise<string> {
  const {
    name,
    version,
    architecture = 'all',
    depends,
    scripts = {},
    fields = [],
    control: others = {},
    brings = {},
  } = own
  const tree = await mkdtemp(join(folder, 'tree-'))
  await mkdir(join(tree, 'DEBIAN'), { mode: 0o755 })
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: patchmesh tests <tests@patchmesh.invalid>',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    ...fields,
    'Description: made by a test',
    '',
  ]
  await writeFile(join(tree, 'DEBIAN/control'), control.join('\n'))
  for (const [script, text] of Object.entries(scripts)) {
    await writeFile(join(tree, 'DEBIAN', script), `#!/bin/sh\nset -e\n${text}\n`, { mode: 0o755 })
  }
  for (const [file, text] of Object.entries(others)) {
    await writeFile(join(tree, 'DEBIAN', file), text, { mode: file === 'config' ? 0o755 : 0o644 })
  }
  for (const [path, what] of Object.entries(brings)) await bring(tree, path, what)
  await mkdir(join(tree, 'opt', name), { recursive: true })
  await writeFile(join(tree, 'opt', name, 'version'), `${version}\n`)
  const file = join(folder, `${name}_${version}_${architecture}.deb`)
  await run('dpkg-deb', ['--root-owner-group', '--build', tree, file])
  await rm(tree, { recursive: true })
  return file
}

async function bring(tree: string, path: string, what: NonNullable<OwnPackage['brings']>[string]): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true })
  if (what === null) await mkdir(join(tree, path), { recursive: true })
  else if (typeof what === 'string') await writeFile(join(tree, path), what)
  else if ('link' in what) await symlink(what.link, join(tree, path))
  else await link(join(tree, what.hardLink), join(tree, path))
}

/** A copy that a test may change. */
export async function copyOf(file: string, to: string): Promise<string> {
  await cp(file, to)
  return to
}
