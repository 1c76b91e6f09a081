/**
 * bzip2 data as dpkg reads it: one stream, and not what follows. The blocks of a stream have no lengths, so as much is
 * held as the longest block can need; each is unpacked and checked (bzip2-block.ts) before its bytes are given.
 */
import type { ByteReader } from '../../../../protocol/byte-reader.ts'
import { Bits, BlockFault, decodeBlock, EndOfBits, expandBlock } from './bzip2-block.ts'
import { cut, damaged, otherData } from './faults.ts'

const HEADER_BYTES = 4
const BLOCK_UNIT_BYTES = 100_000
const BLOCK_MAGIC = '314159265359'
const END_MAGIC = '177245385090'
/** 900,000 symbols of 20 bits, and three times what stands before them. */
const LONGEST_BLOCK_BYTES = 2_500_000

export async function* unpackBzip2(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const header = Buffer.from(Uint8Array.from(await packed.peek(HEADER_BYTES))).toString('latin1')
  const level = /^BZh([1-9])$/.exec(header)?.[1]
  if (level === undefined) {
    if (/^(B(Z(h)?)?)?$/.test(header)) throw cut(name)
    throw otherData(name, 'bzip2 data', Buffer.from(header, 'latin1'))
  }
  await packed.exactly(HEADER_BYTES, name)
  let streamCrc = 0
  /** Bits of the next byte that belong to the block before. */
  let usedBits = 0
  while (true) {
    const bits = new Bits(await packed.peek(LONGEST_BLOCK_BYTES), usedBits)
    const step = readStep(bits, Number(level) * BLOCK_UNIT_BYTES, name)
    if (step.end) {
      if (step.crc !== streamCrc) throw damaged(name, 'the checksum of the whole does not match')
      await packed.exactly(Math.ceil(bits.position / 8), name)
      return
    }
    yield* expandBlock(step.block, () => damaged(name, 'the checksum of a block does not match'))
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ step.block.crc) >>> 0
    await packed.exactly(Math.floor(bits.position / 8), name)
    usedBits = bits.position % 8
  }
}

type Step =
  | { readonly end: true; readonly crc: number }
  | { readonly end: false; readonly block: ReturnType<typeof decodeBlock> }

function readStep(bits: Bits, blockBytes: number, name: string): Step {
  try {
    const magic = [bits.read(24), bits.read(24)].map((half) => half.toString(16).padStart(6, '0')).join('')
    if (magic === END_MAGIC) return { end: true, crc: bits.read32() }
    if (magic !== BLOCK_MAGIC) throw new BlockFault('no block begins where one must')
    return { end: false, block: decodeBlock(bits, blockBytes) }
  } catch (fault) {
    if (fault instanceof EndOfBits)
      throw bits.bytes < LONGEST_BLOCK_BYTES ? cut(name) : damaged(name, 'a block has no end')
    if (fault instanceof BlockFault) throw damaged(name, fault.message)
    throw fault
  }
}
