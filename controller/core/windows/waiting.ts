/**
 * Why an appliance may not begin now for the windows of its place, as a sentence that says when it may; and until when at
 * the latest what begins now may begin. It begins only if twice the time that the manifest estimates still fits, and the
 * first of a group only if the others fit too, so that no pair is left half done, unless no opening is long enough for that.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { localTime } from './recurrence.ts'
import { type Applying, nextRoom, roomAt } from './room.ts'
import { type MaintenanceWindow, scopeOf } from './window.ts'

/** What a manifest estimates is often too little. */
const ESTIMATES = 2
const HOUR_MS = 3600 * 1000

/** For so many members of one group, one after the other. */
export function neededMs({ impact, verify }: Manifest, members: number): number {
  return 1000 * (ESTIMATES * impact.estimateSeconds * members + verify.soakSeconds * (members - 1))
}

/** `left` members of its group have not begun; for one that follows another it is 1. */
export type Wanted = { readonly manifest: Manifest; readonly left: number }

/** When the next opening is, or this one was, that is long enough for one member; null where nothing is waited for, or for nothing that comes. */
export function opensAt(applying: Applying, manifest: Manifest, wallMs: number): number | null {
  if (applying.windows.length === 0 && applying.blackouts.length === 0) return null
  return nextRoom(applying, wallMs, neededMs(manifest, 1))?.from ?? null
}

/** By the windows of a place; many targets of one plan ask the same. */
const said = new WeakMap<Applying, Map<string, string | null>>()

/** Null when it may begin. */
export function whyOutside(applying: Applying, { manifest, left }: Wanted, wallMs: number): string | null {
  if (applying.windows.length === 0 && applying.blackouts.length === 0) return null
  const [single, together] = [neededMs(manifest, 1), neededMs(manifest, left)]
  const sentences = said.get(applying) ?? new Map<string, string | null>()
  said.set(applying, sentences)
  const key = `${wallMs} ${single} ${together}`
  const known = sentences.get(key)
  if (known !== undefined) return known
  const sentence = sentenceOf(applying, { single, together }, wallMs)
  sentences.set(key, sentence)
  return sentence
}

function sentenceOf(
  applying: Applying,
  { single, together }: { single: number; together: number },
  wallMs: number,
): string | null {
  const room = roomAt(applying, wallMs)
  const next = nextRoom(applying, wallMs, together) ?? nextRoom(applying, wallMs, single)
  if (next === null)
    return `no ${named(applying)} comes that is long enough for it: set one, or cancel the install and start it with --outside-windows`
  if (next.from <= wallMs) return null
  const zone = zoneOf(applying)
  const when = `${localTime(next.from, zone)} (${inTime(next.from - wallMs)})`
  if (room !== null && room > wallMs)
    return `waits for the next ${named(applying)}, which opens on ${when}: this one ends on ${localTime(room, zone)}, too soon for it`
  return `waits for the ${named(applying)}, which ${applying.windows.length === 0 ? 'is over' : 'opens'} on ${when}`
}

/**
 * Wall milliseconds after which nothing that is ordered now may begin, so that those after it still may; null where there
 * is no end. Where no opening is long enough for all of them, each may begin as late as if it were alone.
 */
export function beginBy(applying: Applying, { manifest, left }: Wanted, wallMs: number): number | null {
  const room = roomAt(applying, wallMs)
  if (room === null || !Number.isFinite(room)) return null
  const together = room - neededMs(manifest, left)
  return together >= wallMs ? together : Math.max(wallMs, room - neededMs(manifest, 1))
}

function named({ windows, blackouts }: Applying): string {
  const [window] = windows
  if (window !== undefined) return `maintenance window of ${scopeOf(window)}`
  return `end of the blackout ${blackouts.map(({ name }) => name).join(', ')}`
}

function zoneOf({ windows, blackouts }: Applying): string {
  const [first]: readonly MaintenanceWindow[] = [...windows, ...blackouts]
  return first?.zone ?? 'UTC'
}

/** In steps that seldom change: each new sentence is written down for each target. */
export function inTime(leftMs: number): string {
  const hours = Math.round(leftMs / HOUR_MS)
  if (hours >= 48) return `in ${Math.round(hours / 24)} days`
  return hours >= 2 ? `in ${hours} hours` : 'in less than two hours'
}
