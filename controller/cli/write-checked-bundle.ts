/**
 * Writes a bundle that the Service Center would take: what was written is read back and checked as an upload is, and
 * only then has the file its name.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Manifest } from '../../protocol/bundle/manifest.ts'
import { isRefusal, RefusedError } from '../../protocol/refusals.ts'
import { inspectWholeBundle } from '../shell/intake/inspect-bundle.ts'
import { LocalFileError } from './exchange.ts'
import { type BundlePlan, writeBundle } from './write-bundle.ts'

/** Throws a `RefusedError` that says what is wrong with it. */
export async function writeCheckedBundle(out: string, plan: BundlePlan): Promise<Manifest> {
  const unchecked = `${out}.${randomUUID()}.unchecked`
  try {
    await writeBundle(unchecked, plan)
    const head = await inspectWholeBundle(createReadStream(unchecked))
    if (isRefusal(head)) throw new RefusedError(head)
    await rename(unchecked, out)
    return head.manifest
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      throw new LocalFileError(`${out} cannot be made (${error.code}): check the paths and the room`, { cause: error })
    }
    throw error
  } finally {
    await rm(unchecked, { force: true })
  }
}
