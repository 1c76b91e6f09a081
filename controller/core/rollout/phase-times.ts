/**
 * When an appliance reported each state of its order first, by its own clock and signed by it: between two of them lies how
 * long a phase took there, however late the reports were heard.
 */
import { z } from 'zod'
import { type Report, ReportState, WallTime } from '../../../protocol/trust/statements.ts'

export const PhaseTimes = z.partialRecord(ReportState, WallTime).readonly()
export type PhaseTimes = z.infer<typeof PhaseTimes>

export function withPhase(known: PhaseTimes, { state, reportedAt }: Pick<Report, 'state' | 'reportedAt'>): PhaseTimes {
  return { [state]: reportedAt, ...known }
}

/** What one install took on one appliance. */
export type Spent = {
  /** Everything, from its turn on. */
  readonly allMs: number
  /** Until the installer started: looking, the checks before, asking for the lease, the hook that gives up service. */
  readonly beforeMs: number
  /** From then on to the end. */
  readonly changedMs: number
  /** After the installer: looking, the checks after, and the hook that takes service back; with a soak and a restart. */
  readonly afterMs: number
}

/** Null where not all of it was told, or it did not end at the patch. */
export function spentIn({ staging, preflight, installing, verifying, installed }: PhaseTimes): Spent | null {
  if (preflight === undefined || installing === undefined || verifying === undefined || installed === undefined)
    return null
  const between = (from: number, to: number): number => Math.max(0, to - from)
  return {
    allMs: between(Math.min(staging ?? preflight, preflight), installed),
    beforeMs: between(preflight, installing),
    changedMs: between(installing, installed),
    afterMs: between(verifying, installed),
  }
}
