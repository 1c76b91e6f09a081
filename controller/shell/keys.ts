/**
 * The two keys of the Service Center, under DIR/keys: its mesh identity, by which appliances know whom they dial, and
 * its signing key, the root of trust in every token. Each is 32 secret bytes in a file that only its owner reads. A key
 * file appears complete or not at all, and is never written again: losing one means enrolling every appliance anew, so
 * a folder that has a database and no keys is refused instead of getting new ones.
 *
 * A folder that has keys or patches and no database is refused too: what was there before was lost, and a new database
 * would forget every appliance and person without a word. The mark `keys/new` tells the first start from that: it is
 * there before the first key is, and goes when the database belongs to the keys.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder } from '../../agent/shell/durable-file.ts'
import { ifThere } from '../../agent/shell/if-there.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import type { Authority } from '../core/state.ts'
import { databaseExists, databaseFile } from './database/embedded-file.ts'

const SEED_BYTES = 32

export type KeptAuthority = Authority & {
  /** The 32 bytes from which libp2p makes the mesh identity; their peer id is `mesh`. */
  readonly meshSeed: Uint8Array
}

const NEW = 'new'
const SIGNING = 'signing'
const MESH_IDENTITY = 'mesh-identity'

/** The database that belongs to the keys: whether it has records, and how a sentence names it. */
export type KnownDatabase = { readonly exists: boolean; readonly name: string }

function embedded(folder: string): KnownDatabase {
  return { exists: databaseExists(folder), name: databaseFile(folder) }
}

/** The keys of a data folder; makes those of a new one. Throws a sentence where something of an older one is lost. */
export async function loadAuthority(folder: string, database = embedded(folder)): Promise<KeptAuthority> {
  const keys = path.join(folder, 'keys')
  const mayMake = !database.exists
  if (mayMake) await beginNew(folder, keys, database.name)
  const meshSeed = await loadSeed(path.join(keys, MESH_IDENTITY), mayMake)
  const signingSeed = await loadSeed(path.join(keys, SIGNING), mayMake)
  return { meshSeed, mesh: signingKeyFromSeed(meshSeed).peer, signing: signingKeyFromSeed(signingSeed) }
}

export type KeySeeds = { readonly signing: Uint8Array; readonly meshIdentity: Uint8Array }

/** The secret bytes of both keys; null where neither is there. Throws a sentence where one is missing or damaged. */
export async function readKeySeeds(folder: string): Promise<KeySeeds | null> {
  const keys = path.join(folder, 'keys')
  const meshIdentity = await readSeed(path.join(keys, MESH_IDENTITY))
  if (meshIdentity === null && (await readSeed(path.join(keys, SIGNING))) === null) return null
  return {
    meshIdentity: await loadSeed(path.join(keys, MESH_IDENTITY), false),
    signing: await loadSeed(path.join(keys, SIGNING), false),
  }
}

/** Puts keys from a backup where there are none; the caller sees to the database that belongs to them. */
export async function placeKeySeeds(folder: string, { signing, meshIdentity }: KeySeeds): Promise<void> {
  const keys = path.join(folder, 'keys')
  await mkdir(keys, { recursive: true, mode: 0o700 })
  await makeSeed(path.join(keys, MESH_IDENTITY), meshIdentity)
  await makeSeed(path.join(keys, SIGNING), signing)
  await syncFolder(folder)
}

/** Whether the keys were made and no database belongs to them yet. */
export async function isNewFolder(folder: string): Promise<boolean> {
  return (await names(path.join(folder, 'keys'))).includes(NEW)
}

/** The database belongs to the keys now: from here on neither is made anew. */
export async function endNew(folder: string): Promise<void> {
  const keys = path.join(folder, 'keys')
  if (!(await isNewFolder(folder))) return
  await rm(path.join(keys, NEW), { force: true })
  await syncFolder(keys)
}

async function beginNew(folder: string, keys: string, database: string): Promise<void> {
  const there = await names(keys)
  const found = [
    ...[SIGNING, MESH_IDENTITY].filter((name) => there.includes(name)).map((name) => path.join(keys, name)),
    ...(await names(path.join(folder, 'store'))).slice(0, 1).map(() => path.join(folder, 'store')),
  ]
  if (found.length > 0 && !there.includes(NEW)) throw new Error(databaseLost(database, found))
  if (there.includes(NEW)) return
  await mkdir(keys, { recursive: true, mode: 0o700 })
  await (await open(path.join(keys, NEW), 'a', 0o600)).close()
  await syncFolder(keys)
  await syncFolder(folder)
}

function databaseLost(database: string, found: readonly string[]): string {
  const how = !path.isAbsolute(database) || existsSync(database) ? 'empty' : 'missing'
  return (
    `The database ${database} is ${how}, and ${found.join(' and ')} are of a Service Center that had one: ` +
    'without it every appliance, person and install is forgotten. Restore the database and the folder "keys" from the same backup ' +
    '(operator\'s guide, "Backing up and restoring"), or move them all away to begin as a new Service Center.'
  )
}

async function names(folder: string): Promise<string[]> {
  return (await ifThere(readdir(folder))) ?? []
}

async function loadSeed(file: string, mayMake: boolean): Promise<Uint8Array> {
  const known = await readSeed(file)
  if (known !== null) return known
  if (!mayMake) {
    throw new Error(`The key ${file} is missing, and every appliance trusts it. Restore it from a backup.`)
  }
  await makeSeed(file, randomBytes(SEED_BYTES))
  // Not what was made here: another process may have been first.
  const made = await readSeed(file)
  if (made === null) throw new Error(`The key ${file} was made and is gone again. Look who else uses this folder.`)
  return made
}

async function readSeed(file: string): Promise<Uint8Array | null> {
  let seed: Uint8Array
  try {
    seed = await readFile(file)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw new Error(`The key ${file} cannot be read. Give it to the user who runs the controller.`, { cause: error })
  }
  if (seed.byteLength === SEED_BYTES) return seed
  throw new Error(`The key ${file} has ${seed.byteLength} bytes instead of ${SEED_BYTES}. Restore it from a backup.`)
}

async function makeSeed(file: string, seed: Uint8Array): Promise<void> {
  const beside = `${file}.${randomUUID()}.part`
  const handle = await open(beside, 'wx', 0o600)
  try {
    try {
      await handle.writeFile(seed)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Unlike a rename, a link never replaces a key that is there.
    await link(beside, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(beside)
  }
  await syncFolder(path.dirname(file))
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
