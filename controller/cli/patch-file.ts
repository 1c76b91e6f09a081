/**
 * A patch file of this machine, read in chunks to be sent. Exactly as many bytes come out as were announced: a file
 * that changes meanwhile ends the reading with a sentence.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { LocalFileError } from './exchange.ts'

const CHUNK_BYTES = 1024 * 1024

export type PatchFile = {
  readonly bytes: number
  /** When it changed last, in whole wall milliseconds. */
  readonly modifiedAt: number
  /** From the byte `from` on; `sent` hears after each chunk how many bytes of the file have been taken. */
  chunks(sent: (bytes: number) => void, from?: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

export async function openPatchFile(name: string): Promise<PatchFile> {
  let handle: FileHandle
  try {
    handle = await open(name, 'r')
  } catch (error) {
    throw new LocalFileError(`${name} cannot be read (${reason(error)}): check the path`, { cause: error })
  }
  const found = await handle.stat()
  if (!found.isFile()) {
    await handle.close()
    throw new LocalFileError(`${name} is not a file: name the patch file itself`)
  }
  const bytes = found.size
  return {
    bytes,
    modifiedAt: Math.floor(found.mtimeMs),
    chunks: (sent, from = 0) => readChunks({ name, handle, bytes, from }, sent),
    close: () => handle.close(),
  }
}

type Reading = { name: string; handle: FileHandle; bytes: number; from: number }

async function* readChunks(
  { name, handle, bytes, from }: Reading,
  sent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let position = from; position < bytes; ) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, bytes - position))
    let bytesRead: number
    try {
      ;({ bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position))
    } catch (error) {
      throw new LocalFileError(`${name} cannot be read (${reason(error)}): check its disk`, { cause: error })
    }
    if (bytesRead === 0) {
      throw new LocalFileError(`${name} became shorter while it was read: upload it again when it is complete`)
    }
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
    sent(position)
  }
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
