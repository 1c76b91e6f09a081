/**
 * The JSON of the API as schemas: what is accepted, strictly, and for the OpenAPI document what is answered. The types
 * of the answers are those of controller/core/views.ts; the annotations make the compiler compare the two.
 */
import { z } from 'zod'
import { DataCenterName, InstallId, OrganizationName, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../protocol/limits.ts'
import { RefusalCode } from '../../protocol/refusals.ts'
import type { ApplianceCopy as Copy } from '../core/copies.ts'
import * as places from '../core/data-centers.ts'
import { TARGET_STATES } from '../core/records.ts'
import type * as views from '../core/views.ts'

/** An id or NAME@VERSION; what has neither form is simply not found. */
export const PatchReference = z.string().min(1).max(220)
export { DataCenterName }
export const DataCenterScope = z.union([z.literal('All'), DataCenterName])

export const UploadQuery = z.strictObject({ filename: z.string().min(1).max(255) })
export const ScopeQuery = z.strictObject({ dataCenter: DataCenterScope.default('All') })
export const PreviewQuery = z.strictObject({
  organization: z
    .union([OrganizationName, z.array(OrganizationName)])
    .default([])
    .transform((names) => (Array.isArray(names) ? names : [names])),
  dataCenter: DataCenterScope.default('All'),
})
export const WithdrawBody = z.strictObject({ reason: z.string().max(MAX_SENTENCE_CHARACTERS).default('') })
export const InstallBody = z.strictObject({
  patch: PatchReference,
  organizations: z.array(OrganizationName),
  dataCenter: DataCenterScope.default('All'),
  allowOutage: z.boolean().default(false),
})
export const NoBody = z.strictObject({})

/** The bounds of protocol/wan-limits.ts, in words. */
const A_RATE = 'is not a rate in whole bits a second from 64000 (64 kbit/s) to 1000000000000 (1 Tbit/s), or null'
const rate = z.int(A_RATE).min(64_000, A_RATE).max(1e12, A_RATE).nullable()
const uplinkLimits = {
  upBitsPerSecond: rate,
  quietHours: z.array(places.QuietHoursText).max(8, 'are more than eight ranges'),
}
export const UplinkLimits = z.strictObject(uplinkLimits)
export const DataCenterLimits = z.strictObject({ ...uplinkLimits, downBitsPerSecond: rate, trades: z.boolean() })

const time = z.iso.datetime()
const count = z.int().min(0)

export const PatchSummary: z.ZodType<views.PatchSummary> = z.object({
  id: Sha256,
  name: z.string(),
  version: z.string(),
  bytes: count,
  sha256: Sha256,
  uploadedAt: time,
  replications: z.object({ complete: count, total: count }),
})
const ApplianceCopy: z.ZodType<Copy> = z.object({
  name: z.string(),
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  role: z.string(),
  state: z.enum(['waiting', 'transferring', 'verifying', 'replicated']),
  bytes: count,
  reason: z.string(),
  bytesLeft: count,
  bytesPerSecond: count,
  sources: z.array(z.string()),
  secondsLeft: count.nullable(),
})
const UnpatchedOrganization: z.ZodType<views.UnpatchedOrganization> = z.object({
  organization: z.string(),
  patched: count,
  total: count,
  appliances: z.array(
    z.object({
      name: z.string(),
      dataCenter: z.string(),
      kind: z.string(),
      role: z.string(),
      detected: z.enum(['applicable', 'unknown']),
      installedVersion: z.string().nullable(),
      reason: z.string(),
    }),
  ),
})
const installSummary = {
  id: InstallId,
  patch: Sha256,
  name: z.string(),
  version: z.string(),
  state: z.enum(['planned', 'running', 'paused', 'halted', 'done', 'cancelled']),
  reason: z.string(),
  organizations: z.array(z.string()),
  dataCenter: z.string(),
  startedAt: time,
  installed: count,
  total: count,
}
export const InstallSummary: z.ZodType<views.InstallSummary> = z.object(installSummary)
export const InstallDetail: z.ZodType<views.InstallDetail> = z.object({
  ...installSummary,
  targets: z.array(
    z.object({
      appliance: z.string(),
      organization: z.string(),
      dataCenter: z.string(),
      kind: z.string(),
      role: z.string(),
      state: z.enum(TARGET_STATES),
      reason: z.string(),
      output: z.string(),
      installedVersion: z.string().nullable(),
    }),
  ),
})
export const PatchDetail: z.ZodType<views.PatchDetail> = z.object({
  id: Sha256,
  name: z.string(),
  version: z.string(),
  bytes: count,
  sha256: Sha256,
  uploadedAt: time,
  replications: z.object({ complete: count, total: count }),
  format: z.enum(['bundle', 'deb']),
  kind: z.string(),
  publisher: z.string(),
  restart: z.enum(['none', 'service', 'reboot']),
  appliances: z.array(ApplianceCopy),
  unpatched: z.array(UnpatchedOrganization),
  patched: z.array(z.string()),
  notApplicable: z.array(z.string()),
  installs: z.array(InstallSummary),
})
export const InstallPreview: z.ZodType<views.InstallPreview> = z.object({
  targets: count,
  notReplicated: z.array(ApplianceCopy),
  ready: count,
  queued: z.array(
    z.object({ appliance: z.string(), organization: z.string(), dataCenter: z.string(), reason: z.string() }),
  ),
})
export const DataCenterView: z.ZodType<places.DataCenterView> = z.object({
  name: z.string(),
  appliances: count,
  reachable: count,
  limits: DataCenterLimits,
  quietUntil: z.string().nullable(),
  bytesLeft: count,
  wanBytesPerSecond: count,
  wanBytes: count,
})
export const Organization = z.object({ name: z.string(), isProvider: z.boolean(), appliances: count })
export const Withdrawn = z.object({ id: Sha256 })
export const ErrorAnswer = z.object({
  error: z.object({ code: RefusalCode, message: z.string(), hint: z.string(), requestId: z.uuid() }),
})
