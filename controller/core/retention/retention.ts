/**
 * How many versions of a patch are kept, and which patches somebody has pinned. Where nobody has set a number, all are.
 */
import { z } from 'zod'
import { Sha256 } from '../../../protocol/identifiers.ts'

export const MAX_KEPT_VERSIONS = 1_000
export const MAX_PIN_CHARACTERS = 200

/** Moments are wall milliseconds. */
export const Retention = z.strictObject({
  /** Of each name and architecture; null for all of them. */
  keepNewest: z.int().min(1).max(MAX_KEPT_VERSIONS).nullable(),
  setAt: z.int().min(0),
  setBy: z.string(),
})
export type Retention = z.infer<typeof Retention>

export const Pin = z.strictObject({
  patch: Sha256,
  reason: z.string().max(MAX_PIN_CHARACTERS),
  pinnedAt: z.int().min(0),
  pinnedBy: z.string(),
})
export type Pin = z.infer<typeof Pin>

export type RetentionState = {
  /** Null until somebody has said a number: all versions are kept. */
  set: Retention | null
  readonly pins: Map<Sha256, Pin>
}

export function newRetention(): RetentionState {
  return { set: null, pins: new Map() }
}

export type RetentionChange =
  | { table: 'retention'; row: Retention }
  /** Without a pin the patch is not pinned any more. */
  | { table: 'pins'; row: { patch: Sha256; pin: Pin | null } }

export function applyRetention(state: RetentionState, change: RetentionChange): void {
  if (change.table === 'retention') state.set = change.row
  else if (change.row.pin === null) state.pins.delete(change.row.patch)
  else state.pins.set(change.row.patch, change.row.pin)
}
