/**
 * How far the clock of an appliance is from the Service Center's, as the answers to its questions show: each names the
 * question, so it is as old as the way takes at most. A clock that is ahead makes every order look late, so the appliance
 * is left alone until somebody has set it.
 */
const MINUTE_MS = 60_000

/** `its clock is 3 days ahead`; null for what nobody has to mind. */
export function clockSentence(aheadMs: number | null): string | null {
  if (aheadMs === null || Math.abs(aheadMs) < MINUTE_MS) return null
  return `its clock is ${span(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`
}

/** Why an order that ends then would be refused, or null. */
export function whyLate(aheadMs: number | null, expiresAt: number, wallMs: number): string | null {
  const said = clockSentence(aheadMs)
  if (said === null || aheadMs === null || wallMs + aheadMs < expiresAt) return null
  return `${said}, so that every order has expired there: set its clock`
}

function span(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 120) return counted(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day')
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
