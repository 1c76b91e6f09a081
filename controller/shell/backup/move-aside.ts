/**
 * Moves the embedded database of a data folder aside, whole, into a folder beside it that nobody removes but people.
 */
import { mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder } from '../../../agent/shell/durable-file.ts'
import { DATABASE_NAME } from './backup-contents.ts'
import { giveToOwner } from './give-to-owner.ts'

/** Where it is now; null where there was none. */
export async function moveDatabaseAside(folder: string, nowMs: number): Promise<string | null> {
  const moved = (await readdir(folder)).filter((name) => name.startsWith(DATABASE_NAME))
  if (moved.length === 0) return null
  const aside = path.join(folder, `replaced-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`)
  await mkdir(aside, { mode: 0o700 })
  for (const name of moved) await rename(path.join(folder, name), path.join(aside, name))
  await syncFolder(aside)
  await syncFolder(folder)
  await giveToOwner(aside)
  return aside
}
