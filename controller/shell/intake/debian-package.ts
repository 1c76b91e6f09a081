/**
 * The whole check of a Debian package (deb(5)): the members of its archive in their order, the control file, and every
 * byte of what it would unpack, read as a stream and thrown away. The manifest is derived; nothing is run or written.
 */
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { AR_MAGIC, skipArPadding } from './ar-archive.ts'
import { deriveManifest, type ManifestDraft, parseControl } from './debian-control.ts'
import { type PackedTar, passOverRest, readControlTar, readDataTar, readFormat } from './debian-members.ts'
import { walkDebianTar } from './debian-tar.ts'
import { decompress } from './decompress.ts'
import { MAX_CONTROL_FILE_BYTES, MAX_CONTROL_UNPACKED_BYTES } from './package-limits.ts'

const SCRIPTS = new Set(['preinst', 'postinst', 'prerm', 'postrm', 'triggers'])

/** Whether a file with these first bytes means to be a Debian package. */
export function looksLikeDebianPackage(head: Uint8Array): boolean {
  const start = Buffer.from(head).toString('latin1')
  const expected = `${AR_MAGIC}debian-binary`
  const compared = Math.min(start.length, expected.length)
  return compared > 0 && start.slice(0, compared) === expected.slice(0, compared)
}

/** Two lines, a version and a length, with two archives behind them (deb-old(5)). */
export function looksLikeOldDebianPackage(head: Uint8Array): boolean {
  return /^0\.93\d*\n\d+\n/.test(Buffer.from(head).toString('latin1'))
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
  const format = await readFormat(reader)
  const control = await readControl(reader, await readControlTar(reader))
  // the fields are judged before the bulk is read
  const early = deriveManifest({ ...control, unpackedBytes: 0, createdSeconds: format.modifiedSeconds })
  if (isRefusal(early)) return early
  const unpackedBytes = await readData(reader, await readDataTar(reader))
  await passOverRest(reader)
  return deriveManifest({ ...control, unpackedBytes, createdSeconds: format.modifiedSeconds })
}

async function readControl(reader: ByteReader, packed: PackedTar) {
  const { name } = packed.member
  let controlFile: Uint8Array | null = null
  let hasScripts = false
  let unpacked = 0
  const limited = async function* () {
    for await (const bytes of unpackedChunks(reader, packed)) {
      unpacked += bytes.byteLength
      if (unpacked > MAX_CONTROL_UNPACKED_BYTES) {
        const limit = `the ${MAX_CONTROL_UNPACKED_BYTES} bytes that are accepted`
        throw refusal('too_large', `${name} unpacks to more than ${limit}.`)
      }
      yield bytes
    }
  }
  const inner = new ByteReader(limited())
  try {
    for await (const entry of walkDebianTar(inner, { name, unpackedBy: 'tar' })) {
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
  await skipArPadding(reader, packed.member)
  if (controlFile === null) throw refusal('malformed', `${name} holds no file named control.`)
  const control = parseControl(controlFile)
  if (isRefusal(control)) throw new RefusedError(control)
  return { control, hasScripts }
}

/** How many bytes the files in it have. dpkg reads nothing behind it, so the byte that pads it may be missing. */
async function readData(reader: ByteReader, packed: PackedTar): Promise<number> {
  const { name, size } = packed.member
  const inner = new ByteReader(unpackedChunks(reader, packed))
  let bytes = 0
  try {
    for await (const entry of walkDebianTar(inner, { name, unpackedBy: 'dpkg' })) bytes += entry.size
  } finally {
    await inner.close()
  }
  if (size % 2 === 1) await reader.atMost(1)
  return bytes
}

function unpackedChunks(reader: ByteReader, { member, compression }: PackedTar): AsyncGenerator<Uint8Array> {
  const { name, size } = member
  return decompress({ name, compression, bytes: size, chunks: reader.span(size, name) })
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
