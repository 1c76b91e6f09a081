/**
 * What a person at the appliance may ask the running agent, over the socket in its data folder: one line of JSON, one
 * line as the answer. Whoever may write to that folder is its owner already, so nothing here is signed.
 */
import { z } from 'zod'
import { OrderId } from '../../../protocol/identifiers.ts'
import { RefusalCode } from '../../../protocol/refusals.ts'
import { ApplianceStatus } from '../../core/status.ts'

/** More than any request has; whoever sends more is not one of ours. */
export const MAX_REQUEST_BYTES = 4096

export const VisitRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status') }),
  /** The order under way where none is named; `by` is told to the Service Center. */
  z.strictObject({ kind: z.literal('stop'), order: OrderId.nullable(), by: z.string().min(1).max(100) }),
])
export type VisitRequest = z.infer<typeof VisitRequest>

export const VisitAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), status: ApplianceStatus }),
  z.strictObject({ kind: z.literal('stopped'), order: OrderId, title: z.string() }),
  z.strictObject({ kind: z.literal('refused'), refused: RefusalCode, message: z.string() }),
])
export type VisitAnswer = z.infer<typeof VisitAnswer>
