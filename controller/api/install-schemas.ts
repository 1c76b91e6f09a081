/**
 * The JSON of one install in full: its targets, who joined later, and how it goes on in time.
 */
import { z } from 'zod'
import { AUTHORIZATION_STATES } from '../core/approvals/authorizing.ts'
import type { PairView } from '../core/install-progress.ts'
import { TARGET_STATES } from '../core/rollout/install-states.ts'
import { PAIR_STANDINGS } from '../core/rollout/timeline.ts'
import type * as views from '../core/views.ts'
import { installSummary, WAVE_SOAK, WaveSoakSeconds } from './schemas.ts'

const time = z.iso.datetime()
const count = z.int().min(0)

const Pair: z.ZodType<PairView> = z.object({
  wave: z.int().min(1),
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  group: z.string(),
  standing: z.enum(PAIR_STANDINGS),
  installed: count,
  appliances: count,
  from: time.nullable(),
  until: time.nullable(),
  expected: z.enum(['nothing', 'end', 'both']).describe('What of these times is expected and did not happen yet.'),
})

/** What approvers are asked for; approvals.ts adds what they sign. */
export const approval = {
  organization: z.string(),
  dataCenter: z.string(),
  appliances: z.array(z.string()),
  state: z.enum(AUTHORIZATION_STATES),
  needed: count,
  approvedBy: z.array(z.string()),
  mayApprove: z.array(z.string()),
  expiresAt: time,
}

export const InstallDetail: z.ZodType<views.InstallDetail> = z.object({
  ...installSummary,
  toldAt: time.describe('By the clock of the Service Center.'),
  waveSoakSeconds: WaveSoakSeconds.describe(WAVE_SOAK),
  deadline: time.describe('Until when whoever waits may begin.'),
  expectedEnd: time.nullable().describe('Or when it ended; null where nobody knows.'),
  unprotectedSeconds: count.describe('So long members had to do without another until now, all pairs together.'),
  pairs: z.array(Pair).describe('In the order in which they begin.'),
  openings: z
    .array(z.object({ dataCenter: z.string(), from: time, until: time }))
    .describe('When windows and blackouts let it begin.'),
  approvals: z
    .array(z.object(approval))
    .describe('What approvers are asked for; empty where nothing has to be approved.'),
  targets: z.array(
    z.object({
      appliance: z.string(),
      organization: z.string(),
      dataCenter: z.string(),
      kind: z.string(),
      role: z.string(),
      state: z.enum(TARGET_STATES),
      reason: z.string(),
      ordered: z.boolean(),
      output: z.string(),
      installedVersion: z.string().nullable(),
      wave: z.int().min(1),
      secondsLeft: count.nullable().describe('Null where nobody knows.'),
      leftUntil: z.string().describe('What comes then, as it follows on "until"; empty where nobody knows.'),
    }),
  ),
  joinedLater: z
    .array(
      z.object({
        appliance: z.string(),
        organization: z.string(),
        dataCenter: z.string(),
        kind: z.string(),
        role: z.string(),
      }),
    )
    .describe('Joined after it had begun, and not included.'),
})
