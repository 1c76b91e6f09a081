/**
 * `expiresAt` of an order, and `beginBy` where there is one: after it nothing begins. The sentence names the appliance's own time, since a clock that is
 * ahead makes every order look late, and whoever reads it must be able to see that.
 */
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { Order } from '../../../../protocol/trust/statements.ts'

type Times = Pick<Order, 'expiresAt' | 'beginBy'>

/** `aheadMs`: how far the clock here is ahead of that of the uplink. One that is behind makes no order good for longer. */
export function judgeTime({ expiresAt, beginBy }: Times, wallMs: number, aheadMs: number | null): Refusal | null {
  const behindMs = Math.max(0, -(aheadMs ?? 0))
  const [end, now] = [beginBy ?? expiresAt, wallMs + behindMs]
  if (end > now) return null
  const until = new Date(end).toISOString()
  const late =
    beginBy === undefined ? `the order expired at ${until}` : `it was to begin by ${until}, for its maintenance window`
  const whose = behindMs === 0 ? 'this appliance' : 'whom this appliance is connected to'
  return refuse('expired', `${late}, and by the clock of ${whose} it is ${new Date(now).toISOString()}`)
}
