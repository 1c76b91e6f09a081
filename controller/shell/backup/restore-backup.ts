/**
 * Restores the database of a data folder from a backup. All of it is unpacked and proven in a folder of its own first, so a backup that is
 * damaged, or of other keys than the folder has, changes nothing. What was there is never overwritten: it is moved aside, where that was
 * asked for. The database takes its place last; a folder in which it is missing is one that no controller starts on, and the same
 * restore goes on from there.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { lockDataFolder } from '../../../agent/shell/data-folder-lock.ts'
import { syncFolder } from '../../../agent/shell/durable-file.ts'
import { databaseExists, databaseFile } from '../database/embedded-file.ts'
import { notedDatabase } from '../database/noted-database.ts'
import { readKeySeeds } from '../keys.ts'
import { type BackupContents, BackupError, copyName, DATABASE_NAME } from './backup-contents.ts'
import { giveToOwner } from './give-to-owner.ts'
import { moveDatabaseAside } from './move-aside.ts'
import { type Proof, proveDatabase } from './prove-backup.ts'
import { readBackup } from './read-backup.ts'
import { areSame, peersOf } from './sealed-keys.ts'

const UNPACKED = '.restore-unfinished'

export type RestoreOptions = {
  readonly folder: string
  readonly file: string
  /** Whether the database of the folder is moved aside. */
  readonly replaces: boolean
  readonly nowMs: number
  progress(bytes: number): void
}

export type Restored = Proof & {
  /** Where what was there is now; null when nothing was. */
  readonly aside: string | null
}

/** Throws a sentence; then nothing in the folder is another than before, or the restore can be run again. */
export async function restoreBackup({ folder, file, replaces, nowMs, progress }: RestoreOptions): Promise<Restored> {
  const seeds = await readKeySeeds(folder)
  if (seeds === null) throw new BackupError(`${folder} has no keys: put them there first with patchmesh keys place`)
  const url = await notedDatabase(folder)
  if (url !== null) throw new BackupError(`the database of ${folder} is ${url}: restore that with pg_restore`)
  lockDataFolder(folder)
  if (!replaces && databaseExists(folder))
    throw new BackupError(`${folder} has a database: add --replace to move it aside`)
  const unpacked = path.join(folder, UNPACKED)
  await rm(unpacked, { recursive: true, force: true })
  try {
    await mkdir(path.join(unpacked, 'store'), { recursive: true, mode: 0o700 })
    const placeOf = (name: string, contents: BackupContents): string | null => {
      if (!areSame(peersOf(seeds), contents))
        throw new BackupError(
          `${file} is of a Service Center with other keys (${contents.signing}): take a backup of this one`,
        )
      return existsSync(path.join(folder, name)) && name !== DATABASE_NAME ? null : path.join(unpacked, name)
    }
    const proof = await proveDatabase(unpacked, await readBackup(file, { placeOf, progress }))
    const aside = await moveDatabaseAside(folder, nowMs)
    await putInPlace(folder, unpacked, proof.contents)
    return { ...proof, aside }
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

async function putInPlace(folder: string, unpacked: string, contents: BackupContents): Promise<void> {
  const store = path.join(folder, 'store')
  await mkdir(store, { recursive: true, mode: 0o700 })
  for (const { sha256 } of contents.copies) {
    const from = path.join(unpacked, copyName(sha256))
    if (existsSync(from)) await rename(from, path.join(folder, copyName(sha256)))
  }
  await syncFolder(store)
  await rename(path.join(unpacked, DATABASE_NAME), databaseFile(folder))
  await syncFolder(folder)
  for (const name of [DATABASE_NAME, 'store', 'lock']) await giveToOwner(path.join(folder, name))
}
