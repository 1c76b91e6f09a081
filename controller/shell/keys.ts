/**
 * The two keys of the Service Center, under DIR/keys: its mesh identity, by which appliances know whom they dial, and
 * its signing key, the root of trust in every token. Each is 32 secret bytes in a file that only its owner reads. A key
 * file appears complete or not at all, and is never written again: losing one means enrolling every appliance anew, so
 * a folder that has a database and no keys is refused instead of getting new ones.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { signingKeyFromSeed } from '../../protocol/envelope.ts'
import type { Authority } from '../core/state.ts'
import { databaseExists } from './repository.ts'

const SEED_BYTES = 32

export type KeptAuthority = Authority & {
  /** The 32 bytes from which libp2p makes the mesh identity; their peer id is `mesh`. */
  readonly meshSeed: Uint8Array
}

/** The keys of a data folder; makes those of a new one. */
export async function loadAuthority(folder: string): Promise<KeptAuthority> {
  const keys = path.join(folder, 'keys')
  const mayMake = !databaseExists(folder)
  if (mayMake) await mkdir(keys, { recursive: true, mode: 0o700 })
  const meshSeed = await loadSeed(path.join(keys, 'mesh-identity'), mayMake)
  const signingSeed = await loadSeed(path.join(keys, 'signing'), mayMake)
  return { meshSeed, mesh: signingKeyFromSeed(meshSeed).peer, signing: signingKeyFromSeed(signingSeed) }
}

async function loadSeed(file: string, mayMake: boolean): Promise<Uint8Array> {
  const known = await readSeed(file)
  if (known !== null) return known
  if (!mayMake) {
    throw new Error(`The key ${file} is missing, and every appliance trusts it: restore it from a backup.`)
  }
  await makeSeed(file)
  // Not what was made here: another process may have been first.
  const made = await readSeed(file)
  if (made === null) throw new Error(`The key ${file} was made and is gone again: look who else uses this folder.`)
  return made
}

async function readSeed(file: string): Promise<Uint8Array | null> {
  let seed: Uint8Array
  try {
    seed = await readFile(file)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw new Error(`The key ${file} cannot be read: give it to the user who runs the controller.`, { cause: error })
  }
  if (seed.byteLength === SEED_BYTES) return seed
  throw new Error(
    `The key ${file} has ${seed.byteLength} bytes instead of ${SEED_BYTES}: it is damaged, restore it from a backup.`,
  )
}

async function makeSeed(file: string): Promise<void> {
  const beside = `${file}.${randomUUID()}.part`
  const handle = await open(beside, 'wx', 0o600)
  try {
    await handle.writeFile(randomBytes(SEED_BYTES))
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    // Unlike a rename, a link never replaces a key that is there.
    await link(beside, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(beside)
  }
  const folder = await open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
