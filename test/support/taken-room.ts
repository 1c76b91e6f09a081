/**
 * What of a patch still takes room below a data folder: its files there, whatever folder they are in, and those whose
 * names are gone while their daemon has them open. Beside them databases and their logs grow, and on a disk that is not the
 * test's own so does everything else, so bytes that are free say less.
 */
import { readdir, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'

export async function takenRoom(folder: string, patch: string, pid: number): Promise<string[]> {
  const files = await readdir(folder, { recursive: true })
  const open = await openFiles(pid)
  if (!open.some((path) => path.startsWith(folder))) throw new Error(`process ${pid} has nothing open in ${folder}`)
  const nameless = open.filter((path) => path.startsWith(folder) && path.endsWith(' (deleted)'))
  return [...files, ...nameless.map((path) => relative(folder, path))].filter((path) => path.includes(patch))
}

/** What a process has open, by the names that it had; ` (deleted)` stands behind a name that is gone. */
export async function openFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const paths: string[] = []
  for (const number of await readdir(folder)) {
    try {
      paths.push(await readlink(join(folder, number)))
    } catch (error) {
      // It was closed since the list was read.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return paths
}
