/**
 * Whether dpkg would take a package, found out before anything changes. dpkg unpacks first and looks at dependencies
 * when it configures, and by then the files of the version before are gone; an appliance that lost a working version to
 * a patch that cannot be configured would have nothing to go back to. So both steps are rehearsed with the real dpkg:
 * unpacking by `--no-act`, configuring by `--no-act` on a copy of the database in which the package is unpacked already.
 * A rehearsal promises nothing of maintainer scripts; those only run for real.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from '../ask-program.ts'
import { readIfThere } from '../read-if-there.ts'
import { askDpkg, databaseFolder, field, rootOptions } from './dpkg-database.ts'

/** What dpkg said against it; null when it would install. `fields` is the control stanza of the package file. */
export async function whyNotInstallable(
  root: string,
  scratch: string,
  packageFile: string,
  fields: string,
): Promise<Answer | null> {
  const unpacking = await askDpkg(...rootOptions(root, scratch), '--no-act', '--install', packageFile)
  if (unpacking.status !== 0) return unpacking
  const configuring = await rehearseConfiguring(root, scratch, fields)
  return configuring.status === 0 ? null : configuring
}

async function rehearseConfiguring(root: string, scratch: string, fields: string): Promise<Answer> {
  const name = field(fields, 'Package')
  const architecture = field(fields, 'Architecture')
  const copy = join(scratch, 'rehearsal')
  await rm(copy, { recursive: true, force: true })
  await mkdir(join(copy, 'updates'), { recursive: true, mode: 0o700 })
  await mkdir(join(copy, 'info'), { recursive: true })
  await mkdir(join(copy, 'triggers'), { recursive: true })
  for (const file of ['arch', 'info/format', 'available']) {
    const content = await readIfThere(join(databaseFolder(root), file))
    if (content !== null) await writeFile(join(copy, file), content)
  }
  const status = await readFile(join(databaseFolder(root), 'status'), 'utf8')
  const others = status.split(/\n\n+/).filter((stanza) => !isSamePackage(stanza, name, architecture))
  await writeFile(join(copy, 'status'), [...others, `${fields.trim()}\nStatus: install ok unpacked`, ''].join('\n\n'))
  const rehearsal = [...rootOptions(root, scratch), `--admindir=${copy}`, '--no-act', '--configure']
  return askDpkg(...rehearsal, architecture === 'all' ? name : `${name}:${architecture}`)
}

function isSamePackage(stanza: string, name: string, architecture: string): boolean {
  if (field(stanza, 'Package') !== name) return false
  return field(stanza, 'Multi-Arch') !== 'same' || field(stanza, 'Architecture') === architecture
}
