/**
 * Puts the keys of a Service Center into a data folder that has none, and nothing else: the database comes from a backup, or is one
 * that other nodes use too.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type KeySeeds, placeKeySeeds, readKeySeeds } from '../keys.ts'
import { BackupError } from './backup-contents.ts'
import { giveToOwner } from './give-to-owner.ts'
import { areSame, peersOf } from './sealed-keys.ts'

/** Throws a BackupError for a folder with other keys; those that are there already are left as they are. */
export async function placeKeys(folder: string, seeds: KeySeeds): Promise<void> {
  const kept = await readKeySeeds(folder)
  if (kept !== null && !areSame(peersOf(kept), peersOf(seeds)))
    throw new BackupError(
      `${folder} has the keys of another Service Center (${peersOf(kept).signing}): name another folder with --data`,
    )
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await placeKeySeeds(folder, seeds)
  await giveToOwner(path.join(folder, 'keys'))
}
