/**
 * Secrets come from the environment or from a credential of systemd, never from the YAML file, which people show to one
 * another. A credential of white space is none: so a unit can name a file
 * that need not be there.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere } from '../if-there.ts'

/** The bytes of a credential that the unit names (`LoadCredential=`), or undefined. */
export async function credential(name: string): Promise<Buffer | undefined> {
  const folder = process.env['CREDENTIALS_DIRECTORY']
  if (folder === undefined) return undefined
  const bytes = await ifThere(readFile(join(folder, name)))
  return bytes === null || bytes.toString('utf8').trim() === '' ? undefined : bytes
}

/** The token of the first start: from PATCHMESH_TOKEN, or the credential `token`. */
export async function enrollingToken(): Promise<string | undefined> {
  const token = process.env['PATCHMESH_TOKEN'] ?? (await credential('token'))?.toString('utf8')
  return token === undefined || token.trim() === '' ? undefined : token.trim()
}
