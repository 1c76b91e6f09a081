/**
 * What the way back needs beside what the package itself needs. A dpkg that is killed while it unpacks has the old
 * version's files in their places and the new one's beside them, and unpacking the old version again lays its files
 * beside once more. So what both versions have counts as the larger of the two, and what the new one alone has on top. In
 * the scratch folder lie copies: of the earlier version's package file, of configuration files, and of the patch itself,
 * which is proven anew. Where no package file of the earlier version is to be had, nothing is kept free for it.
 */
import { stat } from 'node:fs/promises'
import { earlierPackageBytes } from '../earlier-package.ts'
import type { BytePath } from '../package-contents.ts'
import { isThere, lastWorkingVersion } from '../package-state.ts'
import type { Situation } from './situation.ts'

/** A file of the old version that is there. */
export type OldFile = { readonly path: BytePath; readonly bytes: number }

/** The files that the way back would unpack, none where it would unpack nothing, and what copies take in the scratch folder. */
export async function wayBackOf(situation: Situation): Promise<{ files: OldFile[]; copiedBytes: number }> {
  const earlierBytes = await bytesOfEarlier(situation)
  const copiedBytes = configurationBytes(situation) + (earlierBytes ?? 0) + (await stat(situation.packageFile)).size
  return { files: earlierBytes === null ? [] : oldFiles(situation), copiedBytes }
}

function oldFiles({ below, ownFiles }: Situation): OldFile[] {
  return [...ownFiles].flatMap((path) => {
    const lies = below.lies(path)
    if (lies === null || lies.isDirectory()) return []
    return [{ path, bytes: lies.isFile() ? lies.size : 0 }]
  })
}

function configurationBytes({ conffiles, recorded, below }: Situation): number {
  const kept = new Set([...conffiles.map(({ path }) => path), ...recorded.keys()])
  return [...kept].reduce((sum, path) => {
    const lies = below.lies(path)
    return sum + (lies?.isFile() === true ? lies.size : 0)
  }, 0)
}

async function bytesOfEarlier({ task, state }: Situation): Promise<number | null> {
  if (!isThere(state)) return null
  const { name, architecture } = state
  return earlierPackageBytes(task, { name, version: lastWorkingVersion(state) ?? state.version, architecture })
}
