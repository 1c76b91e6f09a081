/**
 * Waits for something that happens outside this process and tells nobody, until it is so. The deadline is there to end a
 * test whose event never comes; it says nothing of how fast things are, so it is long enough for the slowest machine.
 */
import { AssertionError } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { PATIENCE_MS } from '../../simulator/processes/patience.ts'

const POLL_MS = 10
/** Of a test that waits for more than one event, or for something other than `eventually`. */
export const DEADLINE = { timeout: 4 * PATIENCE_MS }

/**
 * What `look` gave when it was neither null, undefined nor false. An error of `look` means not yet, like a file that is
 * not there; an assertion in it fails at once. After the deadline it fails with `what`, and the last error.
 */
export async function eventually<Value>(
  what: string,
  look: () => Value | Promise<Value>,
): Promise<Exclude<Value, null | undefined | false>> {
  let cause: unknown
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(POLL_MS)) {
    try {
      const value = await look()
      cause = undefined
      if (value !== null && value !== undefined && value !== false) {
        return value as Exclude<Value, null | undefined | false>
      }
    } catch (error) {
      if (error instanceof AssertionError) throw error
      cause = error
    }
  }
  throw new Error(`${what} did not happen within ${PATIENCE_MS / 1000} s`, { cause })
}
