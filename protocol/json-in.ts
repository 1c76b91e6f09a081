/**
 * Text that should be JSON, for a schema to judge. What comes from a stranger goes through strict-json.ts instead.
 */

/** What the text says; undefined, which no schema takes, where it is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
