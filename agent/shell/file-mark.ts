/**
 * By what a file or folder is known to be the same as before without being read: its place on the disk, its size, and
 * when it was written and replaced. Two equal marks mean that nobody has replaced it or written to it in between.
 */
import { stat } from 'node:fs/promises'

export type FileMark = {
  /** Equal for equal files. */
  readonly text: string
  /** When it was changed last, by the wall clock; 0 where it is not there. */
  readonly changedMs: number
}

export async function markOf(path: string): Promise<FileMark> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return { text: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedMs: Number(ctimeNs / 1_000_000n) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return { text: 'none', changedMs: 0 }
    throw error
  }
}
