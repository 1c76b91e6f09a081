/**
 * How far the clock of an appliance is from the Service Center's, as the answers to its questions show: each names the
 * question, so it is as old as the way takes at most. A clock that is ahead makes every order look late, so the appliance
 * is left alone until somebody has set it.
 */
import { clockDifference } from '../../protocol/clock.ts'

/** `its clock is 3 days ahead`; null for what nobody has to mind. */
export function clockSentence(aheadMs: number | null): string | null {
  const difference = aheadMs === null ? null : clockDifference(aheadMs)
  return difference === null ? null : `its clock is ${difference}`
}

/** Why an order that ends then would be refused, or null. */
export function whyLate(aheadMs: number | null, expiresAt: number, wallMs: number): string | null {
  const said = clockSentence(aheadMs)
  if (said === null || aheadMs === null || wallMs + aheadMs < expiresAt) return null
  return `${said}, so that every order has expired there: set its clock`
}
