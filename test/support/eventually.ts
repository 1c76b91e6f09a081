/**
 * Waits for something that happens outside this process and tells nobody, until it is so or a deadline has passed.
 */
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 10

/** What `look` gave when it was neither null, undefined nor false; fails with `what` after the deadline. */
export async function eventually<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  deadlineMs = 60_000,
): Promise<Exclude<Value, null | undefined | false>> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; await pause(POLL_MS)) {
    const value = await look()
    if (value !== null && value !== undefined && value !== false) {
      return value as Exclude<Value, null | undefined | false>
    }
  }
  throw new Error(`${what} did not happen within ${deadlineMs / 1000} s`)
}
