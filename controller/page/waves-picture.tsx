/**
 * An install over time as a picture: each wave with its Data Centers and pairs, what is done, under way, standing and still to come,
 * and when windows are open. Below it stands the same as a table, for whoever does not see it or wants the moments.
 */
import type { PairView } from '../core/install-progress.ts'
import { hasEnded } from '../core/rollout/install-states.ts'
import type { InstallDetail } from '../core/views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { WithMoments } from './moments.tsx'
import { AXIS, type Heading, LABELS, layOutWaves, ROW, type Row, type WavesLayout } from './waves-layout.ts'
import { pairTimes, progressSentences, STANDING_WORDS } from './waves-words.ts'
import { counted, dataCenterTitle, duration, elementId, patchTitle } from './words.ts'

const MOST_PAIRS = 200
const HEADINGS = ['Wave', 'Data Center', 'Organization', 'Installed', 'When']

export const WavesPicture = ({ install }: { install: InstallDetail }) => {
  if (install.pairs.length === 0) return null
  const layout = layOutWaves(install, hasEnded(install) ? null : Date.parse(install.toldAt))
  const id = (part: string) => elementId('waves', install.id, part)
  return (
    <section class="pm-timeline" aria-label="Over time" id={id('section')}>
      <div class="pm-waves" tabindex={0} role="region" aria-label={`Picture of the waves of ${patchTitle(install)}`}>
        <svg
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          width={layout.width}
          height={layout.height}
          role="img"
          aria-labelledby={id('title')}
          aria-describedby={id('words')}
        >
          <title id={id('title')}>The waves of this install over time</title>
          <Stripes id={id('stripes')} />
          {layout.headings.map((heading) => (
            <Place heading={heading} width={layout.width} />
          ))}
          <Axis layout={layout} />
          {layout.rows.map((row) => (
            <Line row={row} stripes={id('stripes')} />
          ))}
          {layout.nowX !== null && <Now x={layout.nowX} height={layout.height} />}
        </svg>
      </div>
      <p class="pm-quiet pm-sideways">
        The picture is wider than this screen: move it sideways, or open the table below.
      </p>
      <Legend install={install} />
      <p class="pm-quiet" id={id('words')}>
        <WithMoments text={progressSentences(install).join(' ')} />
        {layout.leftOut > 0 && ` ${counted(layout.leftOut, 'more row')} not drawn.`}
      </p>
      <details id={id('table')}>
        <summary>The waves as a table</summary>
        <Pairs pairs={install.pairs} />
      </details>
    </section>
  )
}

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
    {ticks.map(({ x, seconds }) => (
      <>
        <line class="pm-wave-tick" x1={x} y1={AXIS - 8} x2={x} y2={height - 10} />
        <text class="pm-wave-small" x={x} y={AXIS - 14} text-anchor="middle">
          {seconds === 0 ? '0' : duration(seconds)}
        </text>
      </>
    ))}
  </g>
)

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

const Legend = ({ install: { pairs, openings } }: { install: InstallDetail }) => {
  const looks = (['done', 'stands', 'runs', 'failed', 'ended'] as const).filter((look) =>
    pairs.some(({ standing }) => standing === look),
  )
  const isExpected = pairs.some(
    ({ expected, from, until }) => expected !== 'nothing' && from !== null && until !== null,
  )
  return (
    <ul class="pm-legend" role="list" aria-label="What the colours mean">
      {looks.map((look) => (
        <li>
          <span class={`pm-swatch pm-wave-${look}`} /> {STANDING_WORDS[look]}
        </li>
      ))}
      {isExpected && (
        <li>
          <span class="pm-swatch pm-wave-expected" /> expected
        </li>
      )}
      {openings.length > 0 && (
        <li>
          <span class="pm-swatch pm-wave-open" /> window open
        </li>
      )}
    </ul>
  )
}

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

const Pairs = ({ pairs }: { pairs: readonly PairView[] }) => (
  <>
    <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label="Pairs of the install over time">
      <ColumnHeads headings={HEADINGS} />
      <tbody class="pf-v6-c-table__tbody">
        {pairs.slice(0, MOST_PAIRS).map((pair) => (
          <tr class="pf-v6-c-table__tr">
            <td class="pf-v6-c-table__td" data-label={HEADINGS[0]}>
              {pair.wave}
            </td>
            <td class="pf-v6-c-table__td" data-label={HEADINGS[1]}>
              {dataCenterTitle(pair.dataCenter)}
            </td>
            <td class="pf-v6-c-table__td" data-label={HEADINGS[2]}>
              <span>
                {pair.organization}{' '}
                <span class="pm-quiet">
                  {pair.kind}, {pair.group}
                </span>
              </span>
            </td>
            <td class="pf-v6-c-table__td" data-label={HEADINGS[3]}>
              {pair.installed} of {pair.appliances}
            </td>
            <td class="pf-v6-c-table__td" data-label={HEADINGS[4]}>
              <span>
                <WithMoments text={pairTimes(pair)} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    {pairs.length > MOST_PAIRS && <p class="pm-quiet">And {pairs.length - MOST_PAIRS} more, which the API names.</p>}
  </>
)
