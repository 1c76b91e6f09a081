/**
 * The JSON of retention; the types of the answers are those of controller/core/retention/, which the compiler compares.
 */
import { z } from 'zod'
import { MAX_KEPT_VERSIONS, MAX_PIN_CHARACTERS } from '../core/retention/retention.ts'
import type { RetentionView as View } from '../core/retention/retention-views.ts'

const count = z.int().min(0)
const time = z.iso.datetime()
const versions = z.coerce.number().int().min(1).max(MAX_KEPT_VERSIONS)

export const RetentionQuery = z.strictObject({
  keepNewest: z
    .union([z.literal('all').transform(() => null), versions])
    .optional()
    .describe('Judges the patches by this number, or `all`, and changes nothing.'),
})
export const RetentionBody = z.strictObject({ keepNewest: z.int().min(1).max(MAX_KEPT_VERSIONS).nullable() })
export const PinBody = z.strictObject({ reason: z.string().max(MAX_PIN_CHARACTERS).default('') })

export const RetentionView: z.ZodType<View> = z.object({
  keepNewest: z.int().nullable(),
  setAt: time.nullable(),
  setBy: z.string().nullable(),
  judgedBy: z.int().nullable(),
  patches: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      version: z.string(),
      architecture: z.string().nullable(),
      bytes: count,
      uploadedAt: time,
      stays: z.boolean(),
      reasons: z.array(z.string()),
      pin: z.object({ reason: z.string(), pinnedAt: time, pinnedBy: z.string() }).nullable(),
    }),
  ),
  keptBytes: count,
  leftOverBytes: count,
  holders: count,
})
