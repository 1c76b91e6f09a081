/**
 * Quantities as people write them, always with their unit: `100 Mbit/s`, `40 ms`, `0.1 %`, `200 GB`. Each reader gives a
 * number in the base unit, or null for a text that is none.
 */
const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-z%/]+)$/

/** What a reader takes, as the end of the sentence "expected …". */
export const A_RATE = 'a rate above zero such as 100 Mbit/s'
export const A_DURATION = 'a duration such as 40 ms or 30 s'
export const A_SHARE = 'a share below 100 % such as 0.1 %'
export const A_SIZE = 'a size above zero such as 200 GB or 16 MiB'

const RATES = { 'bit/s': 1, 'kbit/s': 1e3, 'Mbit/s': 1e6, 'Gbit/s': 1e9, 'Tbit/s': 1e12 }
const DURATIONS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }
const SIZES = {
  B: 1,
  bytes: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Bits per second, above zero. */
export function readRate(text: string): number | null {
  return positive(read(text, RATES))
}

/** Milliseconds. */
export function readDuration(text: string): number | null {
  return read(text, DURATIONS)
}

/** Bytes, a whole number above zero. */
export function readSize(text: string): number | null {
  const bytes = positive(read(text, SIZES))
  return bytes === null ? null : Math.round(bytes)
}

/** A ratio below one. */
export function readShare(text: string): number | null {
  const ratio = read(text, { '%': 0.01 })
  return ratio === null || ratio >= 1 ? null : ratio
}

function read(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits, unit = ''] = QUANTITY.exec(text.trim()) ?? []
  if (!Object.hasOwn(units, unit)) return null
  return Number(digits) * (units[unit] ?? Number.NaN)
}

function positive(value: number | null): number | null {
  return value === null || value <= 0 ? null : value
}
