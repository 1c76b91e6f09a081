/**
 * A member of a depot is not interrupted while another appliance of its Data Center takes a patch from it. This is a
 * courtesy and no safety: whoever takes one for very long does not keep a depot from being patched.
 */
export const RELAYING_AT_MOST_MS = 10 * 60_000

/** `readers`: what each of its Data Center has asked for and not got yet; `waitedMs`: since this order might begin. */
export function whyRelaying(readers: readonly { queued: number; sending: number }[], waitedMs: number): string | null {
  if (waitedMs >= RELAYING_AT_MOST_MS || !readers.some(({ queued, sending }) => queued + sending > 0)) return null
  return 'waits until another appliance of its Data Center, which takes a patch from it, has that'
}
