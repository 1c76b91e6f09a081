/**
 * Gives a file a second name: a hard link, which costs nothing and holds the bytes when the first name goes, or a copy
 * where the two places are on different file systems or the system has no links.
 */
import { copyFile, link } from 'node:fs/promises'

export async function linkOrCopy(from: string | Buffer, to: string | Buffer): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EXDEV' || error.code === 'EPERM'))) throw error
    await copyFile(from, to)
  }
}
