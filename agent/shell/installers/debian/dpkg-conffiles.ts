/**
 * Which configuration files a package has: those that dpkg knows of what is there, with the digests of what was shipped,
 * and those that a package file would bring.
 */
import { askProgram } from '../ask-program.ts'
import { databaseFolder, hasDatabase } from './dpkg-database.ts'
import type { PackageState } from './package-state.ts'
import { readConffiles, readRecorded } from './rehearsal/conffile-lists.ts'

/** By path, the MD5 digest of what the package shipped; of one that is unpacked only, dpkg's word for a new one. */
export async function shippedConffiles(root: string, state: PackageState | null): Promise<Map<string, string>> {
  if (state === null || !(await hasDatabase(root))) return new Map()
  const instance = state.coexists ? `${state.name}:${state.architecture}` : state.name
  const words = [`--admindir=${databaseFolder(root)}`, '--show', '--showformat=${Conffiles}\\n', instance]
  const answer = await askProgram('dpkg-query', ...words)
  const recorded = readRecorded(answer?.status === 0 ? answer.text : '')
  return new Map([...recorded].map(([path, { md5 }]) => [path, md5]))
}

export async function packageConffiles(packageFile: string): Promise<string[]> {
  const answer = await askProgram('dpkg-deb', '--info', packageFile, 'conffiles')
  // A package without such a list is told by a status of its own.
  if (answer?.status !== 0) return []
  return readConffiles(answer.text).map(({ path }) => path)
}
