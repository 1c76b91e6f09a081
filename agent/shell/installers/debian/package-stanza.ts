/**
 * What a package says of itself as dpkg understands it, however its maker has written it: names in small letters,
 * versions in their one form, line ends of Unix. So it is the same as dpkg's database will say of the package. dpkg reads
 * it from a database in the scratch folder that holds nothing else, since it parses both with the same words.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askProgram } from '../ask-program.ts'

export type Stanza = {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** The relation field as it is, without its name. */
  readonly replaces: string
}

const FORMAT = '${Package}\\n${Version}\\n${Architecture}\\n${Replaces}\\n'

/** `control` is the file of that name in the package, as bytes. */
export async function readStanza(control: string, scratch: string): Promise<Stanza> {
  const database = join(scratch, 'stanza')
  await rm(database, { recursive: true, force: true })
  await mkdir(database, { mode: 0o700 })
  await writeFile(join(database, 'status'), asUnpacked(control), 'latin1')
  const answer = await askProgram('dpkg-query', `--admindir=${database}`, '--show', `--showformat=${FORMAT}`)
  if (answer === null) throw new Error('dpkg-query is not on this appliance')
  if (answer.status !== 0) throw new Error(`the package cannot be read: ${answer.complaint.trim()}`)
  const [name = '', version = '', architecture = '', replaces = ''] = answer.text.split('\n')
  return { name, version, architecture, replaces }
}

/** The stanza of a database that has unpacked the package and not configured it; bytes as `control` is. */
export function asUnpacked(control: string): string {
  return `${control.trim()}\nStatus: install ok unpacked\n`
}
