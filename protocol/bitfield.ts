/**
 * Which pieces of a patch somebody has: one bit a piece, the first piece in the highest bit of the first byte.
 */
export type Bitfield = Uint8Array

export function emptyBitfield(count: number): Bitfield {
  return new Uint8Array(Math.ceil(count / 8))
}

export function fullBitfield(count: number): Bitfield {
  const field = emptyBitfield(count)
  for (let index = 0; index < count; index++) setBit(field, index)
  return field
}

export function hasBit(field: Bitfield, index: number): boolean {
  return ((field[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
}

export function setBit(field: Bitfield, index: number): void {
  field[index >> 3] = (field[index >> 3] ?? 0) | (0x80 >> (index & 7))
}

export function clearBit(field: Bitfield, index: number): void {
  field[index >> 3] = (field[index >> 3] ?? 0) & ~(0x80 >> (index & 7))
}

export function countBits(field: Bitfield): number {
  let count = 0
  for (const byte of field) {
    for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  }
  return count
}

/** Whether a field received from a peer has the right length for `count` pieces and no bit beyond them. */
export function isBitfieldOf(field: Uint8Array, count: number): boolean {
  if (field.byteLength !== Math.ceil(count / 8)) return false
  const spare = field.byteLength * 8 - count
  return spare === 0 || ((field.at(-1) ?? 0) & ((1 << spare) - 1)) === 0
}
