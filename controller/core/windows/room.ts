/**
 * When installs may begin at a place, by all windows and blackouts that are set. Of maintenance windows those count that name
 * the place most closely: organization and Data Center, then the organization, then the Data Center, then those of
 * everything; where there are none, any time will do. Of blackouts each counts that the place is part of.
 */
import type { DataCenterName, OrganizationName } from '../../../protocol/identifiers.ts'
import { nearby, type Span } from './recurrence.ts'
import type { MaintenanceWindow } from './window.ts'

export type Place = { readonly organization: OrganizationName; readonly dataCenter: DataCenterName }
export type Applying = {
  readonly windows: readonly MaintenanceWindow[]
  readonly blackouts: readonly MaintenanceWindow[]
}

export const NONE_APPLY: Applying = { windows: [], blackouts: [] }

/** Windows that follow each other without a gap are looked through so far. */
const MAX_JOINED = 20
/** Openings that are looked through for one that is long enough: half a year of days, some years of weeks. */
const MAX_OPENINGS = 200

export function applyingAt(all: Iterable<MaintenanceWindow>, place: Place): Applying {
  const matching = [...all].filter(
    ({ organization, dataCenter }) =>
      (organization === null || organization === place.organization) &&
      (dataCenter === null || dataCenter === place.dataCenter),
  )
  const windows = matching.filter(({ kind }) => kind === 'window')
  const closest = Math.max(...windows.map(closeness))
  return {
    windows: windows.filter((window) => closeness(window) === closest),
    blackouts: matching.filter(({ kind }) => kind === 'blackout'),
  }
}

function closeness({ organization, dataCenter }: MaintenanceWindow): number {
  return (organization === null ? 0 : 2) + (dataCenter === null ? 0 : 1)
}

/** Until when something may go on that begins at this moment; null where nothing may begin. */
export function roomAt({ windows, blackouts }: Applying, wallMs: number): number | null {
  const near = blackouts.map((blackout) => nearby(blackout, wallMs))
  if (near.some(({ now }) => now !== null)) return null
  const blackout = Math.min(...near.map(({ next }) => next?.from ?? Number.POSITIVE_INFINITY))
  if (windows.length === 0) return blackout
  let end = openUntil(windows, wallMs)
  if (end === null) return null
  for (let joined = 0; joined < MAX_JOINED && end < blackout; joined += 1) {
    const later: number | null = openUntil(windows, end)
    if (later === null) break
    end = later
  }
  return Math.min(end, blackout)
}

function openUntil(windows: readonly MaintenanceWindow[], wallMs: number): number | null {
  const ends = windows.flatMap((window) => nearby(window, wallMs).now?.to ?? [])
  return ends.length === 0 ? null : Math.max(...ends)
}

/** The first time from this moment on at which something that takes so long may begin, and until when it may go on. */
export function nextRoom(applying: Applying, wallMs: number, needMs: number): Span | null {
  let at = wallMs
  for (let openings = 0; openings < MAX_OPENINGS; openings += 1) {
    const to = roomAt(applying, at)
    if (to !== null && to - at >= needMs) return { from: at, to }
    const next = nextChange(applying, at)
    if (next === null) return null
    at = next
  }
  return null
}

/** When something opens, or a blackout ends, after this moment. */
function nextChange({ windows, blackouts }: Applying, wallMs: number): number | null {
  const openings = windows.flatMap((window) => nearby(window, wallMs).next?.from ?? [])
  const ends = blackouts.flatMap((blackout) => {
    const { now, next } = nearby(blackout, wallMs)
    return now?.to ?? next?.to ?? []
  })
  const first = Math.min(...openings, ...ends)
  return Number.isFinite(first) ? first : null
}
