/**
 * Removes a folder with all that is in it, however deep: programs of patches write into their working folder, and a tree
 * whose paths are longer than the system takes is refused by Node's `rm`. Such a one is taken apart level by level: each
 * folder is moved to the top before it is looked into, so no path grows. Never through a link; what is not there is gone.
 */
import { mkdir, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG')) throw error
    await takeApart(path)
  }
}

async function takeApart(path: string): Promise<void> {
  const flat = `${path}.flat`
  await mkdir(flat, { recursive: true, mode: 0o700 })
  const waiting = [path, ...(await readdir(flat)).map((name) => join(flat, name))]
  let moved = waiting.length
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const here = join(folder, entry.name)
      if (!entry.isDirectory()) {
        await unlink(here)
        continue
      }
      const above = join(flat, String(moved++))
      await rename(here, above)
      waiting.push(above)
    }
    await rmdir(folder)
  }
  await rmdir(flat)
}
