/** How the two archives are packed: by which program, with which options, and what stands behind the packed data. */
import { gzipSync } from 'node:zlib'
import { tarArchive } from '../../support/tar-fixtures.ts'
import {
  CONTROL_ENTRIES,
  controlMember,
  DATA_ENTRIES,
  dataMember,
  deb,
  type Member,
  PACK,
  PACKINGS,
  packedBy,
} from './parts.ts'
import type { Variant } from './variant.ts'

const CONTROL_TAR = tarArchive(CONTROL_ENTRIES)
const DATA_TAR = tarArchive(DATA_ENTRIES)

const data = (suffix: string, content: Uint8Array): Buffer => deb({ data: { name: `data.tar${suffix}`, content } })
const control = (suffix: string, content: Uint8Array): Buffer =>
  deb({ control: { name: `control.tar${suffix}`, content } })
const cutBy = (bytes: Uint8Array, count: number): Uint8Array => bytes.subarray(0, bytes.byteLength - count)
const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  const place = at < 0 ? bytes.byteLength + at : at
  changed[place] = (changed[place] as number) ^ 1
  return changed
}
const zeros = Buffer.alloc(512)
const junk = Buffer.from('junk')

export function packingVariants(): Variant[] {
  return [...eachWithEach(), ...gzip(), ...xz(), ...zstandard(), ...bzip2(), ...lzma(), ...others()]
}

function eachWithEach(): Variant[] {
  return PACKINGS.flatMap((ofControl) =>
    PACKINGS.map((ofData) => ({
      name: `control.tar packed with ${ofControl}, data.tar with ${ofData}`,
      bytes: deb({ control: controlMember(CONTROL_TAR, ofControl), data: dataMember(DATA_TAR, ofData) }),
    })),
  )
}

function gzip(): Variant[] {
  const packed = PACK.gz(DATA_TAR)
  const half = DATA_TAR.byteLength / 2
  const members = [gzipSync(DATA_TAR.subarray(0, half)), gzipSync(DATA_TAR.subarray(half))]
  const inControl = [gzipSync(CONTROL_TAR.subarray(0, 700)), gzipSync(CONTROL_TAR.subarray(700))]
  return [
    { name: 'gzip -1', bytes: data('.gz', packedBy('gzip', ['-1c'], DATA_TAR)) },
    { name: 'gzip -9', bytes: data('.gz', packedBy('gzip', ['-9c'], DATA_TAR)) },
    { name: 'gzip of two members', bytes: data('.gz', Buffer.concat(members)) },
    { name: 'gzip of two members, control.tar', bytes: control('.gz', Buffer.concat(inControl)) },
    { name: 'gzip of two members, the first empty', bytes: data('.gz', Buffer.concat([gzipSync(''), packed])) },
    { name: 'gzip, zeros behind it', bytes: data('.gz', Buffer.concat([packed, zeros])) },
    { name: 'gzip, junk behind it', bytes: data('.gz', Buffer.concat([packed, junk])), purpose: 'second_stream' },
    {
      name: 'gzip, zeros and another member behind it',
      bytes: data('.gz', Buffer.concat([members[0] as Buffer, zeros, members[1] as Buffer])),
    },
    {
      name: 'gzip whole, zeros and another member behind it',
      bytes: data('.gz', Buffer.concat([packed, zeros, packed])),
      purpose: 'second_stream',
    },
    {
      name: 'gzip, junk that begins as gzip behind it',
      bytes: data('.gz', Buffer.concat([packed, Buffer.from('1f8bff', 'hex')])),
    },
    { name: 'gzip, cut in its checksum', bytes: data('.gz', cutBy(packed, 5)) },
    { name: 'gzip, cut in its data', bytes: data('.gz', cutBy(packed, 30)) },
    { name: 'gzip, its checksum changed', bytes: data('.gz', flipped(packed, -6)) },
    { name: 'gzip, its length changed', bytes: data('.gz', flipped(packed, -2)) },
    { name: 'gzip, its data changed', bytes: data('.gz', flipped(packed, 40)) },
    { name: 'gzip of a method that does not exist', bytes: data('.gz', flipped(packed, 2)) },
    { name: 'data.tar.gz that is not packed', bytes: data('.gz', DATA_TAR) },
    { name: 'control.tar.gz that is not packed', bytes: control('.gz', CONTROL_TAR) },
    { name: 'data.tar.gz of no bytes', bytes: data('.gz', Buffer.alloc(0)) },
    { name: 'data.tar.gz of one byte', bytes: data('.gz', Buffer.from([0x1f])) },
    { name: 'control.tar.gz of no bytes', bytes: control('.gz', Buffer.alloc(0)) },
    { name: 'data.tar.gz with xz data', bytes: data('.gz', PACK.xz(DATA_TAR)) },
  ]
}

function xz(): Variant[] {
  const packed = PACK.xz(DATA_TAR)
  const by = (...args: string[]): Buffer => data('.xz', packedBy('xz', ['-c', ...args], DATA_TAR))
  const filters = ['x86', 'arm', 'armthumb', 'arm64', 'powerpc', 'ia64', 'sparc', 'delta=dist=4']
  const twice = Buffer.concat([packed, packed])
  const halves = Buffer.concat([PACK.xz(DATA_TAR.subarray(0, 1000)), PACK.xz(DATA_TAR.subarray(1000))])
  return [
    ...['none', 'crc32', 'crc64', 'sha256'].map((check) => ({
      name: `xz, check ${check}`,
      bytes: by(`--check=${check}`),
    })),
    ...filters.map((filter) => ({ name: `xz, filter ${filter}`, bytes: by(`--${filter}`, '--lzma2') })),
    ...['0', '6', '9', '9e'].map((preset) => ({ name: `xz -${preset}`, bytes: by(`-${preset}`) })),
    ...[96, 128, 192].map((size) => ({ name: `xz, dictionary of ${size} MiB`, bytes: by(`--lzma2=dict=${size}MiB`) })),
    { name: 'xz, dictionary of 256 MiB', bytes: by('--lzma2=dict=256MiB'), purpose: 'dictionary' },
    { name: 'xz of several blocks', bytes: by('--block-size=1024') },
    {
      name: 'xz with a SHA-256 check, control.tar',
      bytes: control('.xz', packedBy('xz', ['-c', '--check=sha256'], CONTROL_TAR)),
    },
    { name: 'xz of two streams', bytes: data('.xz', twice), purpose: 'second_stream' },
    { name: 'xz of two streams, the archive in both', bytes: data('.xz', halves) },
    {
      name: 'xz of two streams, control.tar',
      bytes: control('.xz', Buffer.concat([PACK.xz(CONTROL_TAR), PACK.xz(zeros)])),
      purpose: 'second_stream',
    },
    {
      name: 'xz of two streams, padding between them',
      bytes: data('.xz', Buffer.concat([packed, Buffer.alloc(4), packed])),
      purpose: 'second_stream',
    },
    { name: 'xz, zeros behind it', bytes: data('.xz', Buffer.concat([packed, Buffer.alloc(8)])) },
    { name: 'xz, junk behind it', bytes: data('.xz', Buffer.concat([packed, junk])), purpose: 'second_stream' },
    { name: 'xz, cut in its footer', bytes: data('.xz', cutBy(packed, 1)) },
    { name: 'xz, cut in its data', bytes: data('.xz', cutBy(packed, 60)) },
    { name: 'xz, its data changed', bytes: data('.xz', flipped(packed, 40)) },
    { name: 'xz, its check changed', bytes: data('.xz', flipped(packed, -40)) },
    { name: 'xz, an option that does not exist', bytes: data('.xz', flipped(packed, 6)) },
    { name: 'data.tar.xz of no bytes', bytes: data('.xz', Buffer.alloc(0)) },
    { name: 'data.tar.xz of a part of the magic', bytes: data('.xz', packed.subarray(0, 4)) },
    { name: 'data.tar.xz that is not packed', bytes: data('.xz', DATA_TAR) },
    { name: 'data.tar.xz with lzma data', bytes: data('.xz', PACK.lzma(DATA_TAR)) },
  ]
}

/** Without those of which nothing is left but a header: they would hold dpkg-deb up for ever. */
function zstandard(): Variant[] {
  const packed = PACK.zst(DATA_TAR)
  const by = (...args: string[]): Buffer => data('.zst', packedBy('zstd', ['-qc', ...args], DATA_TAR))
  const skipped = Buffer.from('502a4d1804000000abcdabcd', 'hex')
  const checked = packedBy('zstd', ['-qc', '--check'], DATA_TAR)
  return [
    ...['-1', '-3', '-19', '--fast=5'].map((level) => ({ name: `zstd ${level}`, bytes: by(level) })),
    { name: 'zstd --ultra -22', bytes: by('--ultra', '-22') },
    { name: 'zstd --no-check', bytes: by('--no-check') },
    { name: 'zstd --long=27', bytes: by('--long=27') },
    { name: 'zstd --long=28, a window over what dpkg takes', bytes: by('--long=28') },
    { name: 'zstd of a known length', bytes: by(`--stream-size=${DATA_TAR.byteLength}`) },
    { name: 'zstd of nothing but runs', bytes: data('.zst', PACK.zst(tarArchive([]))) },
    { name: 'zstd of two frames', bytes: data('.zst', Buffer.concat([packed, packed])), purpose: 'second_stream' },
    {
      name: 'zstd of two frames, control.tar',
      bytes: control('.zst', Buffer.concat([PACK.zst(CONTROL_TAR), PACK.zst(zeros)])),
      purpose: 'second_stream',
    },
    {
      name: 'zstd, a frame to be skipped before it',
      bytes: data('.zst', Buffer.concat([skipped, packed])),
      purpose: 'second_stream',
    },
    {
      name: 'zstd, a frame to be skipped behind it',
      bytes: data('.zst', Buffer.concat([packed, skipped])),
      purpose: 'second_stream',
    },
    { name: 'zstd, zeros behind it', bytes: data('.zst', Buffer.concat([packed, zeros])) },
    { name: 'zstd, junk behind it', bytes: data('.zst', Buffer.concat([packed, junk])), purpose: 'second_stream' },
    { name: 'zstd, cut in its checksum', bytes: data('.zst', cutBy(checked, 2)) },
    { name: 'zstd, its checksum changed', bytes: data('.zst', flipped(checked, -1)) },
    { name: 'data.tar.zst that is not packed', bytes: data('.zst', DATA_TAR) },
  ]
}

function bzip2(): Variant[] {
  const packed = PACK.bz2(DATA_TAR)
  return [
    ...['-1', '-5', '-9'].map((level) => ({
      name: `bzip2 ${level}`,
      bytes: data('.bz2', packedBy('bzip2', ['-c', level], DATA_TAR)),
    })),
    { name: 'bzip2 of two streams', bytes: data('.bz2', Buffer.concat([packed, packed])), purpose: 'second_stream' },
    { name: 'bzip2, junk behind it', bytes: data('.bz2', Buffer.concat([packed, junk])), purpose: 'second_stream' },
    { name: 'bzip2, zeros behind it', bytes: data('.bz2', Buffer.concat([packed, zeros])) },
    { name: 'bzip2, cut in its checksum', bytes: data('.bz2', cutBy(packed, 2)) },
    { name: 'bzip2, cut in its data', bytes: data('.bz2', cutBy(packed, 40)) },
    { name: 'bzip2, its block changed', bytes: data('.bz2', flipped(packed, 60)) },
    { name: 'bzip2, the checksum of its block changed', bytes: data('.bz2', flipped(packed, 12)) },
    { name: 'bzip2, the checksum of the whole changed', bytes: data('.bz2', flipped(packed, -3)) },
    { name: 'bzip2 of no block', bytes: data('.bz2', PACK.bz2(Buffer.alloc(0))) },
    { name: 'data.tar.bz2 of no bytes', bytes: data('.bz2', Buffer.alloc(0)) },
    { name: 'data.tar.bz2 that is not packed', bytes: data('.bz2', DATA_TAR) },
  ]
}

function lzma(): Variant[] {
  const packed = PACK.lzma(DATA_TAR)
  const odd = Buffer.from(packed)
  odd.writeUInt32LE(5_000_000, 1)
  const by = (...args: string[]): Buffer => data('.lzma', packedBy('xz', ['-c', '--format=lzma', ...args], DATA_TAR))
  return [
    ...['-0', '-6', '-9'].map((preset) => ({ name: `lzma ${preset}`, bytes: by(preset) })),
    { name: 'lzma, dictionary of 128 MiB', bytes: by('--lzma1=dict=128MiB') },
    { name: 'lzma, dictionary of 512 MiB', bytes: by('--lzma1=dict=512MiB'), purpose: 'dictionary' },
    { name: 'lzma, a dictionary of an odd size', bytes: data('.lzma', odd) },
    { name: 'lzma, other properties', bytes: by('--lzma1=lc=0,lp=2,pb=1') },
    { name: 'lzma of two streams', bytes: data('.lzma', Buffer.concat([packed, packed])), purpose: 'second_stream' },
    { name: 'lzma, junk behind it', bytes: data('.lzma', Buffer.concat([packed, junk])), purpose: 'second_stream' },
    { name: 'lzma, cut', bytes: data('.lzma', cutBy(packed, 20)) },
    { name: 'lzma, cut in its header', bytes: data('.lzma', packed.subarray(0, 8)) },
    { name: 'data.tar.lzma with xz data', bytes: data('.lzma', PACK.xz(DATA_TAR)) },
    { name: 'data.tar.lzma that is not packed', bytes: data('.lzma', DATA_TAR), purpose: 'second_stream' },
  ]
}

function others(): Variant[] {
  const named = (name: string): Member => ({ name, content: DATA_TAR })
  return ['data.tar.Z', 'data.tar.lz', 'data.tar.7z', 'data.tarx', 'data.tar.GZ', 'data.tgz', 'data'].map((name) => ({
    name: `a member ${name} in place of data.tar`,
    bytes: deb({ data: named(name) }),
  }))
}
