/**
 * Sends one file so that a cut costs nothing: goes on where an earlier upload of the same file stands, and by itself
 * whenever the Service Center can be reached again. Ctrl-C leaves what has arrived there for 24 hours.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { UnfinishedUpload } from '../api/schemas.ts'
import type { PatchSummary } from '../core/patch-views.ts'
import { ServerRefusal, UnreachableError } from './exchange.ts'
import { openPatchFile, type PatchFile } from './patch-file.ts'
import type { ServiceCenterClient } from './service-center-client.ts'

const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 30_000
/** Refusals that say only where to go on. */
const PASSING = new Set(['upload_stopped', 'wrong_offset'])

export type UploadProgress = { sent(bytes: number, total: number): void; waits(seconds: number): void }

export async function uploadResumably(
  client: ServiceCenterClient,
  name: string,
  progress: UploadProgress,
): Promise<PatchSummary> {
  const file = await openPatchFile(name)
  try {
    const filename = path.basename(name)
    let id: string | null = null
    for (let delay = 0; ; ) {
      try {
        id ??= (await earlier(client, file, filename)) ?? (await client.beginUpload({ ...file, filename })).id
        const patch = await goOn(client, id, file, (sent) => {
          delay = 0
          progress.sent(sent, file.bytes)
        })
        if (patch !== null) return await client.patch(patch)
      } catch (error) {
        if (!mayPass(error)) throw error
        delay = Math.min(MAX_DELAY_MS, delay === 0 ? FIRST_DELAY_MS : 2 * delay)
        progress.waits(delay / 1000)
        await pause(delay)
      }
    }
  } finally {
    await file.close()
  }
}

/** Sends what is missing; the patch's id when the upload is whole. */
async function goOn(
  client: ServiceCenterClient,
  id: string,
  file: PatchFile,
  sent: (bytes: number) => void,
): Promise<string | null> {
  const { offset, patch } = await client.unfinishedUpload(id)
  if (patch !== null) return patch
  await client.continueUpload(id, { bytes: file.bytes - offset, chunks: () => file.chunks(sent, offset) }, offset)
  return (await client.unfinishedUpload(id)).patch
}

/** An upload of this file that was interrupted, if what arrived of it is what the file has there. */
async function earlier(client: ServiceCenterClient, file: PatchFile, filename: string): Promise<string | null> {
  for (const { id, ...upload } of await client.unfinishedUploads()) {
    if (upload.filename !== filename || upload.bytes !== file.bytes || upload.lastModified !== file.modifiedAt) continue
    const { offset, tail } = await client.unfinishedUpload(id)
    if (tail !== null && (await isThere(file, offset, tail))) return id
  }
  return null
}

async function isThere(file: PatchFile, offset: number, tail: NonNullable<UnfinishedUpload['tail']>): Promise<boolean> {
  const hash = createHash('sha256')
  let left = tail.bytes
  for await (const chunk of file.chunks(() => undefined, offset - tail.bytes)) {
    const part = chunk.subarray(0, left)
    hash.update(part)
    left -= part.byteLength
    if (left === 0) break
  }
  return hash.digest('hex') === tail.sha256
}

function mayPass(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ServerRefusal && PASSING.has(error.code))
}
