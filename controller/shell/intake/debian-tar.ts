/**
 * Walks the two tar archives inside a Debian package as the program does that will unpack them: dpkg itself the data
 * archive, with GNU's long names and without pax, and GNU tar the control archive, with both. Which entries are allowed
 * is for debian-tree.ts; where the archive ends is decided here, and that nothing follows.
 */
import { isZeroBlock, TAR_BLOCK_BYTES, tarPadding } from '../../../protocol/bundle/tar.ts'
import type { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { type DebianHeader, readDebianHeader } from './debian-tar-header.ts'
import { DebianTree, type Placed } from './debian-tree.ts'
import { MAX_NAMES_HEADER_BYTES } from './package-limits.ts'
import { type PaxFields, readPaxHeader } from './pax-header.ts'
import { onPurpose } from './refused-on-purpose.ts'

/** `name` is for sentences. */
export type DebianArchive = { readonly name: string; readonly unpackedBy: 'dpkg' | 'tar' }

export type DebianEntry = Placed & {
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: () => AsyncIterable<Uint8Array>
}

/** Throws a `RefusedError` where it is damaged or unsafe. */
export async function* walkDebianTar(reader: ByteReader, archive: DebianArchive): AsyncGenerator<DebianEntry> {
  const tree = new DebianTree(archive.name)
  const headers = new Headers(reader, archive)
  for (let header = await headers.next(); header !== null; header = await headers.next()) {
    const placed = orThrow(tree.add(header))
    const place = `the entry ${quoted(header.name)} of ${archive.name}`
    let left = placed.size
    yield {
      ...placed,
      content: async function* () {
        for await (const bytes of reader.span(placed.size, place)) {
          left -= bytes.byteLength
          yield bytes
        }
      },
    }
    for await (const bytes of reader.span(left, place)) left -= bytes.byteLength
    await reader.exactly(tarPadding(placed.size), `the padding after ${place}`)
  }
}

/** The headers of the real entries, with what the headers before each say of it. */
class Headers {
  readonly #reader: ByteReader
  readonly #archive: DebianArchive
  #everywhere: PaxFields = {}

  constructor(reader: ByteReader, archive: DebianArchive) {
    this.#reader = reader
    this.#archive = archive
  }

  /** Null at the end, which is checked. */
  async next(): Promise<DebianHeader | null> {
    let own: PaxFields = {}
    while (true) {
      const header = await this.#block()
      if (header === null) return null
      if (header.name === '') throw refusal('bad_name', `${this.#archive.name} has an entry without a name.`)
      if (header.type === 'L') own = { ...own, path: await this.#long(header) }
      else if (header.type === 'K') own = { ...own, linkName: await this.#long(header) }
      else if (this.#archive.unpackedBy === 'tar' && header.type === 'x') own = { ...own, ...(await this.#pax(header)) }
      else if (this.#archive.unpackedBy === 'tar' && header.type === 'g')
        this.#everywhere = { ...this.#everywhere, ...(await this.#pax(header)) }
      else return this.#complete(header, { ...this.#everywhere, ...own })
    }
  }

  #complete(header: DebianHeader, { path, linkName, size }: PaxFields): DebianHeader {
    const name = path ?? header.name
    if (name === '') throw refusal('bad_name', `${this.#archive.name} has an entry without a name.`)
    return { type: header.type, name, linkName: linkName ?? header.linkName, size: size ?? header.size }
  }

  /** An archive may end with two blocks of zeros, with one, or without any. */
  async #block(): Promise<DebianHeader | null> {
    const { name, unpackedBy } = this.#archive
    if (await this.#reader.atEnd()) return null
    const at = this.#reader.position
    // tar reads whole blocks only, and does not look at what is left
    if (unpackedBy === 'tar' && (await this.#reader.peek(TAR_BLOCK_BYTES)).byteLength < TAR_BLOCK_BYTES) {
      await requireZeros(this.#reader, name)
      return null
    }
    const block = await this.#reader.exactly(TAR_BLOCK_BYTES, name)
    const header = orThrow(readDebianHeader(block, `At byte ${at} ${name}`))
    if (header !== 'end') return header
    if (!isZeroBlock(block)) {
      // tar looks for another header behind it, and fails in the end
      if (unpackedBy === 'tar') throw refusal('malformed', `At byte ${at} ${name} has no header of an entry.`)
      throw onPurpose('after_archive', `${name} goes on after its end at byte ${at}`)
    }
    await requireZeros(this.#reader, name)
    return null
  }

  async #long(header: DebianHeader): Promise<string> {
    const text = Buffer.from(await this.#text(header)).toString('latin1')
    const nul = text.indexOf('\0')
    return nul === -1 ? text : text.slice(0, nul)
  }

  async #pax(header: DebianHeader): Promise<PaxFields> {
    return orThrow(readPaxHeader(await this.#text(header), this.#archive.name))
  }

  /** What stands where an entry has its content. */
  async #text({ size }: DebianHeader): Promise<Uint8Array> {
    const { name } = this.#archive
    if (size > MAX_NAMES_HEADER_BYTES) {
      const most = `at most ${MAX_NAMES_HEADER_BYTES} are accepted`
      throw refusal('bad_name', `${name} has a header with ${size} bytes of names; ${most}.`)
    }
    const bytes = Uint8Array.from(await this.#reader.exactly(size, `a long name in ${name}`))
    await this.#reader.exactly(tarPadding(size), `the padding after a long name in ${name}`)
    return bytes
  }
}

async function requireZeros(reader: ByteReader, name: string): Promise<void> {
  const at = reader.position
  for (let bytes = await reader.atMost(Infinity); bytes !== null; bytes = await reader.atMost(Infinity)) {
    if (!bytes.every((byte) => byte === 0))
      throw onPurpose('after_archive', `${name} goes on after its end at byte ${at}`)
  }
}

function orThrow<Value>(value: Value | Refusal): Value {
  if (isRefusal(value)) throw new RefusedError(value)
  return value
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
