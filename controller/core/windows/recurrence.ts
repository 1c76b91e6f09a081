/**
 * When a window opens and closes, as moments: a function of the window and a moment, which reads no clock. The rule is worked
 * out by a library in the window's own time zone. Its length is time that passes, so one that begins before clocks are
 * changed is neither longer nor shorter for it. A time of day that clocks skip is not there that day (RFC 5545,
 * "Recurrence Rule"), and of one that comes twice the first counts.
 */
import { RRuleTemporal } from 'rrule-temporal'
import { assert } from '../../../protocol/assert.ts'
import type { MaintenanceWindow } from './window.ts'

/** Wall milliseconds; open from the first on, and not at the last any more. */
export type Span = { readonly from: number; readonly to: number }

type Recurrence = {
  /** The latest beginning at or before this moment, and the first one after it. */
  before(wallMs: number): number | null
  after(wallMs: number): number | null
}

/** A rule is read once, and each window is a value that nobody changes. */
const known = new WeakMap<MaintenanceWindow, Recurrence>()
type Nearby = { readonly now: Span | null; readonly next: Span | null }
/** An answer stays the same until the next one begins or this one ends; now and what comes is asked in turns. */
type Answer = Nearby & { readonly since: number; readonly until: number }
const answers = new WeakMap<MaintenanceWindow, readonly Answer[]>()
const KEPT_ANSWERS = 4

/** What is open at this moment, and what opens next after it. */
export function nearby(window: MaintenanceWindow, wallMs: number): Nearby {
  const kept = answers.get(window) ?? []
  const found = kept.find(({ since, until }) => wallMs >= since && wallMs < until)
  if (found !== undefined) return found
  const { before: latest, after } = recurrenceOf(window)
  const [begun, coming] = [latest(wallMs), after(wallMs)]
  const lasts = window.minutes * 60_000
  const now = begun === null || begun + lasts <= wallMs ? null : { from: begun, to: begun + lasts }
  const next = coming === null ? null : { from: coming, to: coming + lasts }
  const until = Math.min(now?.to ?? Number.POSITIVE_INFINITY, next?.from ?? Number.POSITIVE_INFINITY)
  const answer = { since: wallMs, until, now, next }
  answers.set(window, [answer, ...kept].slice(0, KEPT_ANSWERS))
  return answer
}

function recurrenceOf(window: MaintenanceWindow): Recurrence {
  const found = known.get(window) ?? readRecurrence(window)
  known.set(window, found)
  return found
}

/** What cannot be worked out never comes: it was refused when it was set. */
function readRecurrence(window: MaintenanceWindow): Recurrence {
  const { begins, zone, rule } = window
  if (rule === '') return once(beginOf(window))
  const start = begins.replaceAll(/[-:]/g, '')
  const text = `DTSTART;TZID=${zone}:${start}00\nRRULE:${rule}`
  const read = attempt(() => new RRuleTemporal({ rruleString: text, strict: true }))
  if (read === null) return once(null)
  return {
    before: (wallMs) => attempt(() => read.previous(instant(wallMs), true)?.epochMilliseconds ?? null),
    after: (wallMs) => attempt(() => read.next(instant(wallMs), false)?.epochMilliseconds ?? null),
  }
}

function once(moment: number | null): Recurrence {
  return {
    before: (wallMs) => (moment !== null && moment <= wallMs ? moment : null),
    after: (wallMs) => (moment !== null && moment > wallMs ? moment : null),
  }
}

/** Null for a zone that is none, and for a day or a time of day that is not there. */
export function beginOf({ begins, zone }: Pick<MaintenanceWindow, 'begins' | 'zone'>): number | null {
  return attempt(() => {
    const local = Temporal.PlainDateTime.from(begins, { overflow: 'reject' })
    const moment = local.toZonedDateTime(zone, { disambiguation: 'compatible' })
    return moment.toPlainDateTime().equals(local) ? moment.epochMilliseconds : null
  })
}

export function isZone(zone: string): boolean {
  return attempt(() => instant(0).withTimeZone(zone).timeZoneId) !== null
}

/** `2026-12-06 at 02:00 Europe/Berlin`. */
export function localTime(wallMs: number, zone: string): string {
  const local = instant(wallMs).withTimeZone(zone)
  return `${local.toPlainDate().toString()} at ${local.toPlainTime().toString({ smallestUnit: 'minute' })} ${zone}`
}

function instant(wallMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO('UTC')
}

/** Library and language throw for what does not exist, such as 30 February of any year. */
function attempt<Result>(act: () => Result): Result | null {
  try {
    return act()
  } catch (error) {
    assert(error instanceof Error, 'what is thrown is an error')
    return null
  }
}
