/**
 * Packages laid together from their parts, each part replaceable by what no tool would write. Whatever is not given is
 * what dpkg-deb writes.
 */
import { execFileSync } from 'node:child_process'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type TarFixture, tarArchive } from '../../support/tar-fixtures.ts'

export type Member = {
  readonly name: string
  readonly content: Uint8Array | string
  /** Texts to write over the header, by offset. */
  readonly overwrite?: Readonly<Record<number, string>>
  /** What stands behind a content of odd length; a line feed if not given. */
  readonly padding?: string
}

/** Where the fields of a member's header are (ar(5)). */
export const AR_FIELDS = { name: 0, modified: 16, owner: 28, group: 34, mode: 40, size: 48, end: 58 } as const

export function ar(members: readonly Member[]): Buffer {
  return Buffer.concat([Buffer.from('!<arch>\n'), ...members.map(member)])
}

export function member({ name, content, overwrite = {}, padding = '\n' }: Member): Buffer {
  const bytes = Buffer.from(content)
  const size = String(bytes.byteLength).padEnd(10)
  const header = Buffer.from(`${name.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${size}\`\n`, 'latin1')
  for (const [offset, text] of Object.entries(overwrite)) header.write(text, Number(offset), 'latin1')
  return Buffer.concat([header, bytes, Buffer.from(bytes.byteLength % 2 === 0 ? '' : padding, 'latin1')])
}

export const FORMAT: Member = { name: 'debian-binary', content: '2.0\n' }

export const CONTROL_FILE = [
  'Package: compared',
  'Version: 1.0-1',
  'Architecture: all',
  'Maintainer: patchmesh tests <tests@patchmesh.invalid>',
  'Description: compared with dpkg',
  '',
].join('\n')

export const CONTROL_ENTRIES: readonly TarFixture[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './control', content: CONTROL_FILE },
]
export const DATA_ENTRIES: readonly TarFixture[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './opt/', type: '5', mode: 0o755 },
  { name: './opt/compared', content: 'compared\n' },
]

/** The three members, each of them replaceable. */
export function deb(
  parts: { format?: Member; control?: Member; data?: Member; after?: readonly Member[] } = {},
): Buffer {
  return ar([
    parts.format ?? FORMAT,
    parts.control ?? controlMember(),
    parts.data ?? dataMember(),
    ...(parts.after ?? []),
  ])
}

export function controlMember(tar: Uint8Array = tarArchive(CONTROL_ENTRIES), packing: Packing = 'gz'): Member {
  return { name: `control.tar${SUFFIXES[packing]}`, content: PACK[packing](tar) }
}

export function dataMember(tar: Uint8Array = tarArchive(DATA_ENTRIES), packing: Packing = 'gz'): Member {
  return { name: `data.tar${SUFFIXES[packing]}`, content: PACK[packing](tar) }
}

export type Packing = 'none' | 'gz' | 'xz' | 'zst' | 'bz2' | 'lzma'
export const PACKINGS: readonly Packing[] = ['none', 'gz', 'xz', 'zst', 'bz2', 'lzma']

const SUFFIXES: Readonly<Record<Packing, string>> = {
  none: '',
  gz: '.gz',
  xz: '.xz',
  zst: '.zst',
  bz2: '.bz2',
  lzma: '.lzma',
}

/** As the usual programs pack. */
export const PACK: Readonly<Record<Packing, (bytes: Uint8Array) => Buffer>> = {
  none: (bytes) => Buffer.from(bytes),
  gz: (bytes) => gzipSync(bytes),
  xz: (bytes) => packedBy('xz', ['-c'], bytes),
  zst: (bytes) => zstdCompressSync(bytes),
  bz2: (bytes) => packedBy('bzip2', ['-c'], bytes),
  lzma: (bytes) => packedBy('xz', ['-c', '--format=lzma'], bytes),
}

export function packedBy(
  program: 'xz' | 'bzip2' | 'zstd' | 'gzip',
  args: readonly string[],
  bytes: Uint8Array,
): Buffer {
  return execFileSync(program, args, { input: bytes, stdio: ['pipe', 'pipe', 'pipe'] })
}
