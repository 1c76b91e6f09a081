import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Compression, decompress } from '../../controller/shell/intake/decompress.ts'
import { RefusedError } from '../../protocol/refusals.ts'
import { chunked, flipBit, places } from '../support/chunked-bytes.ts'

const PROGRAMS: Readonly<Record<Exclude<Compression, 'none'>, readonly [string, ...string[]]>> = {
  gz: ['gzip', '-c'],
  xz: ['xz', '-c'],
  zst: ['zstd', '-qc'],
  bz2: ['bzip2', '-c'],
  lzma: ['xz', '-c', '--format=lzma'],
}

function pack(compression: Exclude<Compression, 'none'>, bytes: Uint8Array, ...options: string[]): Buffer {
  const [program, ...args] = PROGRAMS[compression]
  return execFileSync(program, [...args, ...options], { input: bytes, maxBuffer: 64 << 20 })
}

async function unpack(compression: Compression, bytes: Uint8Array, chunkBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const chunks = chunked(bytes, chunkBytes)
  for await (const part of decompress({ name: 'member', compression, bytes: bytes.byteLength, chunks })) {
    parts.push(Uint8Array.from(part))
  }
  return Buffer.concat(parts)
}

/** Text that repeats itself here and there, runs of one byte, and what does not compress. */
function mixture(bytes: number): Buffer {
  const parts: Buffer[] = []
  for (let index = 0, total = 0; total < bytes; index++) {
    const digest = createHash('sha512').update(`${index}`).digest()
    const run = Buffer.alloc((digest[0] as number) * 4, digest[1])
    const text = Buffer.from(`line ${index % 97} of ${digest.toString('hex', 2, 2 + (index % 20))}\n`.repeat(index % 5))
    parts.push(digest, run, text)
    total += digest.byteLength + run.byteLength + text.byteLength
  }
  return Buffer.concat(parts).subarray(0, bytes)
}

test('Y1: what each program packs comes out as it went in, however it arrives', async () => {
  const original = mixture(3_000_000)
  for (const compression of Object.keys(PROGRAMS) as Exclude<Compression, 'none'>[]) {
    const packed = pack(compression, original)
    for (const chunkBytes of [997, 64 * 1024, 4 << 20]) {
      assert.ok((await unpack(compression, packed, chunkBytes)).equals(original), `${compression} by ${chunkBytes}`)
    }
  }
})

test('Y1: bzip2 of many blocks, of runs and of every byte comes out as it went in', async () => {
  const originals = {
    'many blocks': mixture(1_000_000),
    'one byte': Buffer.from('x'),
    'a run': Buffer.alloc(1_000_000, 'x'),
    'runs of every length': Buffer.concat(Array.from({ length: 600 }, (_, index) => Buffer.alloc(index, index))),
    'every byte': Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
    'a block to the last byte': mixture(99_981),
  }
  for (const [what, original] of Object.entries(originals)) {
    for (const level of ['-1', '-9']) {
      assert.ok((await unpack('bz2', pack('bz2', original, level), 65_536)).equals(original), `${what} ${level}`)
    }
  }
})

test('Y1: bzip2 of anything comes out as it went in', async () => {
  const few = fc.array(fc.constantFrom(0, 1, 97, 255), { maxLength: 3000 })
  const any = fc.array(fc.nat(255), { maxLength: 3000 })
  await fc.assert(
    fc.asyncProperty(fc.oneof(few, any), async (bytes) => {
      const original = Buffer.from(bytes)
      assert.ok((await unpack('bz2', pack('bz2', original, '-1'), 1000)).equals(original))
    }),
    { numRuns: 60 },
  )
})

test('Y1: one bit that is turned over is found, or means nothing', async () => {
  const original = mixture(20_000)
  for (const compression of ['bz2', 'xz', 'lzma'] as const) {
    const packed = pack(compression, original)
    for (const [index, at] of places(200, packed.byteLength).entries()) {
      try {
        const unpacked = await unpack(compression, flipBit(packed, at, index % 8), 1 << 20)
        // lzma has no checksum
        assert.ok(compression === 'lzma' || unpacked.equals(original), `${compression}: byte ${at}`)
      } catch (error) {
        assert.ok(error instanceof RefusedError, String(error))
      }
    }
  }
})

test('Y1: a run in a bzip2 block ends at the length of the block, however many digits tell it', async () => {
  const bits = [
    ...[0x314159, 0x265359].map((half) => half.toString(2).padStart(24, '0')),
    // a checksum, the form, where the block begins
    '0'.repeat(32),
    '0',
    '0'.repeat(24),
    // one byte occurs
    `1${'0'.repeat(15)}`,
    `1${'0'.repeat(15)}`,
    // two codes, one group of fifty symbols, coded with the first
    '010',
    '000000000000001',
    '0',
    // three symbols of two bits, twice
    ...['00010', '0', '0', '0', '00010', '0', '0', '0'],
    // the digit that counts twice, fifty times
    '01'.repeat(50),
  ].join('')
  const packed = Buffer.concat([Buffer.from('BZh1'), bytesOf(bits)])
  await assert.rejects(unpack('bz2', packed, 1000), (error) => {
    assert.ok(error instanceof RefusedError, String(error))
    assert.match(error.refusal.message, /a block is longer than it may be/)
    return true
  })
})

function bytesOf(bits: string): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  return Buffer.from(
    Array.from({ length: whole.length / 8 }, (_, at) => Number.parseInt(whole.slice(at * 8, at * 8 + 8), 2)),
  )
}
