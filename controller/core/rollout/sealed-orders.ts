/** Orders as they were sealed here: each is opened once, however often its target is looked at. */

import { isRefusal } from '../../../protocol/refusals.ts'
import { type Envelope, open } from '../../../protocol/trust/envelope.ts'
import { Order } from '../../../protocol/trust/statements.ts'
import type { TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'

const opened = new WeakMap<Envelope, Order>()

/** Null where nothing was ordered, and for what this Service Center has not signed. */
export function orderOf(
  { signing }: Pick<ServiceCenterState, 'signing'>,
  { order }: Pick<TargetRecord, 'order'>,
): Order | null {
  if (order === null) return null
  const known = opened.get(order.envelope)
  if (known !== undefined) return known
  const read = open(Order, order.envelope, [signing.peer])
  if (isRefusal(read)) return null
  opened.set(order.envelope, read)
  return read
}
