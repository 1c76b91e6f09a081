/**
 * dpkg's database below an install root, asked through the real dpkg. What an answer means is for package-state.ts and
 * dpkg-audit.ts. What dpkg refuses is refused: no call here passes a
 * `--force` option, and dpkg-run.ts passes none but the two that keep the administrator's configuration.
 */
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import type { Publication } from '../../../../protocol/trust/statements.ts'
import { type Answer, askProgram } from '../ask-program.ts'
import { askDatabase } from './database-answers.ts'
import { instanceFor, type PackageState, readPackageStates, STATE_FORMAT } from './package-state.ts'

/** What dpkg calls the architecture of a package that every appliance takes. */
export const ANY_ARCHITECTURE = 'all'

/** The name that dpkg knows the package by. */
export function packageName({ manifest }: { readonly manifest: Manifest }): string {
  return 'dpkg' in manifest.verify.detect ? manifest.verify.detect.dpkg : manifest.name
}

/** The architecture of the package file itself. */
export function packageArchitecture({ manifest }: Publication): string {
  return manifest.appliesTo.architecture ?? ANY_ARCHITECTURE
}

/** The options that point dpkg at the root; the log of a foreign root goes to `scratch`, not to this machine's own. */
export function rootOptions(root: string, scratch?: string): string[] {
  if (root === '/') return []
  return scratch === undefined ? [`--root=${root}`] : [`--root=${root}`, `--log=${join(scratch, 'dpkg.log')}`]
}

export function databaseFolder(root: string): string {
  return join(root, 'var/lib/dpkg')
}

/** Null where dpkg is not on this appliance. */
export async function architecturesOf(root: string): Promise<string[] | null> {
  const ask = (what: string) => askDatabase(databaseFolder(root), 'dpkg', ...rootOptions(root), what)
  const native = await ask('--print-architecture')
  if (native === null) return null
  // dpkg keeps this list from the first foreign architecture on.
  const isKept = await exists(join(databaseFolder(root), 'arch'))
  const foreign = isKept ? await ask('--print-foreign-architectures') : null
  return `${native.text}\n${foreign?.text ?? ''}`.split(/\s+/).filter((word) => word !== '')
}

/** Every instance of the package that dpkg knows, one for each architecture. */
export async function packageStates(root: string, name: string): Promise<PackageState[]> {
  return (await hasDatabase(root)) ? askForStates(root, name) : []
}

/** Every package that dpkg knows. */
export async function allPackageStates(root: string): Promise<PackageState[]> {
  return (await hasDatabase(root)) ? askForStates(root) : []
}

async function askForStates(root: string, ...names: string[]): Promise<PackageState[]> {
  const words = [`--admindir=${databaseFolder(root)}`, '--show', `--showformat=${STATE_FORMAT}`, ...names]
  const answer = await askDatabase(databaseFolder(root), 'dpkg-query', ...words)
  if (answer === null) throw new Error('dpkg-query is not on this appliance')
  if (answer.status === 1 && answer.text === '') return []
  if (answer.status !== 0) throw new Error(`dpkg-query ended with status ${answer.status}: ${answer.complaint.trim()}`)
  return readPackageStates(answer.text)
}

/** The instance that a Debian package of this publication is, or would replace; null where dpkg knows none. */
export async function patchedPackage({ publication, root }: { publication: Publication; root: string }) {
  return instanceFor(await packageStates(root, packageName(publication)), packageArchitecture(publication))
}

/** Whether an earlier dpkg ended in the middle of its work and left records that were not merged. */
export async function wasInterrupted(root: string): Promise<boolean> {
  if (!(await hasDatabase(root))) return false
  const journal = await readdir(join(databaseFolder(root), 'updates'))
  return journal.some((name) => /^\d+$/.test(name))
}

export async function isNewer(version: string, than: string): Promise<boolean> {
  return (await askDpkg('--compare-versions', version, 'gt', than)).status === 0
}

/** A root that never saw dpkg gets an empty database; one that lost its status file is not given an empty one. */
export async function makeDatabase(root: string): Promise<void> {
  const folder = databaseFolder(root)
  if (await hasDatabase(root)) return
  if (await exists(join(folder, 'status-old'))) {
    throw new Error(`the database of dpkg in ${folder} has lost its status file; restore it from status-old first`)
  }
  for (const name of ['info', 'updates', 'triggers', 'parts', 'alternatives']) {
    await mkdir(join(folder, name), { recursive: true, mode: 0o755 })
  }
  for (const name of ['available', 'status']) await writeFile(join(folder, name), '', { flag: 'a', mode: 0o644 })
}

/** A field of a control stanza; empty where it has none. */
export function field(stanza: string, name: string): string {
  const line = stanza.split('\n').find((text) => text.startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim() ?? ''
}

/** Like `askProgram`, where dpkg is known to be there. */
export async function askDpkg(...words: string[]): Promise<Answer> {
  const answer = await askProgram('dpkg', ...words)
  if (answer === null) throw new Error('dpkg is not on this appliance')
  return answer
}

export async function hasDatabase(root: string): Promise<boolean> {
  return exists(join(databaseFolder(root), 'status'))
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
