/**
 * The file of one upload while it grows: blocks are written to it, and another thread checks and hashes what is there.
 * A wrong file is refused as soon as that is known. The file stays when this is closed; whose it is decides the caller.
 * It is open once, here: a thread that is ended closes nothing of its own, and a file that stays open takes its room on the
 * disk for as long as the process lives.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HEAD_BYTES } from '../../../protocol/bundle/file-kinds.ts'
import type { Manifest, PatchFormat } from '../../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { RESERVED_DISK_BYTES } from '../../../protocol/limits.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Signed } from '../../../protocol/trust/publishers.ts'
import { recogniseFormat } from './inspect-patch.ts'
import { Inspection } from './inspection.ts'

const MAKE_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const GO_ON = constants.O_RDWR | constants.O_NOFOLLOW
/** One write; a body's own chunks are small, and each write costs a turn of the event loop. */
const WRITE_BYTES = 1024 * 1024

export type Received = {
  /** The temporary file, durable and proven from disk, which now belongs to the caller. */
  readonly path: string
  readonly sha256: Sha256
  readonly bytes: number
  readonly pieceLength: number
  /** The leaves laid end to end. */
  readonly hashes: Uint8Array
  readonly format: PatchFormat
  readonly manifest: Manifest
  /** Null for a package. */
  readonly signed: Signed | null
}

/** `expectedBytes` is null where nobody said how long the file will be. */
export type Place = { readonly path: string; readonly expectedBytes: number | null }

export class GrowingUpload {
  /** Written so far. */
  bytes: number
  readonly #place: Place
  readonly #file: FileHandle
  #inspection: Inspection | null = null

  private constructor(place: Place, file: FileHandle, bytes: number) {
    this.#place = place
    this.#file = file
    this.bytes = bytes
  }

  static async create(place: Place): Promise<GrowingUpload> {
    return new GrowingUpload(place, await open(place.path, MAKE_NEW, 0o600), 0)
  }

  /** Goes on with a file of which so many bytes are there; they are checked again, beside what comes. */
  static async reopen(place: Place, bytes: number): Promise<GrowingUpload> {
    return new GrowingUpload(place, await open(place.path, GO_ON), bytes)
  }

  /** A refusal as soon as the file is known to be wrong, or null. */
  async append(block: Uint8Array): Promise<Refusal | null> {
    if (this.bytes === 0 && block.byteLength >= HEAD_BYTES) {
      const format = recogniseFormat(block.subarray(0, HEAD_BYTES))
      if (isRefusal(format)) return format
    }
    if ((await freeBytes(this.#place)) < block.byteLength) return noSpace(this.#place)
    for (let at = 0; at < block.byteLength; )
      at += (await this.#file.write(block, at, block.byteLength - at, this.bytes + at)).bytesWritten
    this.bytes += block.byteLength
    return this.#inspect(false).refused
  }

  /** When the last byte is written: the file is synced, and what the disk gives back compared with what came. */
  async finish(): Promise<Received | Refusal> {
    if (this.bytes === 0) return refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
    const inspection = this.#inspect(true)
    const [verdict] = await Promise.all([inspection.verdict(), this.#file.sync()])
    if (isRefusal(verdict)) return verdict
    const refusal = await inspection.prove(verdict)
    if (refusal !== null) return refusal
    const { hashed, format, manifest, signed } = verdict
    const { path } = this.#place
    const { sha256, hashes } = hashed
    const pieceLength = pieceLengthBytes(this.bytes)
    return { path, sha256, bytes: this.bytes, pieceLength, hashes, format, manifest, signed }
  }

  /** What is written stays through a power cut from here on. */
  sync(): Promise<void> {
    return this.#file.datasync()
  }

  /** After the threads, which read by the descriptor. */
  async close(): Promise<void> {
    await this.#inspection?.end()
    await this.#file.close()
  }

  #inspect(complete: boolean): Inspection {
    this.#inspection ??= new Inspection({ ...this.#place, descriptor: this.#file.fd })
    this.#inspection.report({ bytes: this.bytes, complete })
    return this.#inspection
  }
}

/**
 * Chunks joined to blocks of `WRITE_BYTES`; the first comes as soon as it tells what the file is. All are laid in the
 * same memory, so a block is gone when the next is asked for. Where the chunks end in an error, what came before it is
 * given first if `keepRest`.
 */
export async function* inBlocks(
  chunks: AsyncIterable<Uint8Array>,
  { keepRest }: { keepRest: boolean },
): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(WRITE_BYTES)
  let filled = 0
  let wanted = HEAD_BYTES
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        const part = chunk.subarray(at, at + WRITE_BYTES - filled)
        block.set(part, filled)
        filled += part.byteLength
        at += part.byteLength
        if (filled < wanted) continue
        const whole = block.subarray(0, filled)
        filled = 0
        wanted = WRITE_BYTES
        yield whole
      }
    }
  } catch (error) {
    if (keepRest && filled > 0) yield block.subarray(0, filled)
    throw error
  }
  if (filled > 0) yield block.subarray(0, filled)
}

export async function noSpace(place: Place): Promise<Refusal> {
  const needed = place.expectedBytes === null ? 'more than that' : `${place.expectedBytes} bytes`
  return refuse(
    'no_space',
    `The disk of the Service Center has ${await freeBytes(place)} bytes free for patches; the upload needs ${needed}.`,
  )
}

/** What uploads may still take. */
export async function freeBytes({ path }: Place): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path))
  return Math.max(0, bavail * bsize - RESERVED_DISK_BYTES)
}

export function isFullDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
