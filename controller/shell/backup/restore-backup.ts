/**
 * Restores a data folder from a backup. All of it is unpacked and proven in a folder of its own first, so a backup that is
 * damaged, or of other keys, changes nothing. What was there is never overwritten: it is moved aside, where that was asked
 * for. The database takes its place last; a folder in which it is missing is one that no controller starts on, and the same
 * restore goes on from there.
 */
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { lockDataFolder } from '../../../agent/shell/data-folder-lock.ts'
import { syncFolder } from '../../../agent/shell/durable-file.ts'
import { ifThere } from '../../../agent/shell/if-there.ts'
import { type KeySeeds, placeKeySeeds, readKeySeeds } from '../keys.ts'
import { databaseExists, databaseFile } from '../repository.ts'
import { type BackupContents, BackupError, copyName, DATABASE_NAME } from './backup-contents.ts'
import { type Proof, proveDatabase } from './prove-backup.ts'
import { readBackup } from './read-backup.ts'
import { peersOf } from './sealed-keys.ts'

const UNPACKED = '.restore-unfinished'
const KEYS = 'keys'

export type RestoreOptions = {
  readonly folder: string
  readonly file: string
  /** Those of the backup; null where the folder has them still. */
  readonly seeds: KeySeeds | null
  /** Whether what is in the folder is moved aside. */
  readonly replaces: boolean
  readonly nowMs: number
  progress(bytes: number): void
}

export type Restored = Proof & {
  /** Where what was there is now; null when nothing was. */
  readonly aside: string | null
}

/** Throws a sentence; then nothing in the folder is another than before, or the restore can be run again. */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { folder, file, nowMs } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  lockDataFolder(folder)
  const kept = await readKeySeeds(folder)
  const seeds = options.seeds ?? kept
  if (seeds === null)
    throw new BackupError(`${folder} has no keys: name the file of patchmesh backup --keys-out with --keys`)
  const isOther = kept !== null && !areSame(peersOf(kept), peersOf(seeds))
  if (!options.replaces) refuseToReplace(folder, isOther)
  const unpacked = path.join(folder, UNPACKED)
  await rm(unpacked, { recursive: true, force: true })
  try {
    const proof = await unpackInto(unpacked, seeds, options)
    const aside = await moveAside(folder, isOther, nowMs)
    await putInPlace(folder, unpacked, seeds, proof.contents)
    await giveToOwner(folder)
    return { ...proof, aside }
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }

  async function unpackInto(place: string, keys: KeySeeds, { progress }: RestoreOptions): Promise<Proof> {
    await mkdir(path.join(place, 'store'), { recursive: true, mode: 0o700 })
    const placeOf = (name: string, contents: BackupContents): string | null => {
      refuseOtherKeys(file, keys, contents)
      return existsSync(path.join(folder, name)) && name !== DATABASE_NAME ? null : path.join(place, name)
    }
    return proveDatabase(place, await readBackup(file, { placeOf, progress }))
  }
}

function refuseToReplace(folder: string, isOther: boolean): void {
  const found = [...(databaseExists(folder) ? ['a database'] : []), ...(isOther ? ['other keys'] : [])]
  if (found.length === 0) return
  throw new BackupError(`${folder} has ${found.join(' and ')}: add --replace to move aside what is there`)
}

function refuseOtherKeys(file: string, seeds: KeySeeds, { signing, mesh }: BackupContents): void {
  if (areSame(peersOf(seeds), { signing, mesh })) return
  throw new BackupError(`${file} is of a Service Center with other keys (${signing}): name the keys of that one`)
}

type Peers = ReturnType<typeof peersOf>

function areSame(some: Peers, others: Peers): boolean {
  return some.signing === others.signing && some.mesh === others.mesh
}

async function moveAside(folder: string, isOther: boolean, nowMs: number): Promise<string | null> {
  const names = await readdir(folder)
  const moved = names.filter((name) => name.startsWith(DATABASE_NAME) || (isOther && name === KEYS))
  if (moved.length === 0) return null
  const aside = path.join(folder, `replaced-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`)
  await mkdir(aside, { mode: 0o700 })
  for (const name of moved) await rename(path.join(folder, name), path.join(aside, name))
  await syncFolder(aside)
  await syncFolder(folder)
  return aside
}

async function putInPlace(folder: string, unpacked: string, seeds: KeySeeds, contents: BackupContents): Promise<void> {
  await mkdir(path.join(folder, 'store'), { recursive: true, mode: 0o700 })
  for (const { sha256 } of contents.copies) {
    const from = path.join(unpacked, copyName(sha256))
    if (existsSync(from)) await rename(from, path.join(folder, copyName(sha256)))
  }
  await syncFolder(path.join(folder, 'store'))
  await placeKeySeeds(folder, seeds)
  const database = databaseFile(folder)
  await chmod(path.join(unpacked, DATABASE_NAME), 0o600)
  await rename(path.join(unpacked, DATABASE_NAME), database)
  await syncFolder(folder)
}

/** Where root restores for the user of an installed controller, its files are that user's, as the folder is. */
async function giveToOwner(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(folder)
  const names = ['lock', DATABASE_NAME, KEYS, 'store']
  for (const name of names) {
    const place = path.join(folder, name)
    const inside = (await ifThere(readdir(place).catch(asNoFolder))) ?? []
    for (const file of ['', ...inside]) await ifThere(chown(path.join(place, file), uid, gid))
  }
}

function asNoFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOTDIR') return []
  throw error
}
