/**
 * The family of errors that are bugs: a broken invariant stops the process at once, with the sentence that says which.
 * Hostile input is never a bug (see refusals.ts), and neither is a full disk (an `Error` with its cause).
 */
import { AssertionError } from 'node:assert'

export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new AssertionError({ message: `broken invariant: ${invariant}`, stackStartFn: assert })
}

/** Closes a `switch` over a union: the compiler refuses a missing case, the process a value from outside the union. */
export function unreachable(value: never): never {
  throw new AssertionError({
    message: `broken invariant: no case for ${JSON.stringify(value)}`,
    stackStartFn: unreachable,
  })
}

/** Whoever turns errors into values lets these go on: they end the process. What is no `Error` was thrown by mistake. */
export function isBug(error: unknown): boolean {
  return error instanceof AssertionError || !(error instanceof Error)
}
