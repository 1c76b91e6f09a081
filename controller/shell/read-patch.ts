/**
 * The file of a published patch, for whoever carries it to a site. What is set apart, or has not its length, is not given
 * out; a byte that has become wrong inside is found by whoever compares the pieces.
 */
import { constants, type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { causes } from '../../agent/shell/causes.ts'
import { isBug } from '../../protocol/assert.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { title } from '../core/patch-identity.ts'
import { livePatch } from '../core/publishing.ts'
import type { ServiceCenterState } from '../core/state.ts'

export async function readPatch(
  { state, path }: { state: ServiceCenterState; path: string },
  patch: Sha256,
  from: number,
): Promise<{ stream: Readable; bytes: number } | Refusal> {
  const record = livePatch(state, patch)
  if (isRefusal(record)) return record
  const { bytes } = record.publication
  if (from > bytes) return refuse('bad_request', `${title(record)} has ${bytes} bytes, and byte ${from} was asked for`)
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (isBug(error)) throw error
    return refuse('no_copy', `the copy of ${title(record)} at the Service Center cannot be read: ${causes(error)}`)
  }
  const { size } = await handle.stat()
  if (size === bytes) return { stream: handle.createReadStream({ start: from }), bytes: bytes - from }
  await handle.close()
  return refuse('no_copy', `the copy of ${title(record)} at the Service Center has ${size} bytes instead of ${bytes}`)
}
