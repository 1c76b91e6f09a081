/** The checksum of bzip2: CRC-32 with the polynomial 0x04c11db7, the highest bit first. */
const POLYNOMIAL = 0x04c11db7

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ POLYNOMIAL : value << 1
  return value >>> 0
})

export const START_OF_CRC = 0xffffffff

export function extendCrc(sum: number, bytes: Uint8Array): number {
  let value = sum
  for (const byte of bytes) value = (value << 8) ^ (TABLE[((value >>> 24) ^ byte) & 0xff] as number)
  return value >>> 0
}

export function finishCrc(sum: number): number {
  return ~sum >>> 0
}
