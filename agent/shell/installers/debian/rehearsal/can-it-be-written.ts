/**
 * Whether dpkg can write where the package goes: a file system that is mounted read-only, a folder or file that is
 * immutable, a link that leads out of the install root. dpkg meets each of them in the middle of unpacking, and with a
 * read-only file system cannot even put back what it has begun.
 */
import { join } from 'node:path'
import { databaseFolder } from '../dpkg-database.ts'
import { readableName } from '../package-contents.ts'
import { whyUnwritable } from './below-root.ts'
import type { PlacedEntry, Situation } from './situation.ts'

const AT_ONCE = 32

export async function canItBeWritten(situation: Situation): Promise<string | null> {
  for (const name of ['', 'info', 'updates', 'triggers', 'status']) {
    const place = join(databaseFolder(situation.task.root), name)
    const why = await whyUnwritable(Buffer.from(place))
    if (why !== null && why !== 'ENOENT') return `dpkg cannot write its database: ${place} ${inWords(why)}`
  }
  const { entries } = situation
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const answers = await Promise.all(entries.slice(at, at + AT_ONCE).map((entry) => whyNotHere(situation, entry)))
    const refusal = answers.find((answer) => answer !== null)
    if (refusal !== undefined) return refusal
  }
  return null
}

async function whyNotHere({ below, ownFiles, task }: Situation, entry: PlacedEntry): Promise<string | null> {
  const { goesTo, kind, lies } = entry
  if (goesTo === '/') return null
  const folder = await below.folderOf(goesTo)
  const name = readableName(goesTo)
  if (folder.outside) {
    return `${name} would be written outside of the install root ${task.root}: a link on the way leads to ${readableName(folder.real)}; remove that link first`
  }
  if (kind === 'folder' && lies !== null) return null
  if (folder.unwritable !== null)
    return `${name} cannot be written: ${below.readable(folder)} ${inWords(folder.unwritable)}`
  if (kind !== 'file' || !ownFiles.has(goesTo)) return null
  if (lies === null || !lies.isFile()) return null
  const why = await whyUnwritable(below.onDisk(goesTo))
  return why === null ? null : `${name} cannot be replaced: it ${inWords(why)}`
}

function inWords(code: string): string {
  switch (code) {
    case 'EROFS':
      return 'is on a file system that is mounted read-only; mount it for writing first'
    case 'EPERM':
      return 'is immutable (chattr +i); take that from it first'
    case 'ENOTDIR':
      return 'is not a folder on this appliance; move it away first'
    default:
      return `cannot be written (${code})`
  }
}
