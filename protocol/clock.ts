/**
 * The two clocks, which are never mixed: monotonic milliseconds measure how long something takes and carry deadlines;
 * wall milliseconds (since 1970, UTC) date things for people and for signed expiry. The cores see neither but in events.
 */
export type Clock = { readonly monotonicMs: number; readonly wallMs: number }

const MINUTE_MS = 60_000

/** `3 days ahead`, of a clock beside another; null for what nobody has to mind. */
export function clockDifference(aheadMs: number): string | null {
  if (Math.abs(aheadMs) < MINUTE_MS) return null
  return `${span(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`
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
