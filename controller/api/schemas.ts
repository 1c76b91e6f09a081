/**
 * The JSON of the API as schemas: what is accepted, strictly, and for the OpenAPI document what is answered. The types
 * of the answers are those of controller/core/views.ts and patch-views.ts; the annotations make the compiler compare the two.
 */
import { z } from 'zod'
import {
  ApplianceName,
  DataCenterName,
  InstallId,
  OrganizationName,
  PeerId,
  Sha256,
} from '../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES, MAX_PATCHES_AT_ONCE, MAX_SENTENCE_CHARACTERS } from '../../protocol/limits.ts'
import { RefusalCode } from '../../protocol/refusals.ts'
import { EvidenceFile } from '../../protocol/trust/evidence.ts'
import { SignedBy } from '../../protocol/trust/publishers.ts'
import type { ApplianceCopy as Copy } from '../core/copies.ts'
import * as places from '../core/data-centers.ts'
import { CONDITIONS, type PatchLine as Line, SORTS } from '../core/patch-list.ts'
import type { PatchMatrix as Matrix } from '../core/patch-matrix.ts'
import type * as patches from '../core/patch-views.ts'
import { INSTALL_STATES } from '../core/rollout/install-states.ts'
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import type * as views from '../core/views.ts'
import { advisoryQuery } from './exposure-schemas.ts'

/** An id, NAME@VERSION or NAME@VERSION:ARCHITECTURE; what has neither form is simply not found. */
export const PatchReference = z.string().min(1).max(250)
export { DataCenterName }
export const DataCenterScope = z.union([z.literal('All'), DataCenterName])

/** A query parameter, or a field of a form, that may be given several times. */
export function names<Schema extends z.ZodType<string>>(name: Schema) {
  return z
    .union([name, z.array(name)])
    .default([])
    .transform((given): z.output<Schema>[] => (Array.isArray(given) ? given : [given]))
}

/** A box of a form, which sends nothing while it is not ticked. */
export const ticked = z
  .literal('yes')
  .optional()
  .transform((value) => value !== undefined)

/** The form says what cannot be undone, and its box was ticked. */
export const SureForm = z.strictObject({ sure: z.literal('yes', 'is not ticked') })

export const UploadQuery = z.strictObject({ filename: z.string().min(1).max(255), ...advisoryQuery })
export const DownloadQuery = z.strictObject({ from: z.coerce.number().int().min(0).max(MAX_PATCH_BYTES).default(0) })
const page = z.coerce.number().int().min(1).max(1e6).default(1)
export const ListQuery = z.strictObject({
  search: z.string().max(100).default(''),
  show: z.enum(['all', ...CONDITIONS]).default('all'),
  superseded: z.enum(['hide', 'show']).default('hide'),
  sort: z.enum(SORTS).default('uploaded'),
  order: z.enum(['up', 'down']).default('down'),
  page,
  perPage: z.coerce.number().int().min(1).max(100).default(25),
  open: names(Sha256),
})
export const ScopeQuery = z.strictObject({ dataCenter: DataCenterScope.default('All') })
/** What a patch's page shows: see controller/page/patch-address.ts. */
export const InstallsPageQuery = z.object({ page: z.coerce.number().int().min(1).default(1) })
export const PatchPageQuery = z.strictObject({
  dataCenter: DataCenterScope.default('All'),
  organization: names(OrganizationName),
  open: names(OrganizationName),
  install: names(InstallId),
  every: names(InstallId),
  rows: page,
  columns: page,
})
export const PreviewQuery = z.strictObject({
  organization: names(OrganizationName),
  dataCenter: DataCenterScope.default('All'),
  first: names(PatchReference).describe(
    'Patches that go before it in the same interruption of each pair, in this order.',
  ),
})
export const EvidenceQuery = z.strictObject({ organization: OrganizationName })
export { EvidenceFile }
export const WithdrawBody = z.strictObject({ reason: z.string().max(MAX_SENTENCE_CHARACTERS).default('') })
export const ResumeBody = z.strictObject({
  retryFailed: z.boolean().default(false).describe('Also where it failed or was put back.'),
})
/** A week at most: more is no soak but another install. */
export const WaveSoakSeconds = z.int().min(0).max(WAVE_SOAK_SECONDS.atMost)
export const WAVE_SOAK = 'So long a wave has to have stood with the patch, seen and heard, before the next begins.'
export const InstallBody = z.strictObject({
  patch: PatchReference,
  organizations: z.array(OrganizationName),
  dataCenter: DataCenterScope.default('All'),
  allowOutage: z.boolean().default(false),
  outsideWindows: z.boolean().default(false).describe('Also outside of maintenance windows; noted in the trail.'),
  first: z
    .array(PatchReference)
    .max(MAX_PATCHES_AT_ONCE)
    .default([])
    .describe('Patches that go before it in the same interruption of each pair, in this order.'),
  waveSoakSeconds: WaveSoakSeconds.default(WAVE_SOAK_SECONDS.usual).describe(WAVE_SOAK),
  confirmation: Sha256.optional().describe('From the preview that somebody agreed to: nothing else is installed.'),
})
export const ExtendBody = z.strictObject({
  appliances: z.array(ApplianceName).min(1).optional().describe('By name; all that have joined, where none is named.'),
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

const patchSummary = {
  id: Sha256,
  name: z.string(),
  version: z.string(),
  architecture: z.string().nullable(),
  bytes: count,
  sha256: Sha256,
  uploadedAt: time,
  uploadedBy: z.string().nullable(),
  replications: z.object({ complete: count, total: count }),
  newAppliances: count,
  supersededBy: z
    .object({ id: Sha256, name: z.string(), version: z.string(), architecture: z.string().nullable() })
    .nullable(),
}
export const PatchSummary: z.ZodType<patches.PatchSummary> = z.object(patchSummary)
export const PatchLine: z.ZodType<Line> = z.object({
  ...patchSummary,
  condition: z.enum(CONDITIONS),
  trouble: z.string(),
  bytesArrived: count,
})
export const ApplianceCopy: z.ZodType<Copy> = z.object({
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
  provenAt: time.nullable(),
  mended: z
    .object({ at: time, reason: z.string() })
    .nullable()
    .describe('When it was proven again after it had not been right, and what had been wrong, the last time.'),
})
const UnpatchedOrganization: z.ZodType<patches.UnpatchedOrganization> = z.object({
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
      seenAt: time.nullable(),
      reason: z.string(),
    }),
  ),
})
const NotMeant: z.ZodType<patches.NotMeant> = z.object({
  organization: z.string(),
  appliances: z.array(
    z.object({ name: z.string(), dataCenter: z.string(), kind: z.string(), role: z.string(), reason: z.string() }),
  ),
})
export const installSummary = {
  id: InstallId,
  patch: Sha256,
  name: z.string(),
  version: z.string(),
  architecture: z.string().nullable(),
  state: z.enum(INSTALL_STATES),
  reason: z.string(),
  organizations: z.array(z.string()),
  dataCenter: z.string(),
  startedAt: time,
  startedBy: z.string().nullable(),
  installed: count,
  total: count,
  mixed: z.array(z.string()),
  together: z
    .array(z.object({ install: InstallId, patch: z.string() }))
    .describe('All that go in the same interruption of each pair, in order, this one too; empty where it goes alone.'),
}
export const InstallSummary: z.ZodType<views.InstallSummary> = z.object(installSummary)
const counts = { patched: count, unpatched: count, notApplicable: count, unknown: count }
const PlaceCounts = z.object({ dataCenter: z.string(), ...counts })
const PatchMatrix: z.ZodType<Matrix> = z.object({
  dataCenters: PlaceCounts.array(),
  organizations: z.array(z.object({ organization: z.string(), ...counts, dataCenters: PlaceCounts.array() })),
  all: z.object(counts),
})
export const PatchDetail: z.ZodType<patches.PatchDetail> = z.object({
  ...patchSummary,
  format: z.enum(['bundle', 'deb']),
  kind: z.string(),
  publisher: z.string(),
  restart: z.enum(['none', 'service', 'reboot']),
  estimateSeconds: count,
  revert: z.enum(['none', 'script']),
  created: time,
  appliesTo: z.array(z.string()),
  requires: z.array(z.string()),
  conflicts: z.array(z.string()),
  supersedes: z.array(z.string()),
  publishedBy: SignedBy.nullable(),
  signedBy: PeerId,
  matrix: PatchMatrix,
  appliances: z.array(ApplianceCopy),
  ownCopy: z.object({ provenAt: time.nullable(), wrong: z.string() }),
  unpatched: z.array(UnpatchedOrganization),
  patched: z.array(z.string()),
  notApplicable: z.array(z.string()),
  notApplicableAppliances: z.array(NotMeant),
  installs: z.array(InstallSummary),
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
export const UnfinishedUpload = z.object({
  id: z.string(),
  filename: z.string(),
  bytes: count,
  lastModified: z.int().nullable(),
  offset: count,
  sending: z.boolean(),
  expiresAt: time,
  tail: z.object({ bytes: count, sha256: Sha256 }).nullable(),
  patch: Sha256.nullable(),
  created: z.boolean(),
})
export type UnfinishedUpload = z.infer<typeof UnfinishedUpload>
export const Organization = z.object({ name: z.string(), isProvider: z.boolean(), appliances: count })
export const Withdrawn = z.object({ id: Sha256 })
/** What is signed, and the hashes of the pieces laid end to end, as the bytes of an import disk in base64. */
export const PatchProof = z.object({ id: Sha256, signedBy: PeerId, publication: z.base64(), hashes: z.base64() })
export type PatchProof = z.infer<typeof PatchProof>
export const ErrorAnswer = z.object({
  error: z.object({ code: RefusalCode, message: z.string(), hint: z.string(), requestId: z.uuid() }),
})
