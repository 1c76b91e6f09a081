/**
 * The waves of an install as a timeline: a row for each appliance where there are few, else one for each Data Center;
 * a bar from the start of its installer to the end of its verification, in the colour of its organization.
 */
import type { InstallRun } from '../virtual-install.ts'
import { durationText, markText, timeMarks } from './quantities.ts'
import { bar, type Frame, legend, short, svg, text, uprights, WIDTH } from './svg.ts'

const MOST_APPLIANCES = 48
/** As lanes of one organization in one Data Center. */
const MOST_LANES = 80
const MOST_HEIGHT = 900
const HUES = 8
const LABEL_HEIGHT = 11

export function installChart({ runs, tookMs }: InstallRun): string {
  const organizations = [...new Set(runs.map(({ organization }) => organization))]
  const sorted = runs.toSorted(byPlaceAndTime)
  const rowOf = chooseRows(sorted)
  const rows = [...new Set(sorted.map(rowOf))]
  const place = new Map(rows.map((row, at) => [row, at]))
  const isFew = runs.length <= MOST_APPLIANCES
  const rowHeight = Math.min(isFew ? 22 : 14, MOST_HEIGHT / Math.max(1, rows.length))
  const labelledRows = Math.ceil(LABEL_HEIGHT / rowHeight)
  const frame: Frame = {
    left: 210,
    right: WIDTH - 24,
    top: organizations.length > 6 ? 60 : 40,
    height: rows.length * rowHeight,
  }
  const endMs = 1.02 * Math.max(1, tookMs ?? 0, ...runs.map(({ toMs }) => toMs))
  const x = (ms: number): number => frame.left + ((frame.right - frame.left) * ms) / endMs
  const hue = (organization: string): string => `fill-${(organizations.indexOf(organization) % HUES) + 1}`
  const { marks, stepMs } = timeMarks(endMs)
  const bars = runs.map((run) => {
    const y = frame.top + (place.get(rowOf(run)) ?? 0) * rowHeight
    const title = `${run.appliance}, ${run.organization} in ${run.dataCenter}: ${durationText(run.toMs - run.fromMs)} from ${durationText(run.fromMs)}`
    const margin = rowHeight > 4 ? rowHeight * 0.16 : 0
    return bar(
      {
        x: x(run.fromMs),
        y: y + margin,
        width: x(run.toMs) - x(run.fromMs),
        height: Math.max(rowHeight - 2 * margin, 1),
      },
      hue(run.organization),
      title,
    )
  })
  const labels = rows.map((row, at) =>
    at % labelledRows === 0
      ? text(frame.left - 12, frame.top + (at + 0.5) * rowHeight + 4, short(row, 28), 'label', 'end')
      : '',
  )
  return svg(
    frame.top + frame.height + 32,
    'Install waves',
    legend(frame, 16, [
      ...organizations
        .slice(0, HUES)
        .map((organization) => ({ kind: hue(organization), words: short(organization, 24) })),
      ...(organizations.length > HUES
        ? [{ kind: 'no-key', words: `${organizations.length - HUES} more, in the same colours` }]
        : []),
    ]) +
      uprights(
        frame,
        marks.map((mark) => ({ x: x(mark), words: markText(mark, stepMs) })),
      ) +
      labels.join('') +
      bars.join(''),
  )
}

type Run = InstallRun['runs'][number]

/** The finest rows that there is room for. */
function chooseRows(runs: readonly Run[]): (run: Run) => string {
  if (runs.length <= MOST_APPLIANCES) return ({ appliance }) => appliance
  const lane = ({ dataCenter, organization }: Run): string => `${dataCenter}, ${organization}`
  return new Set(runs.map(lane)).size <= MOST_LANES ? lane : ({ dataCenter }) => dataCenter
}

function byPlaceAndTime(one: Run, other: Run): number {
  return one.dataCenter.localeCompare(other.dataCenter, 'en', { numeric: true }) || one.fromMs - other.fromMs
}
