/**
 * Takes in one upload: streams it to a temporary file while another thread checks and hashes what has arrived, and ends
 * either with a file that is a patch, whole and durable, or with a refusal or an error and nothing left behind. Naming,
 * publishing and the move into the store are for the caller, who owns the file from then on.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesPassed } from '../../../agent/shell/network/young-garbage.ts'
import { HEAD_BYTES } from '../../../protocol/file-kinds.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES, RESERVED_DISK_BYTES } from '../../../protocol/limits.ts'
import type { Manifest, PatchFormat } from '../../../protocol/manifest.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { recogniseFormat } from './inspect-patch.ts'
import { Inspection } from './inspection.ts'
import { pacedBody, realTimer, type Timer, tooLarge } from './paced-body.ts'

const MAKE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
/** One write; a body's own chunks are small, and each write costs a turn of the event loop. */
const WRITE_BYTES = 1024 * 1024
const MINIMUM_BYTES_PER_SECOND = 1000
const WINDOW_SECONDS = 30

export type Upload = {
  readonly body: AsyncIterable<Uint8Array>
  /** What its sender calls it; only a word for errors, the content decides. */
  readonly filename: string
  /** The folder for unfinished work; on the file system of the store. */
  readonly folder: string
  /** The Content-Length, where there is one. */
  readonly expectedBytes?: number | undefined
  /** Called with how many bytes are written so far. */
  readonly progress?: ((bytes: number) => void) | undefined
  readonly minimumBytesPerSecond?: number
  readonly windowSeconds?: number
  readonly timer?: Timer
}

export type Received = {
  /** The temporary file, durable, which now belongs to the caller. */
  readonly path: string
  readonly sha256: Sha256
  readonly bytes: number
  readonly pieceLength: number
  /** The leaves laid end to end. */
  readonly hashes: Uint8Array
  readonly format: PatchFormat
  readonly manifest: Manifest
}

/** Rejects only for a failure of this side, such as a broken disk; whatever the sender does wrong is a refusal. */
export async function receiveUpload(upload: Upload): Promise<Received | Refusal> {
  const path = join(upload.folder, `upload-${randomUUID()}`)
  let kept = false
  let file: FileHandle | null = null
  try {
    await requireRoom(upload)
    file = await open(path, MAKE_NEW, 0o600)
    const received = await receiveInto(file, path, upload)
    kept = !isRefusal(received)
    return received
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    if (isFullDisk(error)) return await noSpace(upload)
    throw new Error(`receiving the upload ${quoted(upload.filename)} failed`, { cause: error })
  } finally {
    await file?.close()
    if (file !== null && !kept) await rm(path, { force: true })
  }
}

async function receiveInto(file: FileHandle, path: string, upload: Upload): Promise<Received | Refusal> {
  const expectedBytes = upload.expectedBytes ?? null
  const body = pacedBody(
    { chunks: upload.body, expectedBytes },
    {
      minimumBytesPerSecond: upload.minimumBytesPerSecond ?? MINIMUM_BYTES_PER_SECOND,
      windowSeconds: upload.windowSeconds ?? WINDOW_SECONDS,
      timer: upload.timer ?? realTimer,
    },
  )
  let inspection: Inspection | null = null
  let bytes = 0
  try {
    for await (const block of inBlocks(body)) {
      if (inspection === null) {
        const format = recogniseFormat(block.subarray(0, HEAD_BYTES))
        if (isRefusal(format)) return format
        inspection = new Inspection({ path, expectedBytes })
      }
      if ((await freeBytes(upload.folder)) < block.byteLength) return await noSpace(upload)
      await writeAll(file, block)
      bytes += block.byteLength
      upload.progress?.(bytes)
      inspection.report({ bytes, complete: false })
      if (inspection.refused !== null) return inspection.refused
    }
    if (inspection === null) return refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
    inspection.report({ bytes, complete: true })
    const [verdict] = await Promise.all([inspection.verdict, file.sync()])
    if (isRefusal(verdict)) return verdict
    const { format, manifest, hashed } = verdict
    const { sha256, hashes } = hashed
    return { path, sha256, bytes, pieceLength: pieceLengthBytes(bytes), hashes, format, manifest }
  } finally {
    await inspection?.end()
  }
}

/**
 * Chunks joined to blocks of `WRITE_BYTES`; the first comes as soon as it tells what the file is. All are laid in the
 * same memory, so a block is gone when the next is asked for.
 */
async function* inBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(WRITE_BYTES)
  let filled = 0
  let wanted = HEAD_BYTES
  for await (const chunk of chunks) {
    bytesPassed(chunk.byteLength)
    for (let at = 0; at < chunk.byteLength; ) {
      const part = chunk.subarray(at, at + WRITE_BYTES - filled)
      block.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled < wanted) continue
      yield block.subarray(0, filled)
      filled = 0
      wanted = WRITE_BYTES
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten
}

/** What can be known before the first byte is read. */
async function requireRoom(upload: Upload): Promise<void> {
  const { expectedBytes } = upload
  if (expectedBytes === undefined) return
  if (expectedBytes > MAX_PATCH_BYTES) throw tooLarge(String(expectedBytes))
  if ((await freeBytes(upload.folder)) < expectedBytes) throw new RefusedError(await noSpace(upload))
}

async function noSpace(upload: Upload): Promise<Refusal> {
  const needed = upload.expectedBytes === undefined ? 'more than that' : `${upload.expectedBytes} bytes`
  const free = await freeBytes(upload.folder)
  return refuse(
    'no_space',
    `The disk of the Service Center has ${free} bytes free for patches; the upload needs ${needed}.`,
  )
}

/** What uploads may still take. */
async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.max(0, bavail * bsize - RESERVED_DISK_BYTES)
}

function isFullDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
