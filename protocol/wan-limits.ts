/**
 * What people allow patches to take of a WAN link: a rate each way, and hours in which nothing is transferred. Orders,
 * reports and receipts are never held up by them.
 */
import { z } from 'zod'

export const MINUTES_OF_A_DAY = 24 * 60
const minute = z
  .int()
  .min(0)
  .max(MINUTES_OF_A_DAY - 1)
/** A slower link than 64 kbit/s would need days for a small patch; a faster one than 1 Tbit/s is not built. */
const bitsPerSecond = z.int().min(64_000).max(1e12).nullable()

/** Minutes since midnight in UTC; `to` is the first minute after it, and may lie on the next day. */
export const QuietHours = z
  .strictObject({ from: minute, to: minute })
  .refine(({ from, to }) => from !== to, 'must not begin and end at the same minute')
export type QuietHours = z.infer<typeof QuietHours>

export const WanLimits = z.strictObject({
  /** On the wire, headers included; null for what the link carries. */
  downBitsPerSecond: bitsPerSecond,
  upBitsPerSecond: bitsPerSecond,
  quietHours: z.array(QuietHours).max(8),
})
export type WanLimits = z.infer<typeof WanLimits>

export const NO_LIMITS: WanLimits = { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: [] }

/**
 * Bytes on a link for each byte of our frames: Ethernet, IPv4 and TCP headers with timestamps (1514 for 1448), Noise
 * (16 for 64 KiB), Yamux (12 for 64 KiB) and CBOR.
 */
export const WIRE_BYTES_PER_BYTE = 1.046

/** Bytes of our frames in a millisecond, on a link of this rate. */
export function frameBytesPerMs(bitsPerSecond: number): number {
  return bitsPerSecond / 8 / 1000 / WIRE_BYTES_PER_BYTE
}

/** The quiet hours in which this moment lies, or null. */
export function quietHoursAt({ quietHours }: WanLimits, wallMs: number): QuietHours | null {
  const now = Math.floor(wallMs / 60_000) % MINUTES_OF_A_DAY
  return quietHours.find(({ from, to }) => (from < to ? now >= from && now < to : now >= from || now < to)) ?? null
}

/** As people write it: 06:30. */
export function clockTime(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
