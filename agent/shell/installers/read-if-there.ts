/**
 * Reads a small text file that may be absent.
 */
import { readFile } from 'node:fs/promises'
import { ifThere } from '../if-there.ts'

export function readIfThere(path: string, encoding: BufferEncoding = 'utf8'): Promise<string | null> {
  return ifThere(readFile(path, encoding))
}
