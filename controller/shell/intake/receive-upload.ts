/**
 * Takes in one upload that comes in one piece: streams it to a temporary file while another thread checks and hashes
 * what has arrived, and ends either with a file that is a patch, whole and durable, or with a refusal or an error and
 * nothing left behind. Naming, publishing and the move into the store are for the caller, who owns the file from then on.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_PATCH_BYTES } from '../../../protocol/limits.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import type { Actor } from '../../core/effects.ts'
import { freeBytes, GrowingUpload, inBlocks, isFullDisk, noSpace, type Place, type Received } from './growing-upload.ts'
import { pacedBody, type Timer, tooLarge } from './paced-body.ts'

export type Upload = {
  readonly timer?: Timer
  readonly body: AsyncIterable<Uint8Array>
  /** What its sender calls it; only a word for errors, the content decides. */
  readonly filename: string
  /** The folder for unfinished work; on the file system of the store. */
  readonly folder: string
  /** The Content-Length, where there is one. */
  readonly expectedBytes?: number | undefined
  /** Called with how many bytes are written so far. */
  readonly progress?: ((bytes: number) => void) | undefined
}

/** Of one person; each takes two threads and their memory. */
export const MOST_AT_ONCE = 8

/** As `receiveUpload`, and of one person only so many at once. */
export function boundedReceiving(): (owner: Actor, upload: Upload) => Promise<Received | Refusal> {
  const underWay = new Map<Actor, number>()
  const count = (owner: Actor, change: number) => {
    const now = (underWay.get(owner) ?? 0) + change
    if (now === 0) underWay.delete(owner)
    else underWay.set(owner, now)
  }
  return async (owner, upload) => {
    if ((underWay.get(owner) ?? 0) >= MOST_AT_ONCE)
      return refuse('upload_quota', `${owner} has ${MOST_AT_ONCE} uploads under way`)
    count(owner, 1)
    try {
      return await receiveUpload(upload)
    } finally {
      count(owner, -1)
    }
  }
}

/** Rejects only for a failure of this side, such as a broken disk; whatever the sender does wrong is a refusal. */
export async function receiveUpload(upload: Upload): Promise<Received | Refusal> {
  const place: Place = {
    path: join(upload.folder, `upload-${randomUUID()}`),
    expectedBytes: upload.expectedBytes ?? null,
  }
  let kept = false
  let growing: GrowingUpload | null = null
  try {
    await requireRoom(place)
    growing = await GrowingUpload.create(place)
    const received = await receiveInto(growing, upload, place)
    kept = !isRefusal(received)
    return received
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    if (isFullDisk(error)) return await noSpace(place)
    throw new Error(`receiving the upload ${quoted(upload.filename)} failed`, { cause: error })
  } finally {
    await growing?.close()
    if (growing !== null && !kept) await rm(place.path, { force: true })
  }
}

async function receiveInto(
  growing: GrowingUpload,
  { body, progress, timer }: Upload,
  { expectedBytes }: Place,
): Promise<Received | Refusal> {
  const arriving = pacedBody({ chunks: body, expectedBytes }, timer)
  for await (const block of inBlocks(arriving, { keepRest: false })) {
    const refusal = await growing.append(block)
    if (refusal !== null) return refusal
    progress?.(growing.bytes)
  }
  return growing.finish()
}

/** What can be known before the first byte is read. */
export async function requireRoom(place: Place): Promise<void> {
  const { expectedBytes } = place
  if (expectedBytes === null) return
  if (expectedBytes > MAX_PATCH_BYTES) throw tooLarge(String(expectedBytes))
  if ((await freeBytes(place)) < expectedBytes) throw new RefusedError(await noSpace(place))
}
