/**
 * Writes into the trail what is no command of the core: who signed in, whose account changed, what was refused. Refusals
 * can be had for nothing, so of these only some are written, and the next one that is says how many were not.
 */
import type { AuditRecord } from '../core/records.ts'
import type { Repository } from './ports.ts'

/** For each who causes them: so many at once, then one from time to time. */
const AT_ONCE = 20
const EVERY_MS = 5_000

export type TrailNote = Omit<AuditRecord, 'at'>

export type TrailNotes = {
  write(note: TrailNote): Promise<void>
  /** `cause` is whoever causes it: an actor, or all strangers together. */
  writeRefusal(cause: string, note: TrailNote): Promise<void>
}

export function trailNotes(repository: Repository, clock: () => number): TrailNotes {
  const causes = new Map<string, { written: number; atMs: number; left: number }>()
  const write = (row: TrailNote) => repository.commit([{ table: 'audit', row: { at: clock(), ...row } }])
  return {
    write,
    async writeRefusal(cause, note) {
      const atMs = clock()
      const before = causes.get(cause) ?? { written: 0, atMs, left: 0 }
      const written = Math.max(0, before.written - (atMs - before.atMs) / EVERY_MS)
      if (written + 1 > AT_ONCE) {
        causes.set(cause, { written, atMs, left: before.left + 1 })
        return
      }
      causes.set(cause, { written: written + 1, atMs, left: 0 })
      const outcome = before.left === 0 ? note.outcome : `${note.outcome}, and ${before.left} more that are not listed`
      await write({ ...note, outcome })
    },
  }
}
