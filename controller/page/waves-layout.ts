/**
 * Where things stand in the picture of an install over time: a row for each pair, below the name of its wave and Data
 * Center, from the start of the install to its end or as far as anything is expected. Of many pairs those of one wave and Data Center
 * share a row. It places and never draws.
 */
import type { InstallProgress, PairView } from '../core/install-progress.ts'
import type { PairStanding } from '../core/rollout/timeline.ts'
import { type Break, type Tick, timeAxis } from './time-axis.ts'

export type Bar = {
  readonly x: number
  readonly width: number
  readonly look: PairStanding
  /** It is expected, and has not begun. */
  readonly isExpected: boolean
}
export type Row = {
  readonly y: number
  readonly label: string
  readonly pairs: readonly PairView[]
  readonly bars: readonly Bar[]
}
export type Band = { readonly x: number; readonly width: number }
export type Heading = {
  readonly y: number
  readonly wave: number
  readonly dataCenter: string
  readonly height: number
  readonly bands: readonly Band[]
}
export type WavesLayout = {
  readonly width: number
  readonly height: number
  readonly headings: readonly Heading[]
  readonly rows: readonly Row[]
  readonly ticks: readonly Tick[]
  /** Long waits, drawn shorter than they are. */
  readonly breaks: readonly Break[]
  /** Of this moment, while it goes on. */
  readonly nowX: number | null
  /** Rows that are left out: the table has all of them. */
  readonly leftOut: number
}

export const LABELS = 168
const WIDTH = 760
const RIGHT = 20
export const AXIS = 44
const HEAD = 24
export const ROW = 22
const GAP = 10
/** So many pairs have a row each. */
const PAIRS_APART = 24
const MOST_ROWS = 40
/** So that what took a moment can be seen. */
const NARROWEST = 4
/** What is seen of a row that several share: what has to be looked at before what goes well. */
const URGENCY: readonly PairStanding[] = ['failed', 'runs', 'stands', 'waits', 'ended', 'done']

type Shown = Pick<InstallProgress, 'pairs' | 'openings' | 'expectedEnd'> & { readonly startedAt: string }

/** `nowMs` is null where it has ended. */
export function layOutWaves({ pairs, openings, expectedEnd, startedAt }: Shown, nowMs: number | null): WavesLayout {
  const startMs = Date.parse(startedAt)
  const happens = pairs.flatMap(({ from, until }) => {
    if (from === null) return []
    const fromMs = Date.parse(from)
    const untilMs = until === null ? (nowMs ?? fromMs) : Date.parse(until)
    return [{ from: fromMs, to: Math.max(fromMs, untilMs) }]
  })
  const moments = [nowMs, expectedEnd === null ? null : Date.parse(expectedEnd)].flatMap((at) =>
    at === null ? [] : [{ from: at, to: at }],
  )
  const all = [...happens, ...moments].filter(({ to }) => to >= startMs)
  const endMs = all.reduce((latest, { to }) => Math.max(latest, to), startMs + 1000)
  const { xOf, ticks, breaks } = timeAxis(
    all.map(({ from, to }) => ({ from: Math.max(startMs, from), to })),
    { from: startMs, to: endMs },
    { left: LABELS, width: WIDTH - LABELS - RIGHT },
  )
  const headings: Heading[] = []
  const rows: Row[] = []
  let y = AXIS
  let leftOut = 0
  for (const there of Map.groupBy(pairs, ({ wave, dataCenter }) => `${wave} ${dataCenter}`).values()) {
    const [first] = there
    if (first === undefined) continue
    const lines = pairs.length <= PAIRS_APART ? there.map((pair) => [pair]) : [there]
    if (rows.length + lines.length > MOST_ROWS) {
      leftOut += lines.length
      continue
    }
    const { wave, dataCenter } = first
    const bands = openings
      .filter((opening) => opening.dataCenter === dataCenter)
      .map(({ from, until }) => between(xOf(Date.parse(from)), xOf(Date.parse(until))))
    headings.push({ y, wave, dataCenter, height: HEAD + lines.length * ROW, bands })
    for (const [index, line] of lines.entries())
      rows.push({ y: y + HEAD + index * ROW, label: labelOf(line), pairs: line, bars: barsOf(line, nowMs, xOf) })
    y += HEAD + lines.length * ROW + GAP
  }
  const nowX = nowMs === null ? null : xOf(nowMs)
  return { width: WIDTH, height: y, headings, rows, ticks, breaks, nowX, leftOut }
}

function labelOf(pairs: readonly PairView[]): string {
  const [first] = pairs
  if (first === undefined || pairs.length > 1) return `${pairs.length} pairs`
  return first.organization
}

/** What happened, and what is expected behind it. */
function barsOf(pairs: readonly PairView[], nowMs: number | null, xOf: (ms: number) => number): Bar[] {
  const look = URGENCY.find((standing) => pairs.some((pair) => pair.standing === standing)) ?? 'waits'
  const froms = pairs.flatMap(({ from }) => (from === null ? [] : Date.parse(from)))
  const untils = pairs.flatMap(({ until }) => (until === null ? [] : Date.parse(until)))
  if (froms.length === 0) return []
  const from = Math.min(...froms)
  const until = Math.max(from, ...untils, ...(untils.length < froms.length && nowMs !== null ? [nowMs] : []))
  if (nowMs === null || until <= nowMs) return [bar(xOf(from), xOf(until), { look, isExpected: false })]
  if (from >= nowMs) return [bar(xOf(from), xOf(until), { look, isExpected: true })]
  return [
    bar(xOf(nowMs), xOf(until), { look, isExpected: true }),
    bar(xOf(from), xOf(nowMs), { look, isExpected: false }),
  ]
}

function bar(from: number, to: number, kind: Pick<Bar, 'look' | 'isExpected'>): Bar {
  return { ...between(from, to), ...kind }
}

function between(from: number, to: number): Band {
  const width = Math.max(NARROWEST, to - from)
  return { x: Math.min(from, WIDTH - RIGHT - width), width: Math.round(width * 10) / 10 }
}
