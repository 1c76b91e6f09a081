/**
 * "Is this the correct file type?" for an uploaded file: its first bytes choose the format, whatever it is called, and
 * the format's own check reads the rest. The same first bytes tell a wrong file before any more of it is accepted.
 */
import { type BundleHead, looksLikeBundle } from '../../../protocol/bundle/bundle.ts'
import { describeFile, HEAD_BYTES } from '../../../protocol/bundle/file-kinds.ts'
import type { PatchFormat } from '../../../protocol/bundle/manifest.ts'
import { looksLikeTar, readTarHeader } from '../../../protocol/bundle/tar.ts'
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { ManifestDraft } from './debian/package-manifest.ts'
import { inspectDebianPackage, looksLikeDebianPackage, looksLikeOldDebianPackage } from './debian-package.ts'
import { inspectWholeBundle } from './inspect-bundle.ts'
import { refuseOnPurpose } from './refused-on-purpose.ts'

/** A package's manifest still lacks the payload, which is the whole file. */
export type Inspected =
  | ({ readonly format: 'bundle' } & BundleHead)
  | { readonly format: 'deb'; readonly draft: ManifestDraft }

/** By the first `HEAD_BYTES` of a file, or all of it where it is shorter. */
export function recogniseFormat(head: Uint8Array): PatchFormat | Refusal {
  if (head.byteLength === 0) return refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
  if (looksLikeDebianPackage(head)) return 'deb'
  // the second: a bundle whose first name was damaged, which its checksum tells
  if (looksLikeBundle(head) || (looksLikeTar(head) && isRefusal(readTarHeader(head, 0)))) return 'bundle'
  if (looksLikeOldDebianPackage(head)) {
    return refuseOnPurpose('old_format', 'The file is a Debian package in the format before 2.0')
  }
  return refuse(
    'not_a_patch',
    `The file is ${describeFile(head)}; a patch bundle (.patch) or a Debian package (.deb) is accepted.`,
  )
}

/** Of a bundle's two digests the pieces root is judged here; the other is when the file is proven from disk. */
export async function inspectPatch(chunks: AsyncIterable<Uint8Array>): Promise<Inspected | Refusal> {
  const reader = new ByteReader(chunks)
  const format = recogniseFormat(await reader.peek(HEAD_BYTES))
  if (isRefusal(format)) {
    await reader.close()
    return format
  }
  if (format === 'bundle') {
    const head = await inspectWholeBundle(reader.rest(), ['piecesRoot'])
    return isRefusal(head) ? head : { format, ...head }
  }
  const draft = await inspectDebianPackage(reader.rest())
  return isRefusal(draft) ? draft : { format, draft }
}
