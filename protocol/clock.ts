/**
 * The two clocks, which are never mixed: monotonic milliseconds measure how long something takes and carry deadlines;
 * wall milliseconds (since 1970, UTC) date things for people and for signed expiry. The cores see neither but in events.
 */
export type Clock = { readonly monotonicMs: number; readonly wallMs: number }
type Tick = { readonly kind: 'tick'; readonly clock: Clock }

const MINUTE_MS = 60_000
/** Ticks come twice a second: when the last one is as old as this, something stood still. */
const OUT_OF_DATE_MS = 1_000

/**
 * What a core hears in the place of an event: a tick goes before it where the clock that was `told` last is not what the
 * clocks show `now`, since a process that stood still, a machine that was suspended and one whose clock was set would judge
 * the event by the time of before. A tick that stood in line tells the time at which it is its turn.
 */
export function inTime<Event extends { readonly kind: string }>(
  event: Event | Tick,
  { told, now }: { readonly told: Clock; readonly now: Clock },
): (Event | Tick)[] {
  const tick: Tick = { kind: 'tick', clock: now }
  if (event.kind === 'tick') return [tick]
  return isOutOfDate(told.monotonicMs, now.monotonicMs) || isOutOfDate(told.wallMs, now.wallMs)
    ? [tick, event]
    : [event]
}

function isOutOfDate(toldMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - toldMs) > OUT_OF_DATE_MS
}

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
