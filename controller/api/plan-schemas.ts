/**
 * The JSON of the plan of an install (controller/core/rollout/install-plan.ts): what is answered to whoever asks for one,
 * and what is taken from whoever starts it.
 */
import { z } from 'zod'
import { InstallId, OrganizationName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { PLANNED_STANDINGS, type InstallPlan as Plan } from '../core/rollout/install-plan.ts'
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import type { InstallPreview as Preview } from '../core/views.ts'
import {
  ApplianceCopy,
  DataCenterScope,
  InstallBody,
  names,
  PreviewQuery,
  WAVE_SOAK,
  WaveSoakSeconds,
} from './schemas.ts'

const count = z.int().min(0)
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')

export const PlanQuery = z.strictObject({
  organization: names(OrganizationName),
  dataCenter: DataCenterScope.default('All'),
  allowOutage: flag.describe('Also interrupt an appliance whose peer cannot take over.'),
  outsideWindows: flag.describe('Also outside of maintenance windows.'),
  first: PreviewQuery.shape.first,
  waveSoakSeconds: z.coerce.number().pipe(WaveSoakSeconds).default(WAVE_SOAK_SECONDS.usual).describe(WAVE_SOAK),
})

const PlannedMember = z.strictObject({
  appliance: z.string(),
  peer: PeerId,
  role: z.string(),
  has: z.string().nullable(),
  standing: z.enum(PLANNED_STANDINGS),
  reason: z.string(),
})
const PlannedPair = z.strictObject({
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  group: z.string(),
  unprotectedSeconds: count.describe('So long one member has to do without the other.'),
  expectedSeconds: count.describe('Of all its members together.'),
  beginsAfterSeconds: count.nullable().describe('After the first begins; null where none would install it.'),
  members: z.array(PlannedMember).describe('In the order in which they begin.'),
})
const PlannedWave = z.strictObject({
  wave: z
    .int()
    .min(1)
    .describe(
      '1 is the first pair alone, then comes the rest of its Data Center where there is any, then it goes wider.',
    ),
  dataCentersAtOnce: z.int().min(1).describe('In so many Data Centers at most somebody is at it at once.'),
  dataCenters: z.array(z.string()),
  appliances: count,
  expectedSeconds: count,
  pairs: z.array(PlannedPair),
})

const PlannedPatch = z.strictObject({
  ...{ id: Sha256, name: z.string(), version: z.string(), architecture: z.string().nullable() },
})

/** What was planned is started as it is, so nothing in it is left out or added. */
export const InstallPlan: z.ZodType<Plan> = z.strictObject({
  madeAt: z.iso.datetime(),
  patch: PlannedPatch,
  first: z.array(PlannedPatch).describe('These go before it in the same interruption of each pair.'),
  needs: z
    .array(z.strictObject({ ...PlannedPatch.shape, appliances: count }))
    .describe('What it needs first and is not everywhere, in order, and on how many appliances it is lacking.'),
  organizations: z.array(OrganizationName),
  dataCenter: DataCenterScope,
  allowOutage: z.boolean(),
  outsideWindows: z.boolean(),
  waveSoakSeconds: WaveSoakSeconds,
  restart: z.enum(['none', 'service', 'reboot']),
  counts: z.strictObject({
    ...{ appliances: count, pairs: count, ready: count, waits: count, refuses: count, installed: count },
  }),
  expectedSeconds: count.describe('Where nobody has to wait.'),
  each: z.strictObject({
    seconds: count.describe('On one appliance, in the middle of all of them.'),
    longest: count,
    measuredOn: count.describe(
      'Of the patch itself, on so many appliances that have it; 0 where the manifest estimates it.',
    ),
    around: z
      .strictObject({
        seconds: count.describe('So much of it comes around the patch: looking, checks, and hooks of a switchover.'),
        appliance: count.describe('For so many that was measured there in earlier installs.'),
        kind: count.describe('For so many on others of their kind.'),
        allowance: count.describe('For so many nothing was measured, and half a minute is allowed.'),
      })
      .describe('What nobody but the appliance knows beforehand.'),
  }),
  unprotectedSeconds: z.strictObject({ longest: count, all: count }),
  deadline: z.iso.datetime(),
  mayFail: z.strictObject({
    ...{ pairsAtFirst: count, pairsLater: count, pairsOfADataCenter: count },
    ...{ unheardPairsAtFirst: count, unheardDataCentersLater: count },
  }),
  waves: z.array(PlannedWave),
  notApplicable: z.array(
    z.strictObject({ appliance: z.string(), organization: z.string(), dataCenter: z.string(), reason: z.string() }),
  ),
  windows: z.array(z.string()),
  beside: z.array(z.strictObject({ install: InstallId, patch: z.string() })),
  digest: Sha256.describe('Of all the rest.'),
})

export const StartBody = z.strictObject({
  ...InstallBody.shape,
  plan: InstallPlan.optional().describe('As it was made: refused where it is not so any more in a way that matters.'),
})

const namedReasons = z.array(
  z.object({ appliance: z.string(), organization: z.string(), dataCenter: z.string(), reason: z.string() }),
)
/** What is told beforehand without a plan. */
export const InstallPreview: z.ZodType<Preview> = z.object({
  targets: count,
  confirmation: Sha256,
  notReplicated: z.array(ApplianceCopy),
  ready: count,
  queued: namedReasons,
  withoutPeer: namedReasons,
  outsideWindows: namedReasons,
  notApplicable: namedReasons,
  hindered: namedReasons,
  goingBack: namedReasons,
  needs: z.array(z.object({ ...PlannedPatch.shape, appliances: count })),
})
