/**
 * Walks the tar archives inside a Debian package, in the dialect that dpkg reads: ustar or GNU, with GNU's long names
 * and without pax. It keeps every entry below the root: no name climbs out, no device comes in, nothing is there twice,
 * and nothing is written through a link that the same archive brings.
 */
import type { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { isZeroBlock, readTarHeader, TAR_BLOCK_BYTES, type TarHeader, tarPadding } from '../../../protocol/tar.ts'
import { refuseOnPurpose } from './refused-on-purpose.ts'

/** A kernel's headers are 30,000; the names are held in memory. */
const MAX_ENTRIES = 200_000
const MAX_NAMES_BYTES = 64 * 1024 * 1024
/** PATH_MAX of Linux. */
const MAX_NAME_BYTES = 4096
const MAX_DEPTH = 100

type Kind = 'file' | 'folder' | 'symbolic link'

export type DebianEntry = {
  /** Below the root of the appliance, without `./` before it; empty for the root itself. */
  readonly path: string
  readonly kind: Kind | 'hard link'
  readonly size: number
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: () => AsyncIterable<Uint8Array>
}

const KINDS: Readonly<Record<string, DebianEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '5': 'folder',
}
const DEVICES: Readonly<Record<string, string>> = { '3': 'a character device', '4': 'a block device' }
const REFUSED: Readonly<Record<string, string>> = {
  '6': 'a fifo',
  S: 'a sparse file',
  x: 'a pax header, which dpkg does not read',
  g: 'a global pax header, which dpkg does not read',
}

/** `archive` names it for sentences. Throws a `RefusedError` where it is damaged or unsafe. */
export async function* walkDebianTar(reader: ByteReader, archive: string): AsyncGenerator<DebianEntry> {
  const known = new Map<string, Kind>()
  let names = 0
  for (let header = await nextHeader(reader, archive); header !== null; header = await nextHeader(reader, archive)) {
    names += header.name.length + header.linkName.length
    if (known.size >= MAX_ENTRIES) throw refusal('too_large', `${archive} has more than ${MAX_ENTRIES} entries.`)
    if (names > MAX_NAMES_BYTES) {
      throw refusal('too_large', `The names in ${archive} are longer than ${MAX_NAMES_BYTES} bytes together.`)
    }
    const entry = `The entry ${quoted(header.name)} of ${archive}`
    const kind = header.name.endsWith('/') && header.type === '\0' ? 'folder' : KINDS[header.type]
    if (kind === undefined) {
      const device = DEVICES[header.type]
      if (device !== undefined) throw new RefusedError(refuseOnPurpose('device', `${entry} is ${device}`))
      const what = REFUSED[header.type] ?? `of type ${quoted(header.type)}`
      throw refusal('unsafe_entry', `${entry} is ${what}.`)
    }
    const path = pathBelowRoot(header.name, entry)
    requireNoLinkOnTheWay(known, path, entry)
    if (kind === 'hard link') {
      const target = pathBelowRoot(header.linkName, `${entry}, a hard link,`)
      requireNoLinkOnTheWay(known, target, `${entry}, a hard link,`)
      if (known.get(target) !== 'file') {
        throw refusal('unsafe_entry', `${entry} is a hard link to ${quoted(header.linkName)}, no file before it.`)
      }
    }
    const before = known.get(path)
    if (before !== undefined && !(before === 'folder' && kind === 'folder')) {
      throw refusal('unsafe_entry', `${entry} is there twice, as a ${before} before.`)
    }
    known.set(path, kind === 'hard link' ? 'file' : kind)

    const size = kind === 'file' ? header.size : 0
    if (header.size !== size) throw refusal('malformed', `${entry} is a ${kind} with ${header.size} bytes of content.`)
    let left = size
    yield {
      path,
      kind,
      size,
      content: async function* () {
        for await (const bytes of reader.span(size, header.name)) {
          left -= bytes.byteLength
          yield bytes
        }
      },
    }
    for await (const bytes of reader.span(left, entry)) left -= bytes.byteLength
    await reader.exactly(tarPadding(size), `the padding after ${header.name}`)
  }
}

/** The header of the next real entry, with its long name if it has one; null at the end, which is checked. */
async function nextHeader(reader: ByteReader, archive: string): Promise<TarHeader | null> {
  let longName: string | null = null
  let longLink: string | null = null
  while (true) {
    const at = reader.position
    const block = await reader.exactly(TAR_BLOCK_BYTES, archive)
    if (isZeroBlock(block)) {
      await requireEnd(reader, archive)
      return null
    }
    const header = readTarHeader(block, at)
    if (isRefusal(header)) throw refusal(header.refused, `${archive}: ${header.message}`)
    if (header.type === 'L' && longName === null) longName = await readLongName(reader, header, archive)
    else if (header.type === 'K' && longLink === null) longLink = await readLongName(reader, header, archive)
    else return { ...header, name: longName ?? header.name, linkName: longLink ?? header.linkName }
  }
}

async function readLongName(reader: ByteReader, header: TarHeader, archive: string): Promise<string> {
  if (header.size > MAX_NAME_BYTES + 1) {
    throw refusal('bad_name', `${archive} has a name of ${header.size} bytes; at most ${MAX_NAME_BYTES} are accepted.`)
  }
  const bytes = await reader.exactly(header.size, `a long name in ${archive}`)
  await reader.exactly(tarPadding(header.size), `the padding after a long name in ${archive}`)
  return Buffer.from(bytes).toString('latin1').replace(/\0$/, '')
}

/** After the first zero block nothing but zeros. */
async function requireEnd(reader: ByteReader, archive: string): Promise<void> {
  await reader.exactly(TAR_BLOCK_BYTES, `the end marker of ${archive}`).then((block) => {
    if (!isZeroBlock(block)) throw refusal('malformed', `${archive} has a single zero block where two end an archive.`)
  })
  for (let bytes = await reader.atMost(Infinity); bytes !== null; bytes = await reader.atMost(Infinity)) {
    if (!isAllZero(bytes)) throw refusal('trailing_bytes', `Bytes follow the end of ${archive}.`)
  }
}

function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

function pathBelowRoot(name: string, entry: string): string {
  // by bytes, as tar has names: those from 0x80 on belong to UTF-8 characters
  if (/\p{Cc}/u.test(name.replace(/[\x80-\xff]/g, '')))
    throw refusal('bad_name', `${entry} has a control character in its name.`)
  if (name.length > MAX_NAME_BYTES) throw refusal('bad_name', `${entry} has a name of ${name.length} bytes.`)
  if (name === '') throw refusal('bad_name', `${entry} has no name.`)
  const steps = name.replace(/^\.\//, '').replace(/\/$/, '').split('/')
  if (steps.length > MAX_DEPTH) throw refusal('bad_name', `${entry} lies ${steps.length} folders deep.`)
  const path = steps.join('/')
  if (path === '' || path === '.') {
    if (name.startsWith('.')) return ''
  } else if (!steps.some((step) => step === '' || step === '.' || step === '..')) return path
  throw refusal('unsafe_entry', `${entry} leads to ${quoted(name)}, which is not a plain path below the root.`)
}

function requireNoLinkOnTheWay(known: ReadonlyMap<string, Kind>, path: string, entry: string): void {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const parent = path.slice(0, slash)
    const kind = known.get(parent)
    if (kind !== undefined && kind !== 'folder') {
      throw refusal('unsafe_entry', `${entry} passes through ${quoted(parent)}, a ${kind} of the same archive.`)
    }
  }
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
