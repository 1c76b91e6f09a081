/**
 * Writes a patch bundle to a file: equal contents give equal bytes. The payload is written and hashed in one pass; the
 * manifest, which must come first and holds the payload's hashes, has the same length whatever they are, so its place
 * is left free and filled at the end. The file appears under its name only when it is complete; it is not synced, since
 * whatever a power failure did to it is found when it is uploaded.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { assert } from '../../protocol/assert.ts'
import { END_MARKER_BYTES, MANIFEST_NAME, SIGNATURES_NAME } from '../../protocol/bundle/bundle.ts'
import type { BundleSignature } from '../../protocol/bundle/bundle-manifest.ts'
import type { Manifest } from '../../protocol/bundle/manifest.ts'
import { FOLDER, PLAIN_FILE, TAR_BLOCK_BYTES, tarPadding, writeTarHeader } from '../../protocol/bundle/tar.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { type Hashed, PieceHasher } from '../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'

/** All of a manifest but what is found out while writing. */
export type ManifestDraft = Omit<Manifest, 'payload'>

/** A file of the payload; `path` is below payload/, and ends in a slash for an empty folder, which has no content. */
export type BundleContent = {
  readonly path: string
  readonly executable?: boolean
  readonly content:
    | Uint8Array
    | { readonly size: number; readonly chunks: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
}

export type BundlePlan = {
  readonly draft: ManifestDraft
  readonly contents: readonly BundleContent[]
  readonly signatures?: readonly BundleSignature[]
}

/** Nothing is checked against the rules of bundles here; reading it back with `inspectBundle` does that. */
export async function writeBundle(out: string, plan: BundlePlan): Promise<Manifest> {
  const beside = `${out}.${randomUUID()}.part`
  const file = await open(beside, 'wx', 0o644)
  try {
    const manifest = await writeInto(file, plan)
    await file.close()
    await rename(beside, out)
    return manifest
  } catch (error) {
    await file.close()
    await rm(beside, { force: true })
    throw error
  }
}

/** How many bytes the written file has. */
export function bundleBytes(plan: BundlePlan): number {
  return head(plan, unknownHashes(plan)).byteLength + payloadBytes(plan) + END_MARKER_BYTES
}

async function writeInto(file: FileHandle, plan: BundlePlan): Promise<Manifest> {
  const headBytes = head(plan, unknownHashes(plan)).byteLength
  const hasher = new PieceHasher(pieceLengthBytes(payloadBytes(plan)))
  let at = headBytes
  const append = async (bytes: Uint8Array) => {
    const writing = writeAt(file, bytes, at)
    at += bytes.byteLength
    // the disk takes these bytes while they are hashed
    hasher.update(bytes)
    await writing
  }
  for (const entry of plan.contents) {
    const size = sizeOf(entry)
    await append(headerOf(entry))
    const before = at
    for await (const bytes of chunksOf(entry)) await append(bytes)
    assert(at - before === size, `payload/${entry.path} was said to have ${size} bytes and has ${at - before}`)
    await append(new Uint8Array(tarPadding(size)))
  }
  const hashed = hasher.finish()
  await writeAt(file, new Uint8Array(END_MARKER_BYTES), at)
  await writeAt(file, head(plan, hashed), 0)
  return fullManifest(plan.draft, hashed)
}

function fullManifest(draft: ManifestDraft, payload: Hashed): Manifest {
  const { bytes, sha256, piecesRoot } = payload
  return { ...draft, payload: { size: bytes, sha256, pieceSize: pieceLengthBytes(bytes), piecesRoot } }
}

function unknownHashes(plan: BundlePlan): Hashed {
  const any = sha256Hex()
  return { bytes: payloadBytes(plan), sha256: any, hashes: new Uint8Array(0), piecesRoot: any }
}

function head(plan: BundlePlan, payload: Hashed): Uint8Array {
  return bundleHead(asJson(fullManifest(plan.draft, payload)), plan.signatures ?? [])
}

/** manifest.json and signatures.json with their headers: what stands before the payload. */
export function bundleHead(manifest: Uint8Array, signatures: readonly BundleSignature[]): Uint8Array {
  return Buffer.concat([...description(MANIFEST_NAME, manifest), ...description(SIGNATURES_NAME, asJson(signatures))])
}

function asJson(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}

function description(name: string, content: Uint8Array): Uint8Array[] {
  const size = content.byteLength
  const header = writeTarHeader({ name, mode: 0o644, size, type: PLAIN_FILE, linkName: sha256Hex(content) })
  assert(header !== null, `${name} fits in a header`)
  return [header, content, new Uint8Array(tarPadding(size))]
}

function headerOf(entry: BundleContent): Uint8Array {
  const folder = entry.path.endsWith('/')
  const mode = folder || entry.executable === true ? 0o755 : 0o644
  const name = `payload/${entry.path}`
  const type = folder ? FOLDER : PLAIN_FILE
  const header = writeTarHeader({ name, mode, size: sizeOf(entry), type, linkName: '' })
  assert(header !== null, `the path ${name} fits in a header`)
  return header
}

function payloadBytes(plan: BundlePlan): number {
  return plan.contents.reduce((sum, entry) => sum + TAR_BLOCK_BYTES + sizeOf(entry) + tarPadding(sizeOf(entry)), 0)
}

function sizeOf({ content }: BundleContent): number {
  return content instanceof Uint8Array ? content.byteLength : content.size
}

function chunksOf({ content }: BundleContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content.chunks()
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    at += (await file.write(bytes, at, bytes.byteLength - at, position + at)).bytesWritten
  }
}
