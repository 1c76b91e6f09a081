/**
 * An install over time as a picture: each wave with its Data Centers and pairs, what is done, under way, standing and still to come,
 * and when windows are open. Below it stands the same as a table, for whoever does not see it or wants the moments.
 */
import type { PairView } from '../core/install-progress.ts'
import { hasEnded } from '../core/rollout/install-states.ts'
import type { InstallDetail } from '../core/views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { WithMoments } from './moments.tsx'
import { drawnOtherwise, WavesDrawing } from './waves-drawing.tsx'
import { layOutWaves } from './waves-layout.ts'
import { pairTimes, progressSentences, STANDING_WORDS } from './waves-words.ts'
import { dataCenterTitle, elementId, patchTitle } from './words.ts'

const MOST_PAIRS = 200
const HEADINGS = ['Wave', 'Data Center', 'Organization', 'Installed', 'When']

export const WavesPicture = ({ install }: { install: InstallDetail }) => {
  if (install.pairs.length === 0) return null
  const layout = layOutWaves(install, hasEnded(install) ? null : Date.parse(install.toldAt))
  const id = (part: string) => elementId('waves', install.id, part)
  return (
    <section class="pm-timeline" aria-label="Over time" id={id('section')}>
      <WavesDrawing
        {...{ layout, id: id('drawing'), describedBy: id('words') }}
        title="The waves of this install over time"
        label={`Picture of the waves of ${patchTitle(install)}`}
      />
      <Legend install={install} />
      <p class="pm-quiet" id={id('words')}>
        <WithMoments text={progressSentences(install).join(' ')} />
        {drawnOtherwise(layout)}
      </p>
      <details id={id('table')}>
        <summary>The waves as a table</summary>
        <Pairs pairs={install.pairs} />
      </details>
    </section>
  )
}

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
