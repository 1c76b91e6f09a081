/**
 * The patch bundle, `NAME-VERSION.patch`: an uncompressed ustar archive in one strict order,
 *
 *     manifest.json  signatures.json  payload/…  payload/…  two zero blocks
 *
 * and nothing after it. This is its only reader: the Service Center checks an upload with it and an appliance unpacks
 * with it, so what one accepts the other cannot understand differently. It reads a stream, holds one chunk, and refuses
 * as early as it can. Every bit is covered: a header by its checksum and its plain form, manifest.json and
 * signatures.json by the SHA-256 in the link name of their headers (a field that plain files do not use), everything
 * from the first payload header to the end marker by `manifest.payload`, and the end marker by being zero. The payload's
 * two digests each cover all of it; a caller that has one of them from elsewhere says which it wants worked out.
 */
import { createHash, type Hash } from 'node:crypto'
import { ByteReader } from '../byte-reader.ts'
import { asSha256, equalBytes, sha256Hex } from '../hashing.ts'
import type { Sha256 } from '../identifiers.ts'
import { MAX_MANIFEST_BYTES } from '../limits.ts'
import { quoted } from '../quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../refusals.ts'
import type { Signed } from '../trust/publishers.ts'
import { declaredPrograms, readManifest, readSignatures } from './bundle-manifest.ts'
import { describeFile, HEAD_BYTES } from './file-kinds.ts'
import type { Manifest } from './manifest.ts'
import { BOTH_DIGESTS, type PayloadDigest, PayloadDigests } from './payload-digests.ts'
import { PayloadTree } from './payload-tree.ts'
import {
  isZeroBlock,
  looksLikeTar,
  PLAIN_FILE,
  readTarHeader,
  TAR_BLOCK_BYTES,
  type TarHeader,
  tarPadding,
  writeTarHeader,
} from './tar.ts'

export const MANIFEST_NAME = 'manifest.json'
export const SIGNATURES_NAME = 'signatures.json'
/** Room for `MAX_SIGNATURES` and their spacing. */
export const MAX_SIGNATURES_BYTES = 16 * 1024
export const END_MARKER_BYTES = 2 * TAR_BLOCK_BYTES

/** So many bytes of a file, and their digest. */
export type FilePart = { readonly bytes: number; readonly sha256: Sha256 }

export type BundleHead = {
  readonly manifest: Manifest
  readonly signed: Signed
  /** All that stands before the payload. */
  readonly leading: FilePart
}

/** What a bundle is made of, in order. Only after the last part is everything before it proven. */
export type BundlePart =
  | ({ readonly part: 'head' } & BundleHead)
  /** `path` is below payload/. */
  | { readonly part: 'folder'; readonly path: string }
  | { readonly part: 'file'; readonly path: string; readonly executable: boolean; readonly size: number }
  /** Some bytes of the file that came last. */
  | { readonly part: 'content'; readonly bytes: Uint8Array }

/** Whether a file with these first bytes means to be a bundle; at least as many as there are, up to `HEAD_BYTES`. */
export function looksLikeBundle(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, MANIFEST_NAME.length)).toString('latin1')
  return start === MANIFEST_NAME || (head.byteLength < MANIFEST_NAME.length && MANIFEST_NAME.startsWith(start))
}

/** The whole check of a bundle; stops the stream at the first fault. */
export async function inspectBundle(chunks: AsyncIterable<Uint8Array>): Promise<BundleHead | Refusal> {
  let head: BundleHead | null = null
  try {
    for await (const part of readBundle(chunks)) if (part.part === 'head') head = headOf(part)
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
  return head ?? refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
}

export function headOf({ manifest, signed, leading }: BundleHead): BundleHead {
  return { manifest, signed, leading }
}

/** The parts of a bundle, its payload proven by `digests`. Throws a `RefusedError` where the file is not one. */
export async function* readBundle(
  chunks: AsyncIterable<Uint8Array>,
  digests: readonly PayloadDigest[] = BOTH_DIGESTS,
): AsyncGenerator<BundlePart> {
  const reader = new ByteReader(chunks)
  try {
    const head = await readHead(reader)
    yield { part: 'head', ...head }
    yield* readPayload(reader, head.manifest, digests)
    if (!(await reader.atEnd())) {
      throw refusal('trailing_bytes', `The patch ends at byte ${reader.position}, and more bytes follow.`)
    }
  } finally {
    await reader.close()
  }
}

/** What stands before the payload, where the reader is afterwards. Throws a `RefusedError`. */
export async function readHead(reader: ByteReader): Promise<BundleHead> {
  await recognise(reader)
  // A copy: the bytes of a chunk are its owner's, who may use them again.
  const hash = createHash('sha256')
  const bytes = new Uint8Array(await readDescription(reader, hash, MANIFEST_NAME, MAX_MANIFEST_BYTES))
  const manifest = orThrow(readManifest(bytes))
  const signatures = orThrow(readSignatures(await readDescription(reader, hash, SIGNATURES_NAME, MAX_SIGNATURES_BYTES)))
  const leading = { bytes: reader.position, sha256: asSha256(hash.digest()) }
  return { manifest, signed: { manifest: bytes, signatures }, leading }
}

async function recognise(reader: ByteReader): Promise<void> {
  const head = await reader.peek(HEAD_BYTES)
  if (head.byteLength === 0) throw refusal('empty_file', 'The file has 0 bytes; a patch was expected.')
  // the second: a bundle whose first name was damaged, which its checksum tells
  if (looksLikeBundle(head) || (looksLikeTar(head) && isRefusal(readTarHeader(head, 0)))) return
  throw refusal('not_a_patch', `The file is ${describeFile(head)}; a patch bundle begins with ${MANIFEST_NAME}.`)
}

/** manifest.json or signatures.json, whole; `hash` takes what it stands in too. */
async function readDescription(reader: ByteReader, hash: Hash, name: string, limitBytes: number): Promise<Uint8Array> {
  const at = reader.position
  const block = await reader.exactly(TAR_BLOCK_BYTES, `the header of ${name}`)
  hash.update(block)
  const header = orThrow(readTarHeader(block, at))
  if (header.name !== name) {
    throw refusal('malformed', `The entry at byte ${at} is ${quoted(header.name)}; ${name} must stand there.`)
  }
  if (header.type !== PLAIN_FILE) throw refusal('unsafe_entry', `${name} is not a plain file in the archive.`)
  if (header.size > limitBytes) {
    throw refusal('too_large', `${name} has ${header.size} bytes; at most ${limitBytes} are accepted.`)
  }
  requirePlainForm(block, header, at)
  const bytes = await reader.exactly(header.size, name)
  if (header.linkName !== sha256Hex(bytes)) {
    throw refusal('digest_mismatch', `${name} has SHA-256 ${sha256Hex(bytes)}, and its header says otherwise.`)
  }
  hash.update(bytes)
  const padding = await reader.exactly(tarPadding(header.size), `the padding after ${name}`)
  requireZero(padding, reader, name)
  hash.update(padding)
  return bytes
}

async function* readPayload(
  reader: ByteReader,
  manifest: Manifest,
  digests: readonly PayloadDigest[],
): AsyncGenerator<BundlePart> {
  const { payload } = manifest
  const begin = reader.position
  const tree = new PayloadTree()
  const hasher = new PayloadDigests(payload, digests)
  while (true) {
    const at = reader.position
    const block = await reader.exactly(TAR_BLOCK_BYTES, 'the payload')
    if (isZeroBlock(block)) break
    const header = orThrow(readTarHeader(block, at))
    const entry = orThrow(tree.add(header, at))
    requirePlainForm(block, header, at)
    const end = at - begin + TAR_BLOCK_BYTES + header.size + tarPadding(header.size)
    if (end > payload.size) {
      const goal = `payload/${entry.path} ends at byte ${end} of the payload`
      throw refusal('size_mismatch', `${goal}, and manifest.json says the payload has ${payload.size} bytes.`)
    }
    hasher.update(block)
    yield entry
    for await (const bytes of reader.span(header.size, `payload/${entry.path}`)) {
      hasher.update(bytes)
      yield { part: 'content', bytes }
    }
    const padding = await reader.exactly(tarPadding(header.size), `the padding after payload/${entry.path}`)
    requireZero(padding, reader, `payload/${entry.path}`)
    hasher.update(padding)
  }
  const size = reader.position - TAR_BLOCK_BYTES - begin
  requireZero(await reader.exactly(TAR_BLOCK_BYTES, 'the end marker'), reader, 'the first block of the end marker')
  if (size !== payload.size) {
    throw refusal('size_mismatch', `The payload has ${size} bytes, and manifest.json says it has ${payload.size}.`)
  }
  const fault = hasher.fault(begin) ?? tree.missing(declaredPrograms(manifest), manifest.install.package)
  if (fault !== null) throw new RefusedError(fault)
}

/** One content has one form: equal to what our own writer would have written. */
function requirePlainForm(block: Uint8Array, header: TarHeader, at: number): void {
  const plain = writeTarHeader(header)
  if (plain === null || !equalBytes(block, plain)) {
    const rule = 'owner, group and time must be zero, and every other field in its plain form'
    throw refusal('malformed', `The header of ${quoted(header.name)} at byte ${at} is not plain: ${rule}.`)
  }
}

function requireZero(bytes: Uint8Array, reader: ByteReader, before: string): void {
  if (bytes.every((byte) => byte === 0)) return
  const from = reader.position - bytes.byteLength
  throw refusal('digest_mismatch', `Bytes ${from} to ${reader.position}, after ${before}, must be zero and are not.`)
}

function orThrow<Value>(value: Value | Refusal): Value {
  if (isRefusal(value)) throw new RefusedError(value)
  return value
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
