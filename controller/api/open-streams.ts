/**
 * The event streams that are open now, by the session or API token that opened them: no more than a limit for each, so
 * that one visitor cannot use up the process, and all of a session's end with it.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'

/** Several windows of one person, each with its own stream. */
export const MAX_STREAMS = 20

export type OpenStreams = {
  /** False, and nothing is kept, when the owner has as many open as it may. */
  admit(owner: Sha256, end: () => void): boolean
  leave(owner: Sha256, end: () => void): void
  endAll(owner: Sha256): void
}

export function openStreams(): OpenStreams {
  const byOwner = new Map<Sha256, Set<() => void>>()
  return {
    admit(owner, end) {
      const open = byOwner.get(owner) ?? new Set()
      if (open.size >= MAX_STREAMS) return false
      byOwner.set(owner, open.add(end))
      return true
    },
    leave(owner, end) {
      const open = byOwner.get(owner)
      open?.delete(end)
      if (open?.size === 0) byOwner.delete(owner)
    },
    endAll(owner) {
      for (const end of byOwner.get(owner) ?? []) end()
    },
  }
}
