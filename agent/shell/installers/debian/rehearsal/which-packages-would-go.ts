/**
 * Whether another package would vanish. dpkg removes a package that the new one conflicts with and replaces, without
 * asking, and lets one disappear of which the new package brings every file. Neither can be put back by taking the new
 * package off again, so nobody loses a package by an install that was ordered for another.
 */

import { packageStates } from '../dpkg-database.ts'
import type { BytePath } from '../package-contents.ts'
import { isThere, type PackageState } from '../package-state.ts'
import { filesOf } from './file-owners.ts'
import { namesIn } from './relations.ts'
import type { Situation } from './situation.ts'

const WILL_REMOVE = /^dpkg: yes, will remove (\S+) in favou?r of /gm

/** `said` is what dpkg said in its dry run. */
export async function whichPackagesWouldGo(situation: Situation, said: string): Promise<string | null> {
  const removed = [...said.matchAll(WILL_REMOVE)].map(([, other]) => other as string)
  if (removed.length > 0) {
    return `dpkg would remove ${removed.join(' and ')} from this appliance in favour of ${situation.name}; remove ${removed.length === 1 ? 'it' : 'them'} first if that is wanted`
  }
  const otherInstance = whichInstanceWouldGo(situation)
  return otherInstance ?? whichWouldDisappear(situation)
}

/** Another architecture of the package, which cannot stand beside the new one. */
function whichInstanceWouldGo({ name, architecture, state }: Situation): string | null {
  if (!isThere(state) || state.architecture === architecture) return null
  if (state.architecture === 'all' || architecture === 'all') return null
  return `${name} ${state.version} for ${state.architecture} is on this appliance, and dpkg would put the package for ${architecture} in its place; remove it first if that is wanted`
}

async function whichWouldDisappear({ task, name, replaces, entries }: Situation): Promise<string | null> {
  const brought = new Set(entries.map(({ path }) => path))
  const folders = new Set(entries.filter(({ kind }) => kind === 'folder').map(({ path }) => path))
  for (const other of namesIn(replaces)) {
    if (other === name) continue
    for (const state of (await packageStates(task.root, other)).filter(isThere)) {
      if (!(await isCompletelyReplaced(task.root, state, brought, folders))) continue
      return `${other} ${state.version} would disappear from this appliance, since ${name} brings all of its files; remove it first if that is wanted`
    }
  }
  return null
}

async function isCompletelyReplaced(
  root: string,
  { name, architecture }: PackageState,
  brought: ReadonlySet<BytePath>,
  folders: ReadonlySet<BytePath>,
): Promise<boolean> {
  const files = [...(await filesOf(root, name, architecture))].filter((path) => path !== '/.')
  return files.every((path) => brought.has(path)) && files.some((path) => !folders.has(path))
}
