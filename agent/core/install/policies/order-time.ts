/**
 * `expiresAt` of an order: after it nothing begins. The sentence names the appliance's own time, since a clock that is
 * ahead makes every order look late, and whoever reads it must be able to see that.
 */
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { Order } from '../../../../protocol/statements.ts'

export function judgeTime({ expiresAt }: Pick<Order, 'expiresAt'>, wallMs: number): Refusal | null {
  if (expiresAt > wallMs) return null
  const [expired, now] = [new Date(expiresAt).toISOString(), new Date(wallMs).toISOString()]
  return refuse('expired', `the order expired at ${expired}, and by the clock of this appliance it is ${now}`)
}
