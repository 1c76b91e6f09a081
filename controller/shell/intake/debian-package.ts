/**
 * The whole check of a Debian package (deb(5)): the members of its archive in their order, the control file, and every
 * byte of what it would unpack, read as a stream and thrown away. The manifest is derived; nothing is run or written.
 */
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { AR_MAGIC, type ArMember, readArMember, skipArPadding } from './ar-archive.ts'
import { deriveManifest, type ManifestDraft, parseControl } from './debian-control.ts'
import { walkDebianTar } from './debian-tar.ts'
import { type Compression, decompress } from './decompress.ts'

/** Maintainer scripts and checksums of the largest packages are well below it. */
const MAX_CONTROL_UNPACKED_BYTES = 4 * 1024 * 1024
const MAX_CONTROL_FILE_BYTES = 256 * 1024
const FORMAT = '2.0\n'
const UNDERSCORE = 0x5f
const SCRIPTS = new Set(['preinst', 'postinst', 'prerm', 'postrm', 'triggers'])
const COMPRESSIONS: Readonly<Record<string, Compression>> = { '': 'none', '.gz': 'gz', '.xz': 'xz', '.zst': 'zst' }

/** Whether a file with these first bytes means to be a Debian package. */
export function looksLikeDebianPackage(head: Uint8Array): boolean {
  const start = Buffer.from(head).toString('latin1')
  const expected = `${AR_MAGIC}debian-binary`
  const compared = Math.min(start.length, expected.length)
  return compared > 0 && start.slice(0, compared) === expected.slice(0, compared)
}

export async function inspectDebianPackage(chunks: AsyncIterable<Uint8Array>): Promise<ManifestDraft | Refusal> {
  const reader = new ByteReader(chunks)
  try {
    return await readPackage(reader)
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  } finally {
    await reader.close()
  }
}

async function readPackage(reader: ByteReader): Promise<ManifestDraft | Refusal> {
  if (await reader.atEnd()) return refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
  const magic = Buffer.from(await reader.exactly(AR_MAGIC.length, 'the first line of a package')).toString('latin1')
  if (magic !== AR_MAGIC) return refuse('not_a_patch', `The file begins with ${quoted(magic)}; a package does not.`)
  const format = await nextMember(reader, ['debian-binary'])
  await readFormat(reader, format)
  const control = await readControlMember(reader, await nextMember(reader, namesOf('control.tar')))
  // the fields are judged before the bulk is read
  const early = deriveManifest({ ...control, unpackedBytes: 0, createdSeconds: format.modifiedSeconds })
  if (isRefusal(early)) return early
  const unpackedBytes = await readDataMember(reader, await nextMember(reader, namesOf('data.tar')))
  while (!(await reader.atEnd())) {
    const [first] = await reader.peek(1)
    const extra = first === UNDERSCORE ? await readArMember(reader) : null
    if (extra === null) {
      return refuse('trailing_bytes', `The package ends at byte ${reader.position}, and more bytes follow.`)
    }
    await skipMember(reader, extra)
  }
  return deriveManifest({ ...control, unpackedBytes, createdSeconds: format.modifiedSeconds })
}

async function readFormat(reader: ByteReader, member: ArMember): Promise<void> {
  const length = Math.min(member.size, FORMAT.length)
  const text = Buffer.from(await reader.exactly(length, member.name)).toString('latin1')
  if (text === FORMAT && member.size === FORMAT.length) return
  throw refusal('malformed', `debian-binary says ${quoted(text)} in ${member.size} bytes; format 2.0 is accepted.`)
}

async function readControlMember(reader: ByteReader, member: ArMember) {
  let controlFile: Uint8Array | null = null
  let hasScripts = false
  let unpacked = 0
  const limited = async function* () {
    for await (const bytes of unpackedChunks(reader, member)) {
      unpacked += bytes.byteLength
      if (unpacked > MAX_CONTROL_UNPACKED_BYTES) {
        const limit = `the ${MAX_CONTROL_UNPACKED_BYTES} bytes that are accepted`
        throw refusal('too_large', `${member.name} unpacks to more than ${limit}.`)
      }
      yield bytes
    }
  }
  const inner = new ByteReader(limited())
  try {
    for await (const entry of walkDebianTar(inner, member.name)) {
      if (SCRIPTS.has(entry.path)) hasScripts = true
      if (entry.path !== 'control') continue
      if (entry.kind !== 'file' || entry.size > MAX_CONTROL_FILE_BYTES) {
        throw refusal('malformed', `The control file is a ${entry.kind} of ${entry.size} bytes.`)
      }
      const parts: Uint8Array[] = []
      for await (const bytes of entry.content()) parts.push(Uint8Array.from(bytes))
      controlFile = Buffer.concat(parts)
    }
  } finally {
    await inner.close()
  }
  await skipArPadding(reader, member)
  if (controlFile === null) throw refusal('malformed', `${member.name} holds no file named control.`)
  const control = parseControl(controlFile)
  if (isRefusal(control)) throw new RefusedError(control)
  return { control, hasScripts }
}

/** How many bytes the files in it have. */
async function readDataMember(reader: ByteReader, member: ArMember): Promise<number> {
  const inner = new ByteReader(unpackedChunks(reader, member))
  let bytes = 0
  try {
    for await (const entry of walkDebianTar(inner, member.name)) bytes += entry.size
  } finally {
    await inner.close()
  }
  await skipArPadding(reader, member)
  return bytes
}

function unpackedChunks(reader: ByteReader, member: ArMember): AsyncGenerator<Uint8Array> {
  const { name, size } = member
  const compression = COMPRESSIONS[name.slice(name.indexOf('.tar') + '.tar'.length)] ?? 'none'
  return decompress({ name, compression, bytes: size, chunks: reader.span(size, name) })
}

function namesOf(tar: string): string[] {
  return Object.keys(COMPRESSIONS).map((suffix) => `${tar}${suffix}`)
}

/** The next member that counts, which must be one of `names`. */
async function nextMember(reader: ByteReader, names: readonly string[]): Promise<ArMember> {
  const member = await readMember(reader)
  const expected = names.join(' or ')
  if (member === null) {
    throw refusal('truncated', `The package ends after ${reader.position} bytes, before ${expected}.`)
  }
  if (!names.includes(member.name)) {
    throw refusal('malformed', `The package has ${member.name} where ${expected} must stand.`)
  }
  return member
}

/** Passes over the members that deb(5) reserves for other tools, whose names begin with an underscore. */
async function readMember(reader: ByteReader): Promise<ArMember | null> {
  let member = await readArMember(reader)
  while (member?.name.startsWith('_')) {
    await skipMember(reader, member)
    member = await readArMember(reader)
  }
  return member
}

async function skipMember(reader: ByteReader, member: ArMember): Promise<void> {
  for await (const bytes of reader.span(member.size, member.name)) void bytes
  await skipArPadding(reader, member)
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
