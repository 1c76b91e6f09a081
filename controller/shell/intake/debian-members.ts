/**
 * Which members a Debian package has and in which order (deb(5)), as dpkg-deb decides it: debian-binary, control.tar and
 * data.tar, each with the suffix of its packing, and between them what begins with an underscore. dpkg reads nothing
 * behind data.tar; so whatever stands there is passed over too, unless somebody means it to be installed.
 */
import type { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'
import { AR_MAGIC, type ArMember, peekArMember, readArMember, skipArPadding } from './ar-archive.ts'
import type { Compression } from './decompress.ts'
import { MAX_FORMAT_BYTES } from './package-limits.ts'
import { onPurpose } from './refused-on-purpose.ts'

export type PackedTar = { readonly member: ArMember; readonly compression: Compression }

const PACKINGS: Readonly<Record<string, Compression>> = {
  '': 'none',
  '.gz': 'gz',
  '.xz': 'xz',
  '.zst': 'zst',
  '.bz2': 'bz2',
  '.lzma': 'lzma',
}
const CONTROL = { tar: 'control.tar', packings: ['none', 'gz', 'xz', 'zst'] } as const
const DATA = { tar: 'data.tar', packings: ['none', 'gz', 'xz', 'zst', 'bz2', 'lzma'] } as const
type Wanted = typeof CONTROL | typeof DATA

/** The first member, with the version of the format; other lines in it are for other readers. */
export async function readFormat(reader: ByteReader): Promise<ArMember> {
  const member = await readArMember(reader)
  if (member === null) throw endsBefore(reader, 'debian-binary')
  if (member.name !== 'debian-binary') throw misplaced(member, 'debian-binary')
  if (member.size > MAX_FORMAT_BYTES) {
    throw refusal('too_large', `debian-binary has ${member.size} bytes; at most ${MAX_FORMAT_BYTES} are accepted.`)
  }
  const text = Buffer.from(await reader.exactly(member.size, member.name)).toString('latin1')
  await skipArPadding(reader, member)
  if (/^0{0,9}2\.\d{1,9}\n/.test(text)) return member
  throw refusal('malformed', `debian-binary says ${quoted(text)}; a line with format 2.0 is expected.`)
}

export const readControlTar = (reader: ByteReader): Promise<PackedTar> => readTarMember(reader, CONTROL)
export const readDataTar = (reader: ByteReader): Promise<PackedTar> => readTarMember(reader, DATA)

async function readTarMember(reader: ByteReader, { tar, packings }: Wanted): Promise<PackedTar> {
  for (let member = await readArMember(reader); member !== null; member = await readArMember(reader)) {
    if (!member.name.startsWith('_')) {
      if (!member.name.startsWith(tar)) throw misplaced(member, tar)
      const suffix = member.name.slice(tar.length)
      const compression = PACKINGS[suffix]
      if (compression !== undefined && packings.some((packing) => packing === compression)) {
        return { member, compression }
      }
      const known = Object.keys(PACKINGS).filter((it) => packings.some((packing) => packing === PACKINGS[it]))
      const taken = known.map((it) => `${tar}${it}`).join(', ')
      throw refusal(
        'unsupported',
        `${quoted(member.name)} is packed in a way that dpkg does not read; it reads ${taken}.`,
      )
    }
    await skipContent(reader, member)
  }
  throw endsBefore(reader, tar)
}

/** Reads to the end of the file. */
export async function passOverRest(reader: ByteReader): Promise<void> {
  for (let member = await peekArMember(reader); member !== null; member = await peekArMember(reader)) {
    if (member.name.startsWith(CONTROL.tar) || member.name.startsWith(DATA.tar)) {
      throw onPurpose('second_member', `A second member ${quoted(member.name)} stands at byte ${reader.position}`)
    }
    await readArMember(reader)
    for (let left = member.size + (member.size % 2); left > 0; ) {
      const bytes = await reader.atMost(left)
      if (bytes === null) return
      left -= bytes.byteLength
    }
  }
  const next = Buffer.from(await reader.peek(AR_MAGIC.length)).toString('latin1')
  if (next === AR_MAGIC) throw onPurpose('second_member', `A second package begins at byte ${reader.position}`)
  for await (const bytes of reader.rest()) void bytes
}

async function skipContent(reader: ByteReader, member: ArMember): Promise<void> {
  for await (const bytes of reader.span(member.size, member.name)) void bytes
  await skipArPadding(reader, member)
}

function endsBefore(reader: ByteReader, name: string): RefusedError {
  return refusal('truncated', `The package ends after ${reader.position} bytes, before ${name}.`)
}

function misplaced(member: ArMember, name: string): RefusedError {
  return refusal('malformed', `The package has ${quoted(member.name)} where ${name} must stand.`)
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
