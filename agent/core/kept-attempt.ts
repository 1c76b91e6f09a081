/** Orders and attempts as the ledger keeps them, also as an earlier release has written them. */
import { z } from 'zod'
import { RefusalCode } from '../../protocol/refusals.ts'
import { Order, ReportState } from '../../protocol/trust/statements.ts'
import { CheckName } from './install/policies/checks.ts'
import type { Ending } from './reporting.ts'

export const Outcome = z.strictObject({
  ok: z.boolean(),
  reason: z.string(),
  output: z.string(),
  temporary: z.boolean(),
})
export const KeptChecks = z
  .array(z.strictObject({ name: CheckName, ok: z.boolean(), reason: z.string(), output: z.string() }))
  .nullable()
export const KeptEnding = z
  .strictObject({
    state: ReportState,
    reason: z.string(),
    refusal: RefusalCode.optional(),
    output: z.string().optional(),
    installedVersion: z.string().nullable().optional(),
  })
  .transform(
    ({ refusal, output, installedVersion, ...ending }): Ending => ({
      ...ending,
      ...(refusal === undefined ? {} : { refusal }),
      ...(output === undefined ? {} : { output }),
      ...(installedVersion === undefined ? {} : { installedVersion }),
    }),
  )
/** An earlier release knew of no outage that an order allows, and of none that comes after another one. */
export const KeptOrder = z.preprocess(
  (order) =>
    typeof order === 'object' ? { allowOutage: false, after: null, continues: null, stages: [], ...order } : order,
  Order.schema,
)
