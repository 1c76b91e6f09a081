/**
 * Numbers as people read them on a terminal.
 */
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `1.2 MB`; powers of a thousand, as disks and networks are sold. */
export function readableBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 999.95 && unit < UNITS.length - 1; unit++) value /= 1000
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${UNITS[unit]}`
}

/** `2026-11-22 17:03` in UTC, from the API's RFC 3339. */
export function readableTime(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
