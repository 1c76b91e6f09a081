/**
 * The JSON of exposure clocks: what is told, and what may be said of a patch and of the days that a severity leaves.
 */
import { z } from 'zod'
import {
  type Advisory,
  MAX_DUE_DAYS,
  MAX_REFERENCE_CHARACTERS,
  SEVERITIES,
  Severity,
} from '../core/exposure/advisory.ts'
import type * as views from '../core/exposure/exposure-views.ts'

const A_MOMENT = 'is not a day such as 2026-11-30, or a moment such as 2026-11-30T12:00:00Z'

/** A day in UTC stands for its first moment, or for its last where something is to be done by it. */
function moment(ofDay: 'first' | 'last') {
  return z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], A_MOMENT)
    .transform((text) => {
      if (text.includes('T')) return Date.parse(text)
      return Date.parse(ofDay === 'first' ? `${text}T00:00:00.000Z` : `${text}T23:59:59.999Z`)
    })
    .nullable()
    .default(null)
}

/** Whatever is left out is not known. */
export const AdvisoryBody = z.strictObject({
  severity: Severity.nullable().default(null).describe('Its due date follows from it.'),
  reference: z
    .string()
    .max(MAX_REFERENCE_CHARACTERS)
    .default('')
    .describe('What others call the advisory, such as DSA-5941-1 or CVE-2026-1234.'),
  publishedAt: moment('first').describe(
    'When the advisory was published: the clock runs from then, else from the upload.',
  ),
  dueAt: moment('last').describe('By when all must have it, in place of what follows from the severity.'),
})
export type AdvisoryBody = z.output<typeof AdvisoryBody>

/** The same with an upload: nothing is said where none of them is given. */
export const advisoryQuery = {
  severity: Severity.optional(),
  reference: z.string().max(MAX_REFERENCE_CHARACTERS).optional().describe('Of the advisory that it answers.'),
  publishedAt: moment('first').optional().describe('When that advisory was published.'),
  dueAt: moment('last').optional().describe('By when all must have it.'),
}

const days = z.int().min(1).max(MAX_DUE_DAYS).nullable().optional()
export const DueDaysBody = z.strictObject({ critical: days, high: days, medium: days, low: days })
export const DueDays = z
  .object({ severity: Severity, days: z.int().nullable().describe('Null: it has no due date.') })
  .array()

export const ExposureQuery = z.strictObject({
  show: z.enum(['open', 'all']).default('open').describe('open: of which an appliance is exposed.'),
})

const time = z.iso.datetime()
const count = z.int().min(0)
const patch = z.object({ id: z.string(), name: z.string(), version: z.string(), architecture: z.string().nullable() })
const counts = {
  state: z.enum(['overdue', 'exposed', 'ended', 'not applicable']),
  total: count.describe('Appliances that must have it.'),
  exposed: count,
  patched: count,
  overdue: count.describe('Of those that are exposed, past their due date.'),
  notApplicable: count,
  joinedLate: count.describe(
    'Of those that must have it, those that joined when the patch and its advisory were there.',
  ),
  patchedLate: count.describe('Of those that have it, past their due date when they got it.'),
  since: time.nullable(),
  dueAt: time.nullable(),
  overdueSeconds: count,
  endedAt: time.nullable().describe('When the last of them got it; null while one is exposed.'),
  medianSeconds: count.nullable().describe('Time to remediate, of those that have it.'),
  longestSeconds: count.nullable(),
}
const summary = {
  ...counts,
  patch,
  supersededBy: patch.nullable(),
  severity: z.enum(SEVERITIES).nullable(),
  reference: z.string(),
  publishedAt: time.nullable(),
  uploadedAt: time,
  clockSince: time,
  clockDueAt: time.nullable(),
  dueIsSet: z.boolean(),
  organizations: z.array(z.object({ organization: z.string(), ...counts })),
}
export const ExposureSummary: z.ZodType<views.ExposureSummary> = z.object(summary)

const place = {
  ...{ name: z.string(), organization: z.string(), dataCenter: z.string(), kind: z.string(), role: z.string() },
  reason: z.string(),
}
export const ExposureDetail: z.ZodType<views.ExposureDetail> = z.object({
  ...summary,
  appliances: z.array(
    z.object({
      ...place,
      ...{ since: time, dueAt: time.nullable(), overdueSeconds: count, joinedLate: z.boolean() },
      installedVersion: z.string().nullable(),
    }),
  ),
  notMeant: z.array(z.object(place)),
})

type Given = { readonly [Name in keyof typeof advisoryQuery]?: z.output<(typeof advisoryQuery)[Name]> }

/** What was given with an upload, or null. */
export function advisoryWith({ severity, reference, publishedAt, dueAt }: Given): Omit<Advisory, 'patch'> | null {
  const given = [severity, reference, publishedAt, dueAt].some((value) => value !== undefined && value !== null)
  if (!given) return null
  return {
    ...{ severity: severity ?? null, reference: reference ?? '' },
    ...{ publishedAt: publishedAt ?? null, dueAt: dueAt ?? null },
  }
}
