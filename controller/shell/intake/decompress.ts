/**
 * Unpacks a member of a Debian package as a stream, as far as dpkg reads it, which has to be to its end: of xz, lzma,
 * bzip2 and Zstandard data dpkg unpacks the first stream only, of gzip data all members. A fault inside, something that
 * would be left out, or more output than is accepted are refusals.
 */
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'
import { ANY_RATIO_UP_TO_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES } from './package-limits.ts'
import { onPurpose } from './refused-on-purpose.ts'
import { unpackBzip2 } from './unpacking/bzip2.ts'
import { unpackGzip } from './unpacking/gzip.ts'
import { unpackLzma, unpackXz } from './unpacking/lzma.ts'
import { unpackZstandard } from './unpacking/zstandard.ts'

export type Compression = 'none' | 'gz' | 'xz' | 'zst' | 'bz2' | 'lzma'

/** A packed member: its name for sentences, its bytes, and how many they are. */
export type Compressed = {
  readonly name: string
  readonly compression: Compression
  readonly bytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Gives what it unpacks, and leaves the reader behind the last byte that dpkg would read. */
type Unpacking = (packed: ByteReader, name: string) => AsyncIterable<Uint8Array>

const UNPACKINGS: Readonly<Record<Compression, Unpacking>> = {
  none: (packed) => packed.rest(),
  gz: unpackGzip,
  xz: unpackXz,
  zst: unpackZstandard,
  bz2: unpackBzip2,
  lzma: unpackLzma,
}

/** How far a member may be unpacked: a little to any ratio, and much only of much. */
export type UnpackingLimits = {
  readonly anyRatioUpToBytes: number
  readonly maxRatio: number
  readonly maxUnpackedBytes: number
}

const LIMITS: UnpackingLimits = {
  anyRatioUpToBytes: ANY_RATIO_UP_TO_BYTES,
  maxRatio: MAX_RATIO,
  maxUnpackedBytes: MAX_UNPACKED_BYTES,
}

export async function* decompress(
  { name, compression, bytes, chunks }: Compressed,
  { anyRatioUpToBytes, maxRatio, maxUnpackedBytes } = LIMITS,
): AsyncGenerator<Uint8Array> {
  const limit = Math.min(maxUnpackedBytes, Math.max(anyRatioUpToBytes, maxRatio * bytes))
  const packed = new ByteReader(chunks)
  let unpacked = 0
  try {
    for await (const chunk of UNPACKINGS[compression](packed, name)) {
      unpacked += chunk.byteLength
      if (unpacked > limit) {
        const most = `the ${limit} that are accepted`
        throw new RefusedError(refuse('too_large', `${name} has ${bytes} bytes and unpacks to more than ${most}.`))
      }
      yield chunk
    }
    await requireEnd(packed, name)
  } finally {
    await packed.close()
  }
}

/** Zeros are padding. */
async function requireEnd(packed: ByteReader, name: string): Promise<void> {
  const end = packed.position
  for (let bytes = await packed.atMost(Infinity); bytes !== null; bytes = await packed.atMost(Infinity)) {
    if (bytes.every((byte) => byte === 0)) continue
    throw onPurpose('second_stream', `${name} goes on behind its packed data, which ends at its byte ${end}`)
  }
}
