/**
 * Unpacks the payload of a patch bundle into a folder, with the reader that the Service Center checked it with. Every
 * file is made new and never through a link, so nothing outside the folder is touched whatever the folder holds. The
 * files count only once this has returned: a bundle is proven by its last byte, and a refusal may leave some behind in
 * `folder`, which is the caller's to clear.
 */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readBundle } from '../../../protocol/bundle/bundle.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'

const MAKE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** `folder` must exist and be empty. Throws a `RefusedError` on whatever the Service Center would refuse. */
export async function unpackPayload(chunks: AsyncIterable<Uint8Array>, folder: string): Promise<Manifest> {
  let manifest: Manifest | null = null
  let file: FileHandle | null = null
  try {
    for await (const part of readBundle(chunks, ['sha256'])) {
      if (part.part === 'head') manifest = part.manifest
      else if (part.part === 'folder') await mkdir(join(folder, part.path), { recursive: true, mode: 0o755 })
      else if (part.part === 'content') await writeAll(file, part.bytes)
      else {
        await file?.close()
        file = null
        file = await makeFile(join(folder, part.path), part.executable)
      }
    }
  } finally {
    await file?.close()
  }
  if (manifest === null) throw new RefusedError(refuse('empty_file', 'The file has 0 bytes; a patch was expected.'))
  return manifest
}

async function makeFile(path: string, executable: boolean): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  const file = await open(path, MAKE_NEW, 0o600)
  await file.chmod(executable ? 0o755 : 0o644)
  return file
}

async function writeAll(file: FileHandle | null, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const written = await file?.write(bytes, at)
    at += written?.bytesWritten ?? bytes.byteLength
  }
}
