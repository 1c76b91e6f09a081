/**
 * Reads a small file that may be absent: absence is an answer, and everything else that keeps it from being read is an
 * `Error`.
 */
import { readFile } from 'node:fs/promises'

export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
