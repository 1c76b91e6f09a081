/** What is read of a file that is open, in whole. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Sha256 } from '../../protocol/identifiers.ts'

const READ_BYTES = 1024 * 1024

/** Fills `into` from `offset` on; false where the file ends before. */
export async function readFully(handle: FileHandle, into: Uint8Array, offset: number): Promise<boolean> {
  for (let read = 0; read < into.byteLength; ) {
    const { bytesRead } = await handle.read(into, read, into.byteLength - read, offset + read)
    if (bytesRead === 0) return false
    read += bytesRead
  }
  return true
}

/** The SHA-256 of the whole file, as the disk gives it. */
export async function digestOf(handle: FileHandle): Promise<Sha256> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  for (let offset = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, offset)
    if (bytesRead === 0) return hash.digest('hex') as Sha256
    hash.update(buffer.subarray(0, bytesRead))
    offset += bytesRead
  }
}
