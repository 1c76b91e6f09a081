/**
 * What the members of a group say to each other, signed and carried by their depot unopened: who may begin to install, and how
 * an order has ended that another waits for. The lease of a group is granted by every other member, each for itself, and is good for one order. Its number rises with each
 * order (a fencing token), so that a letter that was late or came twice grants and releases nothing any more.
 */
import { z } from 'zod'
import { Bytes } from '../codec.ts'
import { OrderId, PeerId } from '../identifiers.ts'
import { MAX_SENTENCE_CHARACTERS } from '../limits.ts'
import { statement, WallTime } from './statements.ts'

const fence = z.int().min(0)
const nonce = Bytes.refine((bytes) => bytes.byteLength === 16, 'is not 16 bytes')

/** May this member be interrupted now, to carry out the order? */
export const LeaseRequest = statement(
  'lease-request',
  z.strictObject({ from: PeerId, to: PeerId, order: OrderId, number: fence, nonce, askedAt: WallTime }),
)
export type LeaseRequest = z.infer<(typeof LeaseRequest)['schema']>

/**
 * `granted`: whoever signs this serves at this moment, and begins nothing until it is told that the order has ended. `busy`:
 * it does not serve, or another member may be interrupted; `broken`: an install has failed there, and nobody may count on
 * it. `number` is the highest that it knows of, `nonce` that of the request; in a promise that is repeated because another
 * member asks, `number` is its own and `nonce` that of no request.
 */
export const LeaseAnswer = statement(
  'lease-answer',
  z.strictObject({
    ...{ from: PeerId, to: PeerId, order: OrderId, number: fence, nonce },
    answer: z.enum(['granted', 'busy', 'broken']),
    reason: z.string().max(MAX_SENTENCE_CHARACTERS),
    answeredAt: WallTime,
  }),
)
export type LeaseAnswer = z.infer<(typeof LeaseAnswer)['schema']>

/**
 * The order has ended, or does not need the lease any more: nothing is wanted now of what was granted under this number or
 * a lower one. Acknowledged by whoever had granted it.
 */
export const LeaseRelease = statement(
  'lease-release',
  z.strictObject({ from: PeerId, to: PeerId, order: OrderId, number: fence, releasedAt: WallTime }),
)
export type LeaseRelease = z.infer<(typeof LeaseRelease)['schema']>

/** How has this order of yours ended? Asked by the member whose own order comes after it. */
export const OrderQuestion = statement(
  'order-question',
  z.strictObject({ from: PeerId, to: PeerId, order: OrderId, askedAt: WallTime }),
)
export type OrderQuestion = z.infer<(typeof OrderQuestion)['schema']>

/** `not-meant`: the patch is not meant for that member, so it stands in nobody's way. */
export const HowEnded = z.enum(['installed', 'not-meant', 'failed', 'reverted', 'refused', 'cancelled'])
export type HowEnded = z.infer<typeof HowEnded>

/** That order has ended here, and so; said to whoever has asked, as soon as it has. */
export const OrderOutcome = statement(
  'order-outcome',
  z.strictObject({ from: PeerId, to: PeerId, order: OrderId, ended: HowEnded, toldAt: WallTime }),
)
export type OrderOutcome = z.infer<(typeof OrderOutcome)['schema']>
