/**
 * The whole check of a Debian package (deb(5)): the members of its archive in their order, the control file, and every
 * byte of what it would unpack, read as a stream and thrown away. The manifest is derived; nothing is run or written.
 */
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import { AR_MAGIC, skipArPadding } from './ar-archive.ts'
import { type Conffile, ShippedConffiles } from './debian/conffiles.ts'
import { type ControlArchive, readControlArchive } from './debian/control-archive.ts'
import { deriveManifest, type ManifestDraft } from './debian/package-manifest.ts'
import { type PackedTar, passOverRest, readControlTar, readDataTar, readFormat } from './debian-members.ts'
import { walkDebianTar } from './debian-tar.ts'
import { decompress } from './decompress.ts'
import { MAX_CONTROL_UNPACKED_BYTES } from './package-limits.ts'

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
  const unpackedBytes = await readData(reader, await readDataTar(reader), control.conffiles)
  await passOverRest(reader)
  return deriveManifest({ ...control, unpackedBytes, createdSeconds: format.modifiedSeconds })
}

async function readControl(reader: ByteReader, packed: PackedTar): Promise<ControlArchive> {
  const { name } = packed.member
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
    const archive = await readControlArchive(walkDebianTar(inner, { name, unpackedBy: 'tar' }), name)
    if (isRefusal(archive)) throw new RefusedError(archive)
    await skipArPadding(reader, packed.member)
    return archive
  } finally {
    await inner.close()
  }
}

/** How many bytes the files in it have. dpkg reads nothing behind it, so the byte that pads it may be missing. */
async function readData(reader: ByteReader, packed: PackedTar, conffiles: readonly Conffile[]): Promise<number> {
  const { name, size } = packed.member
  const inner = new ByteReader(unpackedChunks(reader, packed))
  const shipped = new ShippedConffiles(conffiles)
  let bytes = 0
  try {
    for await (const entry of walkDebianTar(inner, { name, unpackedBy: 'dpkg' })) {
      shipped.add(entry)
      bytes += entry.size
    }
    const fault = shipped.fault()
    if (fault !== null) throw new RefusedError(fault)
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
