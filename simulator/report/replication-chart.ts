/**
 * Replication over time: a row for each Data Center where there are few, else how the fastest, the slowest and those
 * between are doing; with what went wrong meanwhile, the moments at which half and nearly all copies counted, and the
 * bound of a fluid.
 */
import type { VirtualRun } from '../virtual-run.ts'
import { durationText, markText, timeMarks } from './quantities.ts'
import { band, bar, type Frame, legend, levels, moment, polyline, short, svg, text, uprights, WIDTH } from './svg.ts'

/** Between these, so that two fill the picture and twelve fit into it. */
const MOST_ROW = 120
const LEAST_ROW = 44
const ROWS_HEIGHT = 330
const MOMENTS_HEIGHT = 66
const TICK = 9

export function replicationChart(run: VirtualRun): string {
  return run.progress.dataCenters.length > 0 ? rows(run) : quantiles(run)
}

/** Of each Data Center an area that grows from nothing to all. */
function rows(run: VirtualRun): string {
  const { dataCenters, atMs } = run.progress
  const row = Math.max(LEAST_ROW, Math.min(MOST_ROW, ROWS_HEIGHT / dataCenters.length))
  const frame: Frame = { left: 170, right: WIDTH - 110, top: MOMENTS_HEIGHT, height: dataCenters.length * row }
  const { x, marks } = timeAxis(run, frame)
  const areas = dataCenters.map(({ name, share }, at) => {
    const bottom = frame.top + (at + 1) * row
    const y = (part: number): number => bottom - (row - 12) * part
    const upper = share.map((part, look) => [x(atMs[look] ?? 0), y(part)] as const)
    const [last, end] = [share.at(-1) ?? 0, run.perDataCenter.find((one) => one.name === name)?.completeMs ?? null]
    const held = [...upper, [frame.right, y(last)] as const]
    const lower = held.map(([place]) => [place, bottom] as const)
    const troubles = troublesOf(run).filter(({ dataCenter }) => dataCenter === name || dataCenter === null)
    return (
      text(frame.left - 12, bottom - 12, short(name, 20), 'label', 'end') +
      troubles.map((trouble) => span(trouble, { x, y: y(1), height: bottom - y(1), right: frame.right })).join('') +
      band(held, lower, 'area') +
      polyline(held, 'line hue-1', name) +
      `<line x1="${frame.left}" y1="${bottom}" x2="${frame.right}" y2="${bottom}" class="grid"/>` +
      text(frame.right + 10, bottom - 12, end === null ? `${Math.round(last * 100)} %` : durationText(end), 'value')
    )
  })
  const keys = troublesOf(run).length === 0 ? '' : legend(frame, frame.top + frame.height + 48, [TROUBLE_KEY])
  return svg(
    frame.top + frame.height + (keys === '' ? 34 : 64),
    'Replication over time',
    marks + areas.join('') + moments(run, frame, x) + keys,
  )
}

function quantiles(run: VirtualRun): string {
  const { progress } = run
  const frame: Frame = { left: 64, right: WIDTH - 24, top: MOMENTS_HEIGHT, height: 320 }
  const { x, marks } = timeAxis(run, frame)
  const y = (share: number): number => frame.top + frame.height * (1 - share)
  const line = (shares: readonly number[]) => shares.map((share, at) => [x(progress.atMs[at] ?? 0), y(share)] as const)
  return svg(
    frame.top + frame.height + 64,
    'Replication over time',
    marks +
      levels(
        frame,
        [0, 0.25, 0.5, 0.75, 1].map((share) => ({ y: y(share), words: `${share * 100} %` })),
      ) +
      band(line(progress.most), line(progress.least), 'band-wide') +
      band(line(progress.ninetieth), line(progress.tenth), 'band') +
      polyline(line(progress.median), 'line hue-1', 'the median Data Center') +
      troublesOf(run)
        .map((trouble) => span(trouble, { x, y: y(0) - TICK, height: TICK, right: frame.right }))
        .join('') +
      moments(run, frame, x) +
      legend(frame, frame.top + frame.height + 48, [
        { kind: 'fill-1', words: 'median Data Center' },
        { kind: 'band-key', words: '80 % of them' },
        { kind: 'band-wide-key', words: 'all of them' },
        ...(troublesOf(run).length === 0 ? [] : [TROUBLE_KEY]),
      ]),
  )
}

type Trouble = { dataCenter: string | null; atMs: number; forMs: number; words: string }

const TROUBLE_KEY = { kind: 'trouble', words: 'a fault, or a link that is unavailable' }

function troublesOf({ faultList, windows }: VirtualRun): Trouble[] {
  return [
    ...faultList.map(({ kind, who, ...when }) => ({ ...when, words: `${kind} of ${who}` })),
    ...windows.map((window) => ({
      ...window,
      words: `the link of ${window.dataCenter ?? 'the Service Center'} is unavailable`,
    })),
  ]
}

/** From its beginning to its end, as far as it is on the picture. */
function span(
  { atMs, forMs, words }: Trouble,
  { x, y, height, right }: { x: (ms: number) => number; y: number; height: number; right: number },
): string {
  if (x(atMs) > right) return ''
  const width = Math.max(2, Math.min(x(atMs + forMs), right) - x(atMs))
  return bar(
    { x: x(atMs), y, width, height },
    'trouble',
    `${words}, from ${durationText(atMs)} for ${durationText(forMs)}`,
  )
}

function timeAxis({ progress, boundMs }: VirtualRun, frame: Frame): { x: (ms: number) => number; marks: string } {
  const endMs = 1.03 * Math.max(boundMs, progress.atMs.at(-1) ?? 0)
  const x = (ms: number): number => frame.left + ((frame.right - frame.left) * ms) / endMs
  const { marks, stepMs } = timeMarks(endMs)
  const placed = marks.map((mark) => ({ x: x(mark), words: markText(mark, stepMs) }))
  return { x, marks: uprights(frame, placed) }
}

function moments({ boundMs, copies, replications }: VirtualRun, frame: Frame, x: (ms: number) => number): string {
  const counted = (ratio: number): number | null => copies[Math.ceil(ratio * replications.total) - 1]?.atMs ?? null
  return [
    { ms: boundMs, words: 'fluid bound', kind: 'bound' },
    { ms: counted(0.5), words: 'p50 of copies', kind: 'quantile' },
    { ms: counted(0.99), words: 'p99 of copies', kind: 'quantile' },
  ]
    .map(({ ms, words, kind }, row) =>
      ms === null ? '' : moment(frame, x(ms), `${words} ${durationText(ms)}`, kind, row),
    )
    .join('')
}
