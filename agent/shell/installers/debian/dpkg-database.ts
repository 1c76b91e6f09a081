/**
 * dpkg's database below an install root: what state a package is in, and whether the whole database is sound. It asks
 * the real dpkg and never decides what an answer means for a patch. No call here or elsewhere passes a `--force` option:
 * what dpkg refuses is refused.
 */
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Publication } from '../../../../protocol/statements.ts'
import { type Answer, askProgram } from '../ask-program.ts'

/** Of a package's words: `ii ` installed, `iU ` unpacked, `iF ` half configured, `iHR` to be reinstalled, `rc ` removed. */
export type PackageState = { readonly words: string; readonly version: string; readonly architecture: string }

/** The name that dpkg knows the package by. */
export function packageName({ manifest }: Publication): string {
  return 'dpkg' in manifest.verify.detect ? manifest.verify.detect.dpkg : manifest.name
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
  const native = await askProgram('dpkg', ...rootOptions(root), '--print-architecture')
  if (native === null) return null
  const foreign = (await hasDatabase(root))
    ? await askDpkg(...rootOptions(root), '--print-foreign-architectures')
    : { text: '' }
  return `${native.text}\n${foreign.text}`.split(/\s+/).filter((word) => word !== '')
}

/** Null where dpkg knows nothing of the package. Of several architectures the wanted one counts, else any. */
export async function packageState(root: string, name: string, architecture?: string): Promise<PackageState | null> {
  if (!(await hasDatabase(root))) return null
  const format = '${db:Status-Abbrev}|${Version}|${Architecture}\\n'
  const words = [`--admindir=${databaseFolder(root)}`, '--show', `--showformat=${format}`, name]
  const answer = await askProgram('dpkg-query', ...words)
  if (answer === null) throw new Error('dpkg-query is not on this appliance')
  if (answer.status === 1 && answer.text === '') return null
  if (answer.status !== 0) throw new Error(`dpkg-query ended with status ${answer.status}: ${answer.complaint.trim()}`)
  const states = answer.text.split('\n').filter((line) => line !== '')
  const known = states.map(asState).filter(({ words: status }) => !status.startsWith('un'))
  return known.find((state) => state.architecture === architecture) ?? known[0] ?? null
}

function asState(line: string): PackageState {
  const [words = '', version = '', architecture = ''] = line.split('|')
  return { words, version, architecture }
}

/** Wanted, installed, and no error: the only state that counts. A package on hold (`hi `) is not in it. */
export function isInstalled(state: PackageState | null): state is PackageState & { readonly words: 'ii ' } {
  return state?.words === 'ii '
}

/** What `dpkg --audit` finds wrong in the whole database; empty when it is sound. */
export async function auditDatabase(root: string): Promise<string> {
  if (!(await hasDatabase(root))) return ''
  return (await askDpkg(...rootOptions(root), '--audit')).text.trim()
}

/** Whether an earlier dpkg ended in the middle of its work. */
export async function wasInterrupted(root: string): Promise<boolean> {
  const journal = await readdir(join(databaseFolder(root), 'updates'))
  return journal.some((name) => /^\d+$/.test(name)) || (await auditDatabase(root)) !== ''
}

export async function isNewer(version: string, than: string): Promise<boolean> {
  return (await askDpkg('--compare-versions', version, 'gt', than)).status === 0
}

/** The control stanza of a package file. */
export async function fieldsOf(packageFile: string): Promise<string> {
  const answer = await askProgram('dpkg-deb', '--field', packageFile)
  if (answer === null) throw new Error('dpkg-deb is not on this appliance')
  if (answer.status !== 0) throw new Error(`the package cannot be read: ${answer.complaint.trim()}`)
  return answer.text
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

async function hasDatabase(root: string): Promise<boolean> {
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
