/**
 * WAN bytes by link: what each site received and sent, beside one copy of the patch. Where there are many sites, those
 * that carried most, and what lies between the least and the most of the others.
 */

import { WIRE_BYTES_PER_BYTE } from '../../protocol/wan-limits.ts'
import type { VirtualRun } from '../virtual-run.ts'
import { byteMarks, bytesText } from './quantities.ts'
import { bar, type Frame, legend, short, svg, text, uprights, WIDTH } from './svg.ts'

const MOST_SITES = 24
/** Shown of those that are more. */
const SHOWN_SITES = 12
const ROW = 34

export function wanChart({ bytesByLink, patchBytes }: VirtualRun): string {
  const names = Object.keys(bytesByLink).flatMap((link) => (link.endsWith(' down') ? [link.slice(0, -5)] : []))
  const of = (name: string) => ({
    name,
    down: bytesByLink[`${name} down`] ?? 0,
    up: bytesByLink[`${name} up`] ?? 0,
  })
  const [center, ...dataCenters] = names.map(of)
  const sorted = dataCenters.toSorted((one, other) => other.down + other.up - one.down - one.up)
  const shown = names.length <= MOST_SITES ? dataCenters : sorted.slice(0, SHOWN_SITES)
  const left = sorted.slice(shown.length)
  // The Service Center may have sent a thousand times what a site received: its bar has a scale of its own then.
  const most = Math.max(patchBytes, ...shown.flatMap(({ down, up }) => [down, up]))
  const centerMost = Math.max(center?.up ?? 0, center?.down ?? 0)
  const isBeyond = centerMost > most * 12
  const end = 1.04 * (isBeyond ? most : Math.max(most, centerMost))
  const rows = [...(center === undefined || isBeyond ? [] : [center]), ...shown]
  const frame: Frame = { left: 210, right: WIDTH - 120, top: 44, height: rows.length * ROW }
  const x = (bytes: number): number => frame.left + ((frame.right - frame.left) * bytes) / end

  const bars = rows.map(({ name, down, up }, at) => {
    const y = frame.top + at * ROW
    const place = (bytes: number, offset: number) => ({
      x: frame.left,
      y: y + offset,
      width: x(bytes) - frame.left,
      height: 11,
    })
    return (
      text(frame.left - 12, y + 21, short(name, 26), 'label', 'end') +
      bar(place(down, 5), 'fill-1', `${name} received ${bytesText(down)}`) +
      bar(place(up, 18), 'fill-2', `${name} sent ${bytesText(up)}`) +
      text(x(Math.max(down, up)) + 8, y + 21, bytesText(Math.max(down, up)), 'value')
    )
  })
  const bottom = frame.top + frame.height
  const copyBytes = patchBytes * WIRE_BYTES_PER_BYTE
  const copy = x(copyBytes)
  const isAtEnd = copy > frame.right - 80
  const notes = [
    ...(isBeyond && center !== undefined
      ? [`The Service Center sent ${bytesText(center.up)}: ${Math.round(center.up / copyBytes)} copies.`]
      : []),
    ...(left.length > 0
      ? [
          `${left.length} other Data Centers received ${between(left.map(({ down }) => down))} each and sent ${between(left.map(({ up }) => up))}.`,
        ]
      : []),
  ]
  return svg(
    bottom + 32 + notes.length * 20,
    'WAN bytes by link',
    legend({ ...frame, left: 210 }, 16, [
      { kind: 'fill-1', words: 'received over the WAN' },
      { kind: 'fill-2', words: 'sent over the WAN' },
    ]) +
      uprights(
        frame,
        byteMarks(end).map((mark) => ({ x: x(mark), words: bytesText(mark) })),
      ) +
      bars.join('') +
      `<line x1="${copy}" y1="${frame.top - 8}" x2="${copy}" y2="${bottom}" class="bound"/>` +
      text(
        isAtEnd ? copy - 6 : copy + 6,
        frame.top - 4,
        'one copy with its headers',
        'bound-words',
        isAtEnd ? 'end' : 'start',
      ) +
      notes.map((note, at) => text(frame.left, bottom + 44 + at * 20, note, 'label')).join(''),
  )
}

function between(bytes: readonly number[]): string {
  const [least, most] = [bytesText(Math.min(...bytes)), bytesText(Math.max(...bytes))]
  return least === most ? least : `${least} to ${most}`
}
