/**
 * What is known of the flaw that a patch mends: how severe it is, under which name and since when the world knows it, and
 * by when the patch must be everywhere. Nobody has to say any of it; without it the clock runs from the upload.
 */
import { z } from 'zod'
import { Sha256 } from '../../../protocol/identifiers.ts'
import type { ServiceCenterState } from '../state.ts'

/** The worst first; the words of CVSS. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
export const Severity = z.enum(SEVERITIES)
export type Severity = z.infer<typeof Severity>

export const MAX_REFERENCE_CHARACTERS = 200
export const MAX_DUE_DAYS = 3_650

/** Moments are wall milliseconds. */
export const Advisory = z.strictObject({
  patch: Sha256,
  severity: Severity.nullable(),
  /** `DSA-5941-1`, `CVE-2026-1234`; empty where there is none. */
  reference: z.string().max(MAX_REFERENCE_CHARACTERS),
  publishedAt: z.int().min(0).nullable(),
  /** A day that somebody has set, in place of what follows from the severity. */
  dueAt: z.int().min(0).nullable(),
})
export type Advisory = z.infer<typeof Advisory>

export type DueDays = { severity: Severity; days: number | null }

/** What US agencies are held to for what can be reached from outside (BOD 19-02), and FedRAMP for the rest. */
const USUAL_DAYS: Record<Severity, number> = { critical: 15, high: 30, medium: 90, low: 180 }

/** Null: it has no due date. */
export function daysFor({ dueDays }: Pick<ServiceCenterState, 'dueDays'>, severity: Severity | null): number | null {
  if (severity === null) return null
  const set = dueDays.get(severity)
  return set === undefined ? USUAL_DAYS[severity] : set
}

export function dueDaysOf(state: ServiceCenterState): DueDays[] {
  return SEVERITIES.map((severity) => ({ severity, days: daysFor(state, severity) }))
}

export function advisoryOf({ advisories }: Pick<ServiceCenterState, 'advisories'>, patch: Sha256): Advisory {
  return advisories.get(patch) ?? { patch, severity: null, reference: '', publishedAt: null, dueAt: null }
}
