/**
 * What dpkg itself says beforehand. dpkg unpacks first and looks at dependencies when it configures, and by then the
 * files of the version before are gone; an appliance that lost a working version to a patch that cannot be configured
 * would have nothing to go back to. So both steps are rehearsed with the real dpkg: unpacking by `--no-act`, configuring
 * by `--no-act` on a copy of the database in which the package is unpacked already. dpkg reads its whole database for
 * that, so one that is torn or damaged is found too. A dry run promises nothing of maintainer scripts, and sees neither
 * what lies in the root nor the lists of the package; the other questions of a rehearsal do.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from '../../ask-program.ts'
import type { InstallTask } from '../../installer.ts'
import { readIfThere } from '../../read-if-there.ts'
import { askDpkg, databaseFolder, field, rootOptions } from '../dpkg-database.ts'
import { asUnpacked } from '../package-stanza.ts'
import type { PackageFacts } from './situation.ts'

export function rehearseUnpacking({ root, scratch }: InstallTask, packageFile: string): Promise<Answer> {
  return askDpkg(...rootOptions(root, scratch), '--no-act', '--install', packageFile)
}

export async function rehearseConfiguring({ task, name, architecture, control }: PackageFacts): Promise<Answer> {
  const { root, scratch } = task
  const copy = join(scratch, 'rehearsal')
  await rm(copy, { recursive: true, force: true })
  for (const folder of ['updates', 'info', 'triggers'])
    await mkdir(join(copy, folder), { recursive: true, mode: 0o700 })
  const journal = (await readdir(join(databaseFolder(root), 'updates'))).filter((file) => /^\d+$/.test(file)).sort()
  for (const file of ['arch', 'info/format', 'available', ...journal.map((each) => `updates/${each}`)]) {
    const content = await readIfThere(join(databaseFolder(root), file), 'latin1')
    if (content !== null) await writeFile(join(copy, file), content, 'latin1')
  }
  const status = await readFile(join(databaseFolder(root), 'status'), 'latin1')
  const unpacked = asUnpacked(control.get('control') ?? '')
  const others = status.split(/\n\n+/).filter((stanza) => !isSamePackage(stanza, name, architecture))
  const last = journal.at(-1)
  await writeFile(
    join(copy, 'status'),
    [...others, ...(last === undefined ? [unpacked] : []), ''].join('\n\n'),
    'latin1',
  )
  // What is in the journal is newer than the status; what would be there after the unpacking is newer still.
  if (last !== undefined)
    await writeFile(join(copy, 'updates', String(Number(last) + 1).padStart(last.length, '0')), unpacked, 'latin1')
  const rehearsal = [...rootOptions(root, scratch), `--admindir=${copy}`, '--no-act', '--configure']
  return askDpkg(...rehearsal, architecture === 'all' ? name : `${name}:${architecture}`)
}

function isSamePackage(stanza: string, name: string, architecture: string): boolean {
  if (field(stanza, 'Package') !== name) return false
  return field(stanza, 'Multi-Arch') !== 'same' || field(stanza, 'Architecture') === architecture
}
