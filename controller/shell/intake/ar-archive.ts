/**
 * The ar archive that a Debian package is (deb(5)): its magic and the header of each member, checked field by field.
 * Which members there are and what is in them is for debian-package.ts.
 */
import type { ByteReader } from '../../../protocol/byte-reader.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'

export const AR_MAGIC = '!<arch>\n'
const HEADER_BYTES = 60

export type ArMember = { readonly name: string; readonly size: number; readonly modifiedSeconds: number }

/** Each numeric field with its place in the header and its grammar: digits, then spaces. */
const NUMBERS = {
  'modification time': [16, 12, /^(\d+) *$/],
  owner: [28, 6, /^(\d+) *$/],
  group: [34, 6, /^(\d+) *$/],
  mode: [40, 8, /^([0-7]+) *$/],
  size: [48, 10, /^(\d+) *$/],
} as const satisfies Record<string, readonly [offset: number, length: number, grammar: RegExp]>

/** The next member's header; null at the end of the archive. */
export async function readArMember(reader: ByteReader): Promise<ArMember | null> {
  if (await reader.atEnd()) return null
  const at = reader.position
  const text = Buffer.from(await reader.exactly(HEADER_BYTES, 'an archive member header')).toString('latin1')
  if (text.slice(58) !== '`\n') throw malformed(at, 'does not end as headers do')
  const name = /^([A-Za-z0-9._+-]{1,15})\/? *$/.exec(text.slice(0, 16))?.[1]
  if (name === undefined) throw malformed(at, `has the name ${quoted(text.slice(0, 16).trimEnd())}`)
  const number = (field: keyof typeof NUMBERS): number => {
    const [offset, length, grammar] = NUMBERS[field]
    const written = text.slice(offset, offset + length)
    const digits = grammar.exec(written)?.[1]
    if (digits === undefined) throw malformed(at, `has the ${field} ${quoted(written.trimEnd())}`)
    return Number(digits)
  }
  for (const field of ['owner', 'group', 'mode'] as const) number(field)
  return { name, size: number('size'), modifiedSeconds: number('modification time') }
}

/** Members begin at even places; the byte that makes them so is a line feed. */
export async function skipArPadding(reader: ByteReader, member: ArMember): Promise<void> {
  if (member.size % 2 === 0) return
  const [byte] = await reader.exactly(1, `the padding after ${member.name}`)
  if (byte !== 0x0a) throw malformed(reader.position - 1, 'stands where a line feed pads the member before')
}

function malformed(at: number, fault: string): RefusedError {
  return new RefusedError(refuse('malformed', `What stands at byte ${at}, a member of the package, ${fault}.`))
}
