/**
 * Zstandard data as dpkg reads it: one frame (RFC 8878, "Zstandard Frames"), and not what follows. The decoder would
 * go on with another frame; so the frame's blocks are followed here to find its end, and the decoder gets no more.
 */
import { createZstdDecompress } from 'node:zlib'
import type { ByteReader } from '../../../../protocol/byte-reader.ts'
import { onPurpose } from '../refused-on-purpose.ts'
import { cut, damaged, otherData, unsupported } from './faults.ts'
import { CHUNK_BYTES, codeOf, inWords, through } from './node-decoder.ts'

const MAGIC = 0xfd2fb528
/** The lowest four bits are free. */
const SKIPPABLE = 0x184d2a50
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const CHECKSUM_BYTES = 4
const RUN_LENGTH = 1

export function unpackZstandard(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress({ chunkSize: CHUNK_BYTES })
  return through(decoder, oneFrame(packed, name), (fault) => explain(fault, name))
}

async function* oneFrame(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const take = async (length: number): Promise<Buffer> => {
    const bytes = await packed.peek(length)
    if (bytes.byteLength < length) throw cut(name)
    return Buffer.from(Uint8Array.from(await packed.exactly(length, name)))
  }
  const head = await take(5)
  const magic = head.readUInt32LE()
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
    throw onPurpose('second_stream', `${name} begins with a frame that is to be skipped`)
  }
  if (magic !== MAGIC) throw otherData(name, 'Zstandard data', head.subarray(0, 4))
  yield head
  const descriptor = head[4] as number
  const singleSegment = (descriptor & 0x20) !== 0
  const contentSize = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3]
  const dictionaryId = DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]
  const header = (singleSegment ? Math.max(1, contentSize) : 1 + contentSize) + dictionaryId
  yield await take(header)
  for (let last = false; !last; ) {
    const block = await take(3)
    yield block
    const word = block.readUIntLE(0, 3)
    last = (word & 1) === 1
    yield await take(((word >> 1) & 3) === RUN_LENGTH ? 1 : word >> 3)
  }
  if ((descriptor & 4) !== 0) yield await take(CHECKSUM_BYTES)
}

function explain(fault: unknown, name: string): Error {
  if (codeOf(fault) === 'ZSTD_error_frameParameter_windowTooLarge') {
    return unsupported(name, 'needs a window over 128 MiB, which dpkg does not unpack either')
  }
  return damaged(name, inWords(fault))
}
