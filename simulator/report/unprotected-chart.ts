/**
 * Unprotected minutes: how long each pair had one member fewer to serve while the other was being patched. A bar for
 * each pair where there are few, else how many pairs had how many minutes.
 */
import type { InstallRun } from '../virtual-install.ts'
import { roundMarks, threeDigits } from './quantities.ts'
import { bar, type Frame, levels, short, svg, text, uprights, WIDTH } from './svg.ts'

const MOST_GROUPS = 30
const ROW = 24
const BINS = 30

export function unprotectedChart({ unprotected }: InstallRun): string {
  return unprotected.length <= MOST_GROUPS ? eachGroup(unprotected) : histogram(unprotected)
}

function eachGroup(groups: InstallRun['unprotected']): string {
  const frame: Frame = { left: 250, right: WIDTH - 90, top: 12, height: groups.length * ROW }
  const end = 1.05 * Math.max(0.01, ...groups.map(({ minutes }) => minutes))
  const x = (minutes: number): number => frame.left + ((frame.right - frame.left) * minutes) / end
  const rows = groups.map(({ group, minutes }, at) => {
    const y = frame.top + at * ROW
    return (
      text(frame.left - 12, y + 16, short(group, 34), 'label', 'end') +
      bar(
        { x: frame.left, y: y + 5, width: x(minutes) - frame.left, height: ROW - 10 },
        'fill-4',
        `${group}: ${minutes} min`,
      ) +
      text(x(minutes) + 8, y + 16, `${threeDigits(minutes)} min`, 'value')
    )
  })
  const marks = roundMarks(end).map((mark) => ({ x: x(mark), words: `${threeDigits(mark)} min` }))
  return svg(frame.top + frame.height + 32, 'Unprotected minutes of pairs', uprights(frame, marks) + rows.join(''))
}

function histogram(groups: InstallRun['unprotected']): string {
  const frame: Frame = { left: 64, right: WIDTH - 24, top: 12, height: 220 }
  const end = 1.02 * Math.max(0.01, ...groups.map(({ minutes }) => minutes))
  const counts = Array.from({ length: BINS }, () => 0)
  for (const { minutes } of groups) {
    const bin = Math.min(BINS - 1, Math.floor((minutes / end) * BINS))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const most = Math.max(...counts) * 1.08
  const x = (minutes: number): number => frame.left + ((frame.right - frame.left) * minutes) / end
  const y = (count: number): number => frame.top + frame.height * (1 - count / most)
  const bars = counts.map((count, bin) => {
    const [from, to] = [x((bin * end) / BINS), x(((bin + 1) * end) / BINS)]
    const title = `${count} pairs: ${threeDigits((bin * end) / BINS)} to ${threeDigits(((bin + 1) * end) / BINS)} min`
    return count === 0
      ? ''
      : bar({ x: from + 1, y: y(count), width: to - from - 2, height: y(0) - y(count) }, 'fill-4', title)
  })
  return svg(
    frame.top + frame.height + 32,
    'Unprotected minutes of pairs',
    levels(
      frame,
      roundMarks(most).map((mark) => ({ y: y(mark), words: `${threeDigits(mark)} pairs` })),
    ) +
      roundMarks(end)
        .map((mark) => text(x(mark), frame.top + frame.height + 18, `${threeDigits(mark)} min`, 'mark', 'middle'))
        .join('') +
      bars.join(''),
  )
}
