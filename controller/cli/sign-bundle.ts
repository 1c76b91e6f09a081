/**
 * Adds a publisher's signature to a patch bundle. The manifest and the payload stay byte for byte as they are, and so do
 * the signatures of others; the signed file appears under its name only when it is complete.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { type BundleHead, readHead } from '../../protocol/bundle/bundle.ts'
import { ByteReader } from '../../protocol/byte-reader.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import { MAX_SIGNATURES } from '../../protocol/limits.ts'
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { signManifest } from '../../protocol/trust/publishers.ts'
import { inspectWholeBundle } from '../shell/intake/inspect-bundle.ts'
import { LocalFileError } from './exchange.ts'
import type { PublisherSigningKey } from './release-key.ts'
import { bundleHead } from './write-bundle.ts'

/** The head of a bundle that is whole and right; throws a `RefusedError` for any other file. */
export async function checkedHead(file: string): Promise<BundleHead> {
  const head = await inspectWholeBundle(createReadStream(file))
  if (isRefusal(head)) throw new RefusedError(head)
  return head
}

/** `head` is what was checked, and shown to whoever signs. */
export async function signBundle(options: {
  readonly file: string
  readonly head: BundleHead
  readonly key: PublisherSigningKey
  readonly out: string
}): Promise<void> {
  const { file, head, key, out } = options
  const { manifest } = head.signed
  const own = signManifest(manifest, key)
  const signatures = [...head.signed.signatures.filter(({ keyid }) => keyid !== own.keyid), own]
  if (signatures.length > MAX_SIGNATURES)
    throw new RefusedError(refuse('too_many', `${file} has ${MAX_SIGNATURES} signatures already`))
  const beside = `${out}.${randomUUID()}.part`
  const written = await open(beside, 'wx', 0o644)
  const reader = new ByteReader(createReadStream(file))
  try {
    const again = await readHead(reader)
    if (!equalBytes(again.signed.manifest, manifest))
      throw new LocalFileError(`${file} has changed since it was read: look at it again`)
    await written.appendFile(bundleHead(manifest, signatures))
    for await (const bytes of reader.rest()) await written.appendFile(bytes)
    await written.close()
    await rename(beside, out)
  } catch (error) {
    await written.close()
    await rm(beside, { force: true })
    throw error
  } finally {
    await reader.close()
  }
}
