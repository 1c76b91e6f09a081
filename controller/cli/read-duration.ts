/**
 * A time that passes as people write it for a command: `90s`, `10m`, `2h`, `1d`, or 0.
 */
import { UsageError } from './command.ts'

const SECONDS = { s: 1, m: 60, h: 3600, d: 24 * 3600 } as const

/** In seconds. */
export function readDuration(option: string, text: string, atMostSeconds: number): number {
  const [, digits = '', unit = 's'] = /^(\d{1,7})([smhd])$/.exec(text) ?? (text === '0' ? ['', '0', 's'] : [])
  if (digits === '') throw new UsageError(`${option} is a time such as 90s, 10m, 2h or 1d, and ${text} is none`)
  const seconds = Number(digits) * SECONDS[unit as keyof typeof SECONDS]
  if (seconds <= atMostSeconds) return seconds
  throw new UsageError(`${option} is ${atMostSeconds / SECONDS.d} days at most, and ${text} is more`)
}
