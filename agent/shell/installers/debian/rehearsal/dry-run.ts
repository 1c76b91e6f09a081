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
import { readIfThere } from '../../read-if-there.ts'
import { askDpkg, databaseFolder, field, rootOptions } from '../dpkg-database.ts'
import type { PackageFacts } from './situation.ts'

export type DryRun = {
  /** What dpkg said against it; null when it would install. */
  readonly refusal: Answer | null
  /** What dpkg said while it rehearsed the unpacking. */
  readonly said: string
}

export async function dryRun(facts: PackageFacts): Promise<DryRun> {
  const { root, scratch } = facts.task
  const [unpacking, configuring] = await Promise.all([
    askDpkg(...rootOptions(root, scratch), '--no-act', '--install', facts.packageFile),
    rehearseConfiguring(facts),
  ])
  const refusal = [unpacking, configuring].find(({ status }) => status !== 0) ?? null
  return { refusal, said: unpacking.text + unpacking.complaint }
}

async function rehearseConfiguring({ task, name, architecture, fields }: PackageFacts): Promise<Answer> {
  const { root, scratch } = task
  const copy = join(scratch, 'rehearsal')
  await rm(copy, { recursive: true, force: true })
  for (const folder of ['updates', 'info', 'triggers'])
    await mkdir(join(copy, folder), { recursive: true, mode: 0o700 })
  const journal = (await readdir(join(databaseFolder(root), 'updates'))).filter((file) => /^\d+$/.test(file)).sort()
  for (const file of ['arch', 'info/format', 'available', ...journal.map((each) => `updates/${each}`)]) {
    const content = await readIfThere(join(databaseFolder(root), file))
    if (content !== null) await writeFile(join(copy, file), content)
  }
  const status = await readFile(join(databaseFolder(root), 'status'), 'utf8')
  const unpacked = `${fields.trim()}\nStatus: install ok unpacked\n`
  const others = status.split(/\n\n+/).filter((stanza) => !isSamePackage(stanza, name, architecture))
  const last = journal.at(-1)
  await writeFile(join(copy, 'status'), [...others, ...(last === undefined ? [unpacked] : []), ''].join('\n\n'))
  // What is in the journal is newer than the status; what would be there after the unpacking is newer still.
  if (last !== undefined)
    await writeFile(join(copy, 'updates', String(Number(last) + 1).padStart(last.length, '0')), unpacked)
  const rehearsal = [...rootOptions(root, scratch), `--admindir=${copy}`, '--no-act', '--configure']
  return askDpkg(...rehearsal, architecture === 'all' ? name : `${name}:${architecture}`)
}

function isSamePackage(stanza: string, name: string, architecture: string): boolean {
  if (field(stanza, 'Package') !== name) return false
  return field(stanza, 'Multi-Arch') !== 'same' || field(stanza, 'Architecture') === architecture
}
