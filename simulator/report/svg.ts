/**
 * Pieces of inline SVG that the pictures share: the frame with its axes, bars, lines and their labels. Everything is
 * text; what a topology named goes through `escape`.
 */
export const WIDTH = 1080
const LEGEND_LINE = 20

export type Frame = { left: number; right: number; top: number; height: number }

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

export function svg(height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${n(height)}" role="img" aria-label="${escape(title)}">${content}</svg>`
}

export function text(x: number, y: number, words: string, kind = '', anchor: 'start' | 'middle' | 'end' = 'start') {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" class="${kind}">${escape(words)}</text>`
}

export function bar(place: { x: number; y: number; width: number; height: number }, kind: string, title: string) {
  const { x, y, width, height } = place
  const round = Math.min(3, height / 3, width / 2)
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(Math.max(width, 0.8))}" height="${n(height)}" rx="${n(round)}" class="${kind}"><title>${escape(title)}</title></rect>`
}

export function polyline(points: readonly (readonly [number, number])[], kind: string, title: string): string {
  return `<polyline points="${points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ')}" class="${kind}"><title>${escape(title)}</title></polyline>`
}

/** The area between two lines over the same places. */
export function band(upper: readonly (readonly [number, number])[], lower: typeof upper, kind: string): string {
  const around = [...upper, ...lower.toReversed()]
  return `<polygon points="${around.map(([x, y]) => `${n(x)},${n(y)}`).join(' ')}" class="${kind}"/>`
}

/** Upright lines at the marks, with their words below. */
export function uprights(frame: Frame, marks: readonly { x: number; words: string }[]): string {
  const bottom = frame.top + frame.height
  return marks
    .map(
      ({ x, words }) =>
        `<line x1="${n(x)}" y1="${n(frame.top)}" x2="${n(x)}" y2="${n(bottom)}" class="grid"/>${text(x, bottom + 18, words, 'mark', 'middle')}`,
    )
    .join('')
}

/** Level lines at the marks, with their words at the left. */
export function levels(frame: Frame, marks: readonly { y: number; words: string }[]): string {
  return marks
    .map(
      ({ y, words }) =>
        `<line x1="${n(frame.left)}" y1="${n(y)}" x2="${n(frame.right)}" y2="${n(y)}" class="grid"/>${text(frame.left - 10, y + 4, words, 'mark', 'end')}`,
    )
    .join('')
}

/** A marked moment: an upright line with words at its top, in one of a few rows so that they do not lie on each other. */
export function moment(frame: Frame, x: number, words: string, kind: string, row: number): string {
  const isRight = x > frame.right - 190
  const y = frame.top - 8 - row * 16
  return (
    `<line x1="${n(x)}" y1="${n(y - 8)}" x2="${n(x)}" y2="${n(frame.top + frame.height)}" class="${kind}"/>` +
    text(isRight ? x - 6 : x + 6, y, words, `${kind}-words`, isRight ? 'end' : 'start')
  )
}

/** Keys and their words, in as many lines as they need. */
export function legend(frame: Frame, y: number, items: readonly { kind: string; words: string }[]): string {
  let [x, line] = [frame.left, 0]
  return items
    .map(({ kind, words }) => {
      const width = 36 + words.length * 7
      if (x + width > frame.right && x > frame.left) [x, line] = [frame.left, line + 1]
      const item = `<rect x="${n(x)}" y="${n(y - 9 + line * LEGEND_LINE)}" width="12" height="12" rx="2" class="${kind}"/>${text(x + 18, y + 1 + line * LEGEND_LINE, words, 'label')}`
      x += width
      return item
    })
    .join('')
}

/** At most two places: what is finer cannot be seen. */
export function n(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** Cut to what fits. */
export function short(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`
}
