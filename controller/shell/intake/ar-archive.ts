/**
 * The ar archive that a Debian package is (deb(5)), read as dpkg reads it: of a member's header only the name, the size
 * and the last two bytes count, in GNU's form or in BSD's. Which members there are and what is in them is for
 * debian-package.ts.
 */
import type { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'

export const AR_MAGIC = '!<arch>\n'
const HEADER_BYTES = 60
const HEADER_END = '`\n'

/** `modifiedSeconds` is 0 where the header does not tell it. */
export type ArMember = { readonly name: string; readonly size: number; readonly modifiedSeconds: number }

/** The next member's header; null at the end of the archive. */
export async function readArMember(reader: ByteReader): Promise<ArMember | null> {
  if (await reader.atEnd()) return null
  const at = reader.position
  const member = parseHeader(await reader.exactly(HEADER_BYTES, 'an archive member header'))
  if (member === null) throw malformed(at, 'does not end as headers do')
  if (typeof member.size === 'number') return { ...member, size: member.size }
  throw malformed(at, `has the size ${quoted(member.size.trimEnd())}`)
}

/** The header that stands there next, without taking it; null where something else does. */
export async function peekArMember(reader: ByteReader): Promise<ArMember | null> {
  const member = parseHeader(await reader.peek(HEADER_BYTES))
  return typeof member?.size === 'number' ? { ...member, size: member.size } : null
}

/** Members begin at even places; what makes them so is one byte, whatever it is. */
export async function skipArPadding(reader: ByteReader, member: ArMember): Promise<void> {
  if (member.size % 2 === 1) await reader.exactly(1, `the padding after ${member.name}`)
}

/** The size as it is written where that is no number. */
function parseHeader(bytes: Uint8Array): (Omit<ArMember, 'size'> & { readonly size: number | string }) | null {
  const text = Buffer.from(bytes).toString('latin1')
  if (bytes.byteLength < HEADER_BYTES || text.slice(58) !== HEADER_END) return null
  const written = text.slice(48, 58)
  // blanks may stand before it, and anything behind a blank; blanks alone are zero
  const digits = /^ *(\d*)(?: |$)/.exec(written)?.[1]
  return {
    name: nameIn(text.slice(0, 16)),
    size: digits === undefined ? written : Number(digits),
    modifiedSeconds: Number(/^ *(\d+)/.exec(text.slice(16, 28))?.[1] ?? 0),
  }
}

/** BSD pads it with spaces; GNU puts a slash before them. */
function nameIn(field: string): string {
  let end = field.length
  while (field[end - 1] === ' ') end--
  if (field[end - 1] === '/') end--
  const nul = field.indexOf('\0')
  return field.slice(0, nul === -1 ? end : Math.min(nul, end))
}

function malformed(at: number, fault: string): RefusedError {
  return new RefusedError(refuse('malformed', `What stands at byte ${at}, a member of the package, ${fault}.`))
}
