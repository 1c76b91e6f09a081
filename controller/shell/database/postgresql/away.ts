/**
 * Which errors mean that PostgreSQL, or the way to it, is away for now: nothing is known then of a transaction that was under
 * way, and asking again is right. Everything else is an answer.
 */

/** Marks an error that was put into words. */
export type Away = { isAway: true }

/** SQLSTATE: classes 08 (connection) and 57P (shut down, crashed, starting), a transaction left open, and too many connections (PostgreSQL, Appendix A). */
const STATES = /^(?:08...|25P03|57P0[123]|53300)$/
const SYSTEM = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ECONNABORTED', 'ENOENT'],
])
/** pg has no code for these. */
const WORDS =
  /Connection terminated|Query read timeout|connection error|timeout exceeded when trying to connect|timeout expired/

export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('isAway' in error) return true
  const code = 'code' in error ? String(error.code) : ''
  return STATES.test(code) || SYSTEM.has(code) || WORDS.test(error.message)
}

/** Two transactions stood in each other's way, and this one was taken back. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40001' || error.code === '40P01')
}
