/**
 * Whether a window that somebody wants to set will ever open, and is what they mean: a zone and a first day that there are,
 * a rule that comes at least once more, and a length after which it has closed before it opens again.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { beginOf, isZone, localTime, nearby } from './recurrence.ts'
import type { MaintenanceWindow } from './window.ts'

/** How many openings are compared with the next. */
const COMPARED = 60

/** Null for one that can be set. */
export function judgeWindow(window: MaintenanceWindow, wallMs: number): Refusal | null {
  const { begins, zone, minutes } = window
  const bad = (why: string): Refusal => refuse('bad_window', `${window.name} ${why}`)
  if (!isZone(zone)) return bad(`is in the time zone ${zone}, which is none`)
  const begin = beginOf(window)
  if (begin === null)
    return bad(`begins on ${begins.replace('T', ' at ')}, and in ${zone} there is no such day or time`)
  const first = nearby(window, begin - 1).next
  if (first === null) return bad('never opens: its rule names days that there are not')
  const { now, next } = nearby(window, wallMs)
  const coming = now ?? next
  if (coming === null) {
    const last = lastBefore(window, wallMs)
    const when = last === null ? '' : `: it opened for the last time on ${localTime(last, zone)}`
    return bad(`lies in the past and does not come again${when}`)
  }
  let from = coming.from
  for (let opening = 0; opening < COMPARED; opening += 1) {
    const following = nearby(window, from).next
    if (following === null) return null
    if (following.from < from + minutes * 60_000)
      return bad(`opens again on ${localTime(following.from, zone)}, before ${minutes} minutes are over: give fewer`)
    from = following.from
  }
  return null
}

/** The library finds it from behind; a moment that is just not over any more is behind every span. */
function lastBefore(window: MaintenanceWindow, wallMs: number): number | null {
  let last: number | null = null
  let span = nearby(window, (beginOf(window) ?? wallMs) - 1).next
  for (let opening = 0; opening < COMPARED && span !== null && span.from <= wallMs; opening += 1) {
    last = span.from
    span = nearby(window, span.from).next
  }
  return span === null || span.from > wallMs ? last : null
}
