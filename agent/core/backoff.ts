/**
 * When to try again: exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture
 * Blog, 2015), so that a fleet which lost its Service Center at one moment does not come back at one moment.
 */
import { nextBelow, type Random } from '../../protocol/random.ts'

const FIRST_MS = 500
const LAST_MS = 30_000

/** Milliseconds to wait after `failures` failures in a row, at least one. */
export function backoffMs(random: Random, failures: number): number {
  const ceiling = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
  return 100 + nextBelow(random, ceiling)
}
