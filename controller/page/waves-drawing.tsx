/**
 * The drawing of waves over time: each wave with its Data Centers and pairs, what is done, under way, standing and still to
 * come, and when windows are open. Whoever shows it says the same in words below it.
 */
import type { PairView } from '../core/install-progress.ts'
import type { Break } from './time-axis.ts'
import { AXIS, type Heading, LABELS, ROW, type Row, type WavesLayout } from './waves-layout.ts'
import { pairTimes, STANDING_WORDS } from './waves-words.ts'
import { counted, duration } from './words.ts'

type WavesDrawingProps = {
  layout: WavesLayout
  id: string
  title: string
  /** Of the place in which it is moved sideways. */
  label: string
  /** The element with the same in words. */
  describedBy: string
}

export const WavesDrawing = ({ layout, id, title, label, describedBy }: WavesDrawingProps) => (
  <>
    <div class="pm-waves" tabindex={0} role="region" aria-label={label}>
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        width={layout.width}
        height={layout.height}
        role="img"
        aria-labelledby={`${id}-title`}
        aria-describedby={describedBy}
      >
        <title id={`${id}-title`}>{title}</title>
        <Stripes id={`${id}-stripes`} />
        {layout.headings.map((heading) => (
          <Place heading={heading} width={layout.width} />
        ))}
        <Axis layout={layout} />
        {layout.breaks.map((one) => (
          <Broken of={one} height={layout.height} />
        ))}
        {layout.rows.map((row) => (
          <Line row={row} stripes={`${id}-stripes`} />
        ))}
        {layout.nowX !== null && <Now x={layout.nowX} height={layout.height} />}
      </svg>
    </div>
    <p class="pm-quiet pm-sideways">The picture is wider than this screen: move it sideways.</p>
  </>
)

/** What of it is not as it is, as sentences that follow on others. */
export function drawnOtherwise({ breaks, leftOut }: WavesLayout): string {
  const waits = breaks.map(({ seconds }) => duration(seconds))
  return [
    ...(waits.length === 0 ? [] : [` Drawn shorter than it is, where nothing happens: ${waits.join(', ')}.`]),
    ...(leftOut === 0 ? [] : [` ${counted(leftOut, 'more row')} not drawn.`]),
  ].join('')
}

/** In one too narrow for it the length stands only in the words. */
const LABELLED_FROM = 60

const Broken = ({ of: { x, width, seconds }, height }: { of: Break; height: number }) => (
  <g>
    <title>{duration(seconds)} in which nothing happens, drawn shorter</title>
    <rect class="pm-wave-break" x={x} y={AXIS - 8} width={width} height={height - AXIS - 2} />
    <path class="pm-wave-broken" d={`M${x + width / 2 - 6} ${AXIS - 3}l4 -10m4 10l4 -10`} />
    {width >= LABELLED_FROM && (
      <text class="pm-wave-small" x={x + width / 2} y={AXIS - 30} text-anchor="middle">
        {duration(seconds)}
      </text>
    )}
  </g>
)

/** What is still expected of something that has begun. */
const Stripes = ({ id }: { id: string }) => (
  <defs>
    <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="pm-wave-stripe" width="2.5" height="6" />
    </pattern>
  </defs>
)

const Place = ({ heading: { y, wave, dataCenter, height, bands }, width }: { heading: Heading; width: number }) => (
  <g>
    <rect class="pm-wave-place" x="0.5" y={y} width={width - 1} height={height} rx="6" />
    {bands.map((band) => (
      <rect class="pm-wave-open" x={band.x} y={y + 1} width={band.width} height={height - 2}>
        <title>A maintenance window is open</title>
      </rect>
    ))}
    <text class="pm-wave-name" x="10" y={y + 16}>
      Wave {wave} · {short(dataCenter, 16)}
    </text>
  </g>
)

const Axis = ({ layout: { ticks, height } }: { layout: WavesLayout }) => (
  <g aria-hidden="true">
    <text class="pm-wave-small" x="10" y={AXIS - 14}>
      since its start
    </text>
    {ticks.map(({ x, seconds }, index) => (
      <>
        <line class="pm-wave-tick" x1={x} y1={AXIS - 8} x2={x} y2={height - 10} />
        {sinceStart(seconds) !== sinceStart(ticks[index - 1]?.seconds ?? -1) && (
          <text class="pm-wave-small" x={x} y={AXIS - 14} text-anchor="middle">
            {sinceStart(seconds)}
          </text>
        )}
      </>
    ))}
  </g>
)

/** After hours a minute more says the same. */
function sinceStart(seconds: number): string {
  return seconds === 0 ? '0' : duration(seconds)
}

const Line = ({ row: { y, label, pairs, bars }, stripes }: { row: Row; stripes: string }) => {
  const [first] = pairs
  const told = first === undefined ? '' : pairs.length === 1 ? pairTimes(first) : shared(pairs)
  return (
    <g>
      <title>
        {label}: {told}
      </title>
      <text class="pm-wave-small" x="22" y={y + 14}>
        {short(label, 18)}
      </text>
      {bars.length === 0 && (
        <text class="pm-wave-small" x={LABELS} y={y + 14}>
          {first === undefined ? '' : STANDING_WORDS[first.standing]}
        </text>
      )}
      {bars.map(({ x, width, look, isExpected }) => (
        <rect
          class={`pm-wave-bar pm-wave-${look}${isExpected ? ' pm-wave-expected' : ''}`}
          {...(isExpected ? { fill: `url(#${stripes})` } : {})}
          {...{ x, width, y: y + 4, height: ROW - 10, rx: 3 }}
        />
      ))}
    </g>
  )
}

const Now = ({ x, height }: { x: number; height: number }) => (
  <g>
    <title>Now</title>
    <line class="pm-wave-now" x1={x} y1={AXIS - 8} x2={x} y2={height - 10} />
    <text class="pm-wave-small" x={x} y={AXIS - 30} text-anchor="middle">
      now
    </text>
  </g>
)

function shared(pairs: readonly PairView[]): string {
  const counts = Object.entries(Object.groupBy(pairs, ({ standing }) => standing))
  return counts
    .map(([standing, some]) => `${some.length} ${STANDING_WORDS[standing as PairView['standing']]}`)
    .join(', ')
}

function short(name: string, characters: number): string {
  const all = [...name]
  return all.length <= characters ? name : `${all.slice(0, characters - 1).join('')}…`
}
