/**
 * Whether a stored copy is what a publisher signed, by the list that this appliance was given: so whoever has the
 * Service Center and its keys cannot have anything else installed here. What is unpacked later is hashed again, and is
 * proven by the manifest that is judged here; and the publication, by which it is installed, must say the same.
 */
import { createReadStream } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { isBug } from '../../protocol/assert.ts'
import { type BundleHead, readHead } from '../../protocol/bundle/bundle.ts'
import { ByteReader } from '../../protocol/byte-reader.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { judgeSignatures, type Publisher } from '../../protocol/trust/publishers.ts'
import { causes } from './causes.ts'
import type { InstallTask } from './installers/installer.ts'

export async function judgeCopy(
  { publication, file }: Pick<InstallTask, 'publication' | 'file'>,
  publishers: readonly Publisher[],
  nowMs: number,
): Promise<Refusal | null> {
  const { name, version, format, manifest } = publication
  const head = format === 'bundle' ? await headOf(file) : null
  if (isRefusal(head)) return head
  const judged = judgeSignatures({ name, signed: head?.signed ?? null }, publishers, nowMs)
  if (isRefusal(judged)) return judged
  const isSame = isDeepStrictEqual([head?.manifest, name, version], [manifest, manifest.name, manifest.version])
  if (judged === null || isSame) return null
  return refuse('untrusted_signature', `the publication of ${name} ${version} is not what ${judged.publisher} signed`)
}

async function headOf(file: string): Promise<BundleHead | Refusal> {
  const reader = new ByteReader(createReadStream(file))
  try {
    return await readHead(reader)
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    if (isBug(error)) throw error
    return refuse('not_replicated', `the stored copy cannot be read: ${causes(error)}`)
  } finally {
    await reader.close()
  }
}
