/**
 * One header block of a tar archive, decoded as dpkg decodes it (lib/dpkg/tarfn.c): ustar, GNU and the form before
 * both; a number is octal digits among blanks, or binary where its first byte says so. Stricter than needed nowhere, and
 * so not the reader of patch bundles (protocol/bundle/tar.ts), which has one plain form.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'

export type DebianHeader = {
  readonly name: string
  readonly type: string
  readonly linkName: string
  readonly size: number
}

const OFF_T = [0n, 2n ** 63n - 1n] as const
const TIME_T = [-(2n ** 63n), 2n ** 63n - 1n] as const
const UID_T = [0n, 2n ** 32n - 1n] as const
const USTAR = 'ustar\0'
const CHECKSUM = [148, 8] as const

/** 'end' where dpkg takes the block for the end of the archive: it is no header, and has no name. */
export function readDebianHeader(block: Uint8Array, place: string): DebianHeader | 'end' | Refusal {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const text = (offset: number, length: number) => untilNul(bytes, offset, length)
  const prefix = bytes.toString('latin1', 257, 263) === USTAR ? text(345, 155) : ''
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  const fault = (refusal: Refusal) => (name === '' ? 'end' : refusal)

  const size = number(bytes.subarray(124, 136), OFF_T)
  const others = { 'modification time': [136, 12, TIME_T], owner: [108, 8, UID_T], group: [116, 8, UID_T] } as const
  if (size === null) return fault(refuse('malformed', `${place} has a header with a size that is no number.`))
  for (const [field, [offset, length, range]] of Object.entries(others)) {
    if (number(bytes.subarray(offset, offset + length), range) !== null) continue
    return fault(refuse('malformed', `${place} has a header with a ${field} that is no number.`))
  }
  const written = octal(bytes.subarray(CHECKSUM[0], CHECKSUM[0] + CHECKSUM[1]))
  const sum = checksum(bytes)
  if (written !== BigInt(sum)) {
    return fault(refuse('digest_mismatch', `${place} has a header with checksum ${sum}, which says otherwise.`))
  }
  return { name, type: text(156, 1), linkName: text(157, 100), size: Number(size) }
}

/** The sum of all bytes, the checksum's own taken as spaces. */
function checksum(bytes: Buffer): number {
  const [offset, length] = CHECKSUM
  let sum = length * 0x20
  for (let at = 0; at < offset; at++) sum += bytes[at] as number
  for (let at = offset + length; at < bytes.byteLength; at++) sum += bytes[at] as number
  return sum
}

function number(field: Buffer, [least, most]: readonly [bigint, bigint]): bigint | null {
  const binary = field[0] === 0x80 || field[0] === 0xff
  const value = binary ? base256(field) : octal(field)
  return value === null || value < least || value > most ? null : value
}

/** Digits, which may be none, among blanks; blanks alone are nothing. */
function octal(field: Buffer): bigint | null {
  const begin = field.findIndex((byte) => byte !== 0x20)
  if (begin === -1) return null
  const digits = /^([0-7]*)[ \0]*$/.exec(field.toString('latin1', begin))?.[1]
  return digits === undefined ? null : BigInt(`0o${digits === '' ? '0' : digits}`)
}

/** Two's complement, where the first byte says no more than the sign. */
function base256(field: Buffer): bigint {
  const value = BigInt(`0x${field.subarray(1).toString('hex')}`)
  return field[0] === 0xff ? value - 256n ** BigInt(field.byteLength - 1) : value
}

function untilNul(bytes: Buffer, offset: number, length: number): string {
  const nul = bytes.indexOf(0, offset)
  return bytes.toString('latin1', offset, nul === -1 ? offset + length : Math.min(nul, offset + length))
}
