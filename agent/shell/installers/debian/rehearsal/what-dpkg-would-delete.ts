/**
 * What dpkg never puts down because of the administrator's path filters is in the list of the package all the same, and
 * an upgrade takes it away. So a file that somebody else has put at such a path would be deleted without a word, and is
 * refused here. What the package brought before there was a filter is its own, and may go. A first install deletes
 * nothing; what its way back would take is kept (taken-files.ts).
 */
import { join } from 'node:path'
import { readIfThere } from '../../read-if-there.ts'
import { databaseFolder } from '../dpkg-database.ts'
import { type BytePath, readableName } from '../package-contents.ts'
import { ownersOf } from './file-owners.ts'
import { isLeftOut } from './path-filters.ts'
import { md5Of, type Situation } from './situation.ts'

export async function whatDpkgWouldDelete(situation: Situation): Promise<string | null> {
  const { below, ownFiles, options, task } = situation
  if (options.filters.length === 0) return null
  const paths = [...ownFiles].filter((path) => isLeftOut({ path, kind: 'file' }, options.filters))
  const files: BytePath[] = []
  for (const path of paths) {
    const { missing } = await below.folderOf(path)
    if (missing === '' && below.lies(path)?.isFile() === true) files.push(path)
  }
  if (files.length === 0) return null
  const [brought, owners] = await Promise.all([broughtBefore(situation), ownersOf(task.root, new Set(files))])
  for (const path of files) {
    const isOthers = (owners.get(path) ?? []).some((owner) => owner.split(':', 1)[0] !== situation.name)
    if (isOthers || situation.recorded.has(path)) continue
    if (brought.get(path) !== (await md5Of(below.onDisk(path)))) return whyItMustStay(path)
  }
  return null
}

/** The MD5 of each ordinary file of the version that is there, as its package told it. */
async function broughtBefore({ task, state }: Situation): Promise<Map<BytePath, string>> {
  if (state === null) return new Map()
  const folder = join(databaseFolder(task.root), 'info')
  const text =
    (await readIfThere(join(folder, `${state.name}:${state.architecture}.md5sums`), 'latin1')) ??
    (await readIfThere(join(folder, `${state.name}.md5sums`), 'latin1'))
  const lines = (text ?? '').split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [`/${line.slice(34)}`, line.slice(0, 32)]))
}

function whyItMustStay(path: BytePath): string {
  return `${readableName(path)} is a file on this appliance that no package has brought; the options of dpkg (path-exclude) leave that path out of the package, and dpkg would delete what lies there. Move it away first`
}
