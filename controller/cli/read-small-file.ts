/**
 * A file that a person names and that is read whole: a list of keys, a key. A wrong path is a sentence, and a large file
 * a mistake.
 */
import { open } from 'node:fs/promises'
import { LocalFileError } from './exchange.ts'

export async function readSmallFile(name: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(name, 'r')
    try {
      const stat = await file.stat()
      // One byte more than it may have, or has: so that one that is longer is noticed.
      const buffer = new Uint8Array((stat.isFile() ? Math.min(stat.size, maxBytes) : maxBytes) + 1)
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, 0)
      if (bytesRead > maxBytes) throw new LocalFileError(`${name} is longer than ${maxBytes} bytes: check the path`)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof LocalFileError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new LocalFileError(`${name} cannot be read (${code}): check the path`, { cause: error })
  }
}
