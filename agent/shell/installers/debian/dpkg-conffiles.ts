/**
 * Which configuration files dpkg knows of what is there, with the digests of what was shipped.
 */
import { askDatabase } from './database-answers.ts'
import { databaseFolder, hasDatabase } from './dpkg-database.ts'
import { type BytePath, readableName } from './package-contents.ts'
import type { PackageState } from './package-state.ts'
import { type RecordedConffile, readRecorded } from './rehearsal/conffile-lists.ts'

export async function recordedConffiles(
  root: string,
  state: PackageState | null,
): Promise<Map<BytePath, RecordedConffile>> {
  if (state === null || !(await hasDatabase(root))) return new Map()
  const database = databaseFolder(root)
  const words = [`--admindir=${database}`, '--show', '--showformat=${Conffiles}\\n']
  const answer = await askDatabase(database, 'dpkg-query', ...words, `${state.name}:${state.architecture}`)
  // dpkg-query shows nothing of what is not installed, and says so by its status.
  if (answer === null || answer.status > 1) throw new Error(`dpkg-query does not tell the conffiles of ${state.name}`)
  return readRecorded(Buffer.from(answer.status === 0 ? answer.text : '').toString('latin1'))
}

/** By path as a person reads it, the MD5 digest of what the package shipped; of one that is unpacked only, dpkg's word for a new one. */
export async function shippedConffiles(root: string, state: PackageState | null): Promise<Map<string, string>> {
  const recorded = await recordedConffiles(root, state)
  return new Map([...recorded].map(([path, { md5 }]) => [readableName(path), md5]))
}
