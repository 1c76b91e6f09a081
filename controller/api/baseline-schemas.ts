/**
 * The JSON of baselines: what is set, and what is told of who keeps to them.
 */
import { z } from 'zod'
import { BaselinePlace } from '../core/baselines/baseline.ts'
import type * as views from '../core/baselines/baseline-views.ts'
import { PatchReference } from './schemas.ts'

export const BaselineBody = BaselinePlace.extend({ patch: PatchReference })

const count = z.int().min(0)
export const BaselineView: z.ZodType<views.BaselineView> = z.object({
  ...{ organization: z.string(), dataCenter: z.string(), kind: z.string() },
  patch: z.object({ id: z.string(), name: z.string(), version: z.string(), architecture: z.string().nullable() }),
  setAt: z.iso.datetime(),
  setBy: z.string(),
  keeping: count.describe('So many have it, or a later version.'),
  behind: z.array(
    z.object({ appliance: z.string(), role: z.string(), has: z.string().nullable(), reason: z.string() }),
  ),
  next: z.string().describe('What happens by itself, or what somebody has to do; empty where all keep to it.'),
})
