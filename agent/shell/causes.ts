/**
 * An error as a sentence for a person or the log.
 */

/** What failed, and why, and why that. */
export function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`
}
