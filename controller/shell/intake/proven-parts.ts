/**
 * An upload's file as the disk gives it, compared with what was received: part by part, each with the digest that it was
 * found or said to have while it arrived. So the SHA-256 that a manifest states of its payload, which has to be worked out
 * anyway, is worked out here, and no byte is read once more for it.
 */
import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { END_MARKER_BYTES, type FilePart } from '../../../protocol/bundle/bundle.ts'
import { payloadMismatch } from '../../../protocol/bundle/payload-digests.ts'
import { sha256Hex } from '../../../protocol/hashing.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Refusal } from '../../../protocol/refusals.ts'
import type { Verdict } from './inspection.ts'

const READ_BYTES = 256 * 1024
const END_MARKER: FilePart = { bytes: END_MARKER_BYTES, sha256: sha256Hex(new Uint8Array(END_MARKER_BYTES)) }

/**
 * The digests of consecutive parts, from the beginning on; where the file ends before them they are of what is there. It
 * waits for the disk, so it is for a thread that does nothing else.
 */
export function digestsFromDisk(descriptor: number, parts: readonly FilePart[]): Sha256[] {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const digests: Sha256[] = []
  let at = 0
  for (const { bytes } of parts) {
    const hash = createHash('sha256')
    for (const end = at + bytes; at < end; ) {
      const bytesRead = readSync(descriptor, buffer, 0, Math.min(READ_BYTES, end - at), at)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    digests.push(hash.digest('hex') as Sha256)
  }
  return digests
}

/**
 * Null where the file is what was received. A refusal where its manifest states another SHA-256 of the payload; an error
 * where the disk gives back something else. `digestsOf` reads the file, synced by now, and is asked again only in doubt.
 */
export async function judgeFromDisk(
  verdict: Verdict,
  digestsOf: (parts: readonly FilePart[]) => Promise<readonly Sha256[]>,
): Promise<Refusal | null> {
  const { hashed, leading, manifest } = verdict
  const parts =
    leading === null ? [hashed] : [leading, { ...manifest.payload, bytes: manifest.payload.size }, END_MARKER]
  const found = await digestsOf(parts.map(({ bytes, sha256 }) => ({ bytes, sha256 })))
  const wrong = parts.findIndex(({ sha256 }, at) => found[at] !== sha256)
  if (wrong < 0) return null
  const [whole] = leading === null ? found : await digestsOf([{ bytes: hashed.bytes, sha256: hashed.sha256 }])
  if (leading !== null && whole === hashed.sha256)
    return payloadMismatch(manifest.payload, leading.bytes, 'sha256', found[1] as Sha256)
  throw new Error(`the disk gives back other bytes than were written: ${whole} instead of ${hashed.sha256}`)
}
