/**
 * What an install left as the administrator had it, in sentences for the report. They are found in the rehearsal and told
 * when the install was verified; what a script of the package made untrue meanwhile is not told.
 */
import { z } from 'zod'
import type { BelowRoot } from './below-root.ts'

/** A report is one paragraph; who wants them all looks at the appliance. */
const MAX_TOLD = 5

/** True only while `beside`, a path of bytes below the root, is there; null where nothing has to be. */
export const Remark = z.strictObject({ sentence: z.string(), beside: z.string().nullable() })
export type Remark = z.infer<typeof Remark>

export function tellRemarks(remarks: readonly Remark[], below: BelowRoot): string[] {
  const told = remarks
    .filter(({ beside }) => beside === null || below.lies(beside) !== null)
    .map(({ sentence }) => sentence)
  if (told.length <= MAX_TOLD) return told
  return [...told.slice(0, MAX_TOLD), `${told.length - MAX_TOLD} more of this kind`]
}
