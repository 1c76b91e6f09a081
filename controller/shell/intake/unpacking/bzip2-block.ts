/**
 * One block of bzip2 data: Huffman codes, move to front, run lengths, and the transform of Burrows and Wheeler undone.
 * Every index and length is compared with its bound before it is used: the work that a block makes is limited by its
 * size, whatever stands in it.
 */
import { extendCrc, finishCrc, START_OF_CRC } from './bzip2-crc.ts'

/** What is wrong with a block. */
export class BlockFault extends Error {}
/** The block goes on beyond the bytes that there are. */
export class EndOfBits extends Error {}

const SYMBOLS_IN_GROUP = 50
const MOST_CODE_BITS = 20
const OUTPUT_BYTES = 256 * 1024

/** Bits, the highest of each byte first. */
export class Bits {
  readonly #bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, skippedBits: number) {
    this.#bytes = bytes
    this.position = skippedBits
  }

  get bytes(): number {
    return this.#bytes.byteLength
  }

  /** At most 24 of them. */
  read(count: number): number {
    const from = this.position
    this.position += count
    if (this.position > this.#bytes.byteLength * 8) throw new EndOfBits('the block is cut')
    const at = from >>> 3
    const bytes = this.#bytes
    const word =
      ((bytes[at] as number) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    return count === 0 ? 0 : (word << (from & 7)) >>> (32 - count)
  }

  read32(): number {
    return ((this.read(16) << 16) | this.read(16)) >>> 0
  }
}

/** `next` has in its lower eight bits a byte, and above them where the byte after it is. */
export type Block = {
  readonly next: Uint32Array
  readonly length: number
  readonly first: number
  readonly crc: number
}

type Code = {
  readonly limits: Int32Array
  readonly bases: Int32Array
  readonly symbols: Uint16Array
  readonly least: number
}

export function decodeBlock(bits: Bits, blockBytes: number): Block {
  const crc = bits.read32()
  if (bits.read(1) === 1) throw new BlockFault('it is of a form that bzip2 has not written since 1997')
  const first = bits.read(24)
  const used = usedBytes(bits)
  const selectors = readSelectors(bits)
  const codes = Array.from({ length: selectors.codes }, () => readCode(bits, used.length + 2))
  const { next, length, counts } = readSymbols(bits, { used, selectors: selectors.order, codes, blockBytes })
  if (first >= length) throw new BlockFault('a block begins behind its end')
  let sum = 0
  const starts = counts.map((count) => (sum += count) - count)
  for (let at = 0; at < length; at++) {
    const byte = (next[at] as number) & 0xff
    const place = starts[byte] as number
    starts[byte] = place + 1
    next[place] = ((next[place] as number) | (at << 8)) >>> 0
  }
  return { next, length, first, crc }
}

/** The bytes that occur, in their order: sixteen bits say in which sixteenths, sixteen more for each of those which. */
function usedBytes(bits: Bits): number[] {
  const sixteenths = bits.read(16)
  const used: number[] = []
  for (let high = 0; high < 16; high++) {
    if ((sixteenths & (0x8000 >> high)) === 0) continue
    const lows = bits.read(16)
    for (let low = 0; low < 16; low++) if ((lows & (0x8000 >> low)) !== 0) used.push(high * 16 + low)
  }
  if (used.length === 0) throw new BlockFault('a block has no bytes')
  return used
}

/** Which code is used for each fifty symbols. */
function readSelectors(bits: Bits): { readonly codes: number; readonly order: Uint8Array } {
  const codes = bits.read(3)
  const count = bits.read(15)
  if (codes < 2 || codes > 6 || count === 0) throw new BlockFault('a block has no codes')
  const recent = Array.from({ length: codes }, (_, index) => index)
  const order = new Uint8Array(count)
  for (let at = 0; at < count; at++) {
    let place = 0
    while (bits.read(1) === 1) if (++place >= codes) throw new BlockFault('a block names a code that it has not')
    const [code] = recent.splice(place, 1) as [number]
    recent.unshift(code)
    order[at] = code
  }
  return { codes, order }
}

/** The length of each symbol's code, told as steps from the one before; the codes follow from the lengths. */
function readCode(bits: Bits, symbols: number): Code {
  const lengths = new Uint8Array(symbols)
  let length = bits.read(5)
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (true) {
      if (length < 1 || length > MOST_CODE_BITS) throw new BlockFault('a code is too long')
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  const limits = new Int32Array(MOST_CODE_BITS + 1).fill(-1)
  const bases = new Int32Array(MOST_CODE_BITS + 1)
  const ordered = new Uint16Array(symbols)
  let code = 0
  let place = 0
  let least = MOST_CODE_BITS
  for (let size = 1; size <= MOST_CODE_BITS; size++) {
    bases[size] = place - code
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (lengths[symbol] !== size) continue
      least = Math.min(least, size)
      ordered[place++] = symbol
      code++
    }
    limits[size] = code - 1
    code *= 2
  }
  return { limits, bases, symbols: ordered, least }
}

type Coding = {
  readonly used: readonly number[]
  readonly selectors: Uint8Array
  readonly codes: readonly Code[]
  readonly blockBytes: number
}

function readSymbols(bits: Bits, { used, selectors, codes, blockBytes }: Coding) {
  const next = new Uint32Array(blockBytes)
  const counts = Array.from({ length: 256 }, () => 0)
  const recent = Uint8Array.from(used)
  const endOfBlock = used.length + 1
  let length = 0
  let runLength = 0
  let runWeight = 1
  for (let group = 0; ; group++) {
    const code = codes[selectors[group] ?? -1]
    if (code === undefined) throw new BlockFault('a block has more symbols than codes for them')
    for (let index = 0; index < SYMBOLS_IN_GROUP; index++) {
      const symbol = readSymbol(bits, code)
      if (symbol <= 1) {
        // digits of a run's length, one or two times a weight that doubles
        runLength += runWeight << symbol
        runWeight *= 2
        if (length + runLength > blockBytes) throw new BlockFault('a block is longer than it may be')
        continue
      }
      if (runLength > 0) {
        const byte = recent[0] as number
        next.fill(byte, length, length + runLength)
        counts[byte] = (counts[byte] as number) + runLength
        length += runLength
        runLength = 0
        runWeight = 1
      }
      if (symbol === endOfBlock) return { next, length, counts }
      if (length >= blockBytes) throw new BlockFault('a block is longer than it may be')
      const byte = recent[symbol - 1] as number
      recent.copyWithin(1, 0, symbol - 1)
      recent[0] = byte
      next[length++] = byte
      counts[byte] = (counts[byte] as number) + 1
    }
  }
}

function readSymbol(bits: Bits, { limits, bases, symbols, least }: Code): number {
  let word = bits.read(least)
  for (let size = least; size <= MOST_CODE_BITS; size++) {
    if (word <= (limits[size] as number)) {
      const symbol = symbols[word + (bases[size] as number)]
      if (symbol === undefined) break
      return symbol
    }
    if (size < MOST_CODE_BITS) word = word * 2 + bits.read(1)
  }
  throw new BlockFault('a symbol has no code')
}

/** The bytes of a block: four alike are followed by how many more there are. */
export function* expandBlock({ next, length, first, crc }: Block, mismatch: () => Error): Generator<Uint8Array> {
  let output = new Uint8Array(OUTPUT_BYTES)
  let filled = 0
  let sum = START_OF_CRC
  let entry = next[first] as number
  let alike = 0
  let before = -1
  for (let left = length; left > 0; left--) {
    entry = next[entry >>> 8] as number
    const byte = entry & 0xff
    const [written, times] = alike === 4 ? [before, byte] : [byte, 1]
    if (alike === 4) alike = 0
    else alike = byte === before ? alike + 1 : 1
    before = alike === 0 ? -1 : byte
    if (filled + times > OUTPUT_BYTES) {
      sum = extendCrc(sum, output.subarray(0, filled))
      yield output.subarray(0, filled)
      output = new Uint8Array(OUTPUT_BYTES)
      filled = 0
    }
    output.fill(written, filled, filled + times)
    filled += times
  }
  if (finishCrc(extendCrc(sum, output.subarray(0, filled))) !== crc) throw mismatch()
  if (filled > 0) yield output.subarray(0, filled)
}
