/**
 * The header block of POSIX ustar (IEEE 1003.1, "ustar Interchange Format"), read and written. Reading checks what every
 * archive must keep, the checksum first, and gives the fields; which entries are allowed is for the reader of a patch
 * bundle and of a Debian package, which differ. Writing gives the one plain form that a bundle's headers must have.
 */
import { type Refusal, refuse } from '../refusals.ts'

export const TAR_BLOCK_BYTES = 512

/** The type flag of the only two kinds of entry that a bundle holds. */
export const PLAIN_FILE = '0'
export const FOLDER = '5'

export type TarHeader = {
  readonly name: string
  readonly mode: number
  readonly size: number
  /** The type flag: '0' or NUL a plain file, '5' a folder, '1' and '2' links, the rest is in the standard. */
  readonly type: string
  readonly linkName: string
}

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  user: [108, 8],
  group: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>

const USTAR = 'ustar\u000000'

/** Bytes that pad `size` bytes of content to whole blocks. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES
}

export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0)
}

/** Whether these first bytes of a file could be those of a tar archive, in ustar or in GNU form. */
export function looksLikeTar(head: Uint8Array): boolean {
  return head.byteLength >= TAR_BLOCK_BYTES && textOf(head, 'magic').startsWith('ustar')
}

/** `at` is where the block stands, for the refusal's sentence. */
export function readTarHeader(block: Uint8Array, at: number): TarHeader | Refusal {
  const written = textOf(block, 'checksum')
  const sum = checksum(block)
  if (Number.parseInt(written, 8) !== sum || !/^ *[0-7]+[ \0]{0,2}$/.test(written)) {
    return refuse('digest_mismatch', `The archive header at byte ${at} has checksum ${sum}, and says otherwise.`)
  }
  const mode = readNumber(block, 'mode')
  const size = readNumber(block, 'size')
  if (mode === null || size === null) {
    const field = mode === null ? 'mode' : 'size'
    return refuse('malformed', `The archive header at byte ${at} has a ${field} that is not a number.`)
  }
  const ustar = textOf(block, 'magic') === USTAR
  const prefix = ustar ? untilNul(textOf(block, 'prefix')) : ''
  const name = untilNul(textOf(block, 'name'))
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode,
    size,
    type: textOf(block, 'type'),
    linkName: untilNul(textOf(block, 'linkName')),
  }
}

/**
 * The plain form: user, group and time are zero, nothing is named, everything else is fixed, so that equal contents give
 * equal bytes. Null where `name` does not fit.
 */
export function writeTarHeader(header: TarHeader): Uint8Array | null {
  const split = splitName(header.name)
  if (split === null || header.linkName.length > 100) return null
  const block = Buffer.alloc(TAR_BLOCK_BYTES)
  const put = (field: keyof typeof FIELDS, text: string) => block.write(text, FIELDS[field][0], 'latin1')
  put('name', split.name)
  put('prefix', split.prefix)
  put('mode', octal(header.mode, 7))
  put('user', octal(0, 7))
  put('group', octal(0, 7))
  put('size', octal(header.size, 11))
  put('modified', octal(0, 11))
  put('type', header.type)
  put('linkName', header.linkName)
  put('magic', USTAR)
  put('checksum', `${octal(checksum(block), 6)}\0 `)
  return block
}

/** The sum of all bytes, the checksum's own taken as spaces. */
function checksum(block: Uint8Array): number {
  const [offset, length] = FIELDS.checksum
  let sum = length * 0x20
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) {
    if (at < offset || at >= offset + length) sum += block[at] as number
  }
  return sum
}

/** Octal digits, or GNU's binary form for what they cannot hold; null for anything else or beyond 2^53. */
function readNumber(block: Uint8Array, field: 'mode' | 'size'): number | null {
  const [offset, length] = FIELDS[field]
  if (block[offset] === 0x80) {
    const value = Buffer.from(block.subarray(offset + 1, offset + length)).reduce((sum, byte) => sum * 256 + byte, 0)
    return Number.isSafeInteger(value) ? value : null
  }
  const digits = /^ *([0-7]+)[ \0]*$/.exec(textOf(block, field))?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 8)
}

/** Names over 100 characters are split at a slash, as early as possible. */
function splitName(full: string): { prefix: string; name: string } | null {
  if (full.length <= FIELDS.name[1]) return { prefix: '', name: full }
  const slash = full.indexOf('/', full.length - FIELDS.name[1] - 1)
  if (slash < 1 || slash > FIELDS.prefix[1] || slash === full.length - 1) return null
  return { prefix: full.slice(0, slash), name: full.slice(slash + 1) }
}

function textOf(block: Uint8Array, field: keyof typeof FIELDS): string {
  const [offset, length] = FIELDS[field]
  return Buffer.from(block.buffer, block.byteOffset + offset, length).toString('latin1')
}

function untilNul(text: string): string {
  const nul = text.indexOf('\0')
  return nul === -1 ? text : text.slice(0, nul)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
