/**
 * A folder as the payload of a bundle: its plain files, and its folders where they are empty, in one order whatever the
 * file system has. A program is what its owner may run. Whatever else lies in it is a mistake and not left out silently.
 */
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PayloadPath } from '../../protocol/bundle/manifest.ts'
import { LocalFileError } from './exchange.ts'
import type { BundleContent } from './write-bundle.ts'

const OWNER_MAY_RUN = 0o100

export type PayloadFolder = {
  readonly contents: readonly BundleContent[]
  readonly bytes: number
  /** When the newest of its files was changed. */
  readonly changedMs: number
}

export async function readPayloadFolder(folder: string): Promise<PayloadFolder> {
  const contents: BundleContent[] = []
  let [bytes, changedMs] = [0, 0]
  const walk = async (below: string): Promise<void> => {
    const names = (await listed(join(folder, below))).toSorted()
    if (names.length === 0 && below !== '') contents.push({ path: `${below}/`, content: new Uint8Array() })
    for (const name of names) {
      const path = below === '' ? name : `${below}/${name}`
      const place = join(folder, path)
      if (!PayloadPath.safeParse(path).success) {
        throw new LocalFileError(`${place} has a name that a patch cannot have: use letters, digits and + . _ -`)
      }
      const { size, mode, mtimeMs, ...kind } = await looked(place)
      if (kind.isFolder) await walk(path)
      else if (!kind.isFile) throw new LocalFileError(`${place} is no plain file and no folder: take it out`)
      else {
        contents.push({
          path,
          executable: (mode & OWNER_MAY_RUN) !== 0,
          content: { size, chunks: () => createReadStream(place) },
        })
        bytes += size
        changedMs = Math.max(changedMs, Math.floor(mtimeMs))
      }
    }
  }
  await walk('')
  if (contents.length === 0) throw new LocalFileError(`${folder} is empty: a patch has at least one file`)
  return { contents, bytes, changedMs }
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    throw unreadable(folder, error)
  }
}

async function looked(place: string) {
  try {
    const found = await lstat(place)
    const { size, mode, mtimeMs } = found
    return { size, mode, mtimeMs, isFile: found.isFile(), isFolder: found.isDirectory() }
  } catch (error) {
    throw unreadable(place, error)
  }
}

function unreadable(place: string, error: unknown): LocalFileError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new LocalFileError(`${place} cannot be read (${code}): check the path`, { cause: error })
}
