/**
 * The axis of a picture over time. Where nothing happens for much longer than all that happens takes, as in a wait for a
 * maintenance window, it is broken: that time has a fixed width, and its length is written there.
 */
export type Stretch = { readonly from: number; readonly to: number }
export type Tick = { readonly x: number; readonly seconds: number }
export type Break = { readonly x: number; readonly width: number; readonly seconds: number }
export type TimeAxis = {
  readonly xOf: (ms: number) => number
  readonly ticks: readonly Tick[]
  readonly breaks: readonly Break[]
}

/** So many times as long as everything that happens; less can be seen as it is. */
const BROKEN_FROM = 2
const BREAK_WIDTH = 84
/** Of the whole width, all breaks together. */
const BREAKS_AT_MOST = 0.5
const MOST_TICKS = 6
/** Of the numbers at two ticks. */
const APART = 56
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800]

type Piece = Stretch & { readonly isBroken: boolean; readonly x: number; readonly width: number }

/** `happens`: the times and moments at which something does, in any order; `whole` holds all of them. */
export function timeAxis(
  happens: readonly Stretch[],
  whole: Stretch,
  place: { readonly left: number; readonly width: number },
): TimeAxis {
  const pieces = placed(pieced(happens, whole), place)
  const xOf = (ms: number): number => {
    const at = Math.min(whole.to, Math.max(whole.from, ms))
    const piece = pieces.find(({ to }) => at <= to) ?? pieces.at(-1)
    if (piece === undefined) return place.left
    const share = piece.to === piece.from ? 0 : (at - piece.from) / (piece.to - piece.from)
    return Math.round((piece.x + share * piece.width) * 10) / 10
  }
  const breaks = pieces
    .filter(({ isBroken }) => isBroken)
    .map(({ x, width, from, to }) => ({ x, width, seconds: (to - from) / 1000 }))
  return { xOf, breaks, ticks: ticksOf(pieces, whole.from, xOf) }
}

type Part = Stretch & { readonly isBroken: boolean }

/** What happens and what is between, where that is not broken, are one part. */
function pieced(happens: readonly Stretch[], whole: Stretch): Part[] {
  const busy: Stretch[] = []
  const ends = [whole.from, whole.to].map((at) => ({ from: at, to: at }))
  for (const { from, to } of [...happens, ...ends].sort((left, right) => left.from - right.from)) {
    const last = busy.at(-1)
    if (last !== undefined && from <= last.to) busy[busy.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else busy.push({ from, to })
  }
  const busyMs = busy.reduce((sum, { from, to }) => sum + to - from, 0)
  const parts: Part[] = []
  let begun = whole.from
  for (const [index, { from }] of busy.entries()) {
    const before = busy[index - 1]
    if (before === undefined || busyMs === 0 || from - before.to <= BROKEN_FROM * busyMs) continue
    if (before.to > begun) parts.push({ from: begun, to: before.to, isBroken: false })
    parts.push({ from: before.to, to: from, isBroken: true })
    begun = from
  }
  if (begun < whole.to || parts.length === 0) parts.push({ from: begun, to: whole.to, isBroken: false })
  return parts
}

function placed(parts: readonly Part[], { left, width }: { left: number; width: number }): Piece[] {
  const broken = parts.filter(({ isBroken }) => isBroken).length
  const each = broken === 0 ? 0 : Math.min(BREAK_WIDTH, (BREAKS_AT_MOST * width) / broken)
  const shownMs = parts.reduce((sum, { from, to, isBroken }) => sum + (isBroken ? 0 : to - from), 0)
  let x = left
  return parts.map((part) => {
    const own = part.isBroken ? each : (width - each * broken) * ((part.to - part.from) / shownMs)
    const piece = { ...part, x, width: own }
    x += own
    return piece
  })
}

/** At round times since the start, and where the axis goes on after a break. */
function ticksOf(pieces: readonly Piece[], startMs: number, xOf: (ms: number) => number): Tick[] {
  const shown = pieces.filter(({ isBroken }) => !isBroken)
  const seconds = shown.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0)
  const step = STEPS.find((one) => seconds / one <= MOST_TICKS) ?? Math.ceil(seconds / MOST_TICKS)
  const ticks: Tick[] = []
  for (const { from, to } of shown) {
    const [first, last] = [(from - startMs) / 1000, (to - startMs) / 1000]
    const round = Array.from(
      { length: Math.floor(last / step) - Math.ceil(first / step) + 1 },
      (_, index) => (Math.ceil(first / step) + index) * step,
    )
    for (const at of new Set([first, ...round])) {
      const x = xOf(startMs + at * 1000)
      if (ticks.every((other) => Math.abs(other.x - x) >= APART)) ticks.push({ x, seconds: at })
    }
  }
  return ticks
}
