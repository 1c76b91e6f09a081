/**
 * Organization by Data Center: how many appliances are patched, unpatched, not applicable and unknown. Heads stay in
 * sight, and a large fleet is shown in parts.
 */
import type { PatchCounts, PatchMatrix, PlaceCounts } from '../core/patch-matrix.ts'
import { Pager } from './list-toolbar.tsx'
import { type ShownPatch, shownPatchAddress } from './patch-address.ts'
import { counted, elementId } from './words.ts'

const ROWS = 25
const COLUMNS = 20
const SIGNS = [
  { kind: 'patched', sign: '✓', word: 'patched' },
  { kind: 'unpatched', sign: '✕', word: 'unpatched' },
  { kind: 'unknown', sign: '?', word: 'unknown' },
  { kind: 'notApplicable', sign: '–', word: 'not applicable' },
] as const satisfies { kind: keyof PatchCounts; sign: string; word: string }[]

type MatrixProps = { matrix: PatchMatrix; shown: ShownPatch }

export const MatrixTable = ({ matrix, shown }: MatrixProps) => {
  const row = part(matrix.organizations, shown.rows, ROWS)
  const column = part(matrix.dataCenters, shown.columns, COLUMNS)
  return (
    <>
      <p class="pm-row pm-legend">
        {SIGNS.map((sign) => (
          <Count {...sign} count={matrix.all[sign.kind]} words />
        ))}
        <span class="pm-quiet">of {counted(total(matrix.all), 'appliance')}</span>
      </p>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <div class="pm-matrix" tabindex={0} role="region" aria-label="Matrix">
        <table class="pf-v6-c-table pf-m-compact" id="matrix-table" aria-label="Where it is installed">
          <thead>
            <tr>
              <th scope="col">Organization</th>
              <th scope="col">All</th>
              {column.items.map(({ dataCenter }) => (
                <th scope="col">{dataCenter}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {row.items.map((organization) => (
              <Row
                name={organization.organization}
                id={elementId('row', organization.organization)}
                sum={organization}
                cells={organization.dataCenters}
                columns={column.items}
              />
            ))}
          </tbody>
          <tfoot>
            <Row name="All" id="row-of-all" sum={matrix.all} cells={matrix.dataCenters} columns={column.items} />
          </tfoot>
        </table>
      </div>
      <div class="pm-row pm-spread">
        <Pager name="organizations" {...row} address={(page) => shownPatchAddress(shown, { rows: page })} />
        <Pager name="Data Centers" {...column} address={(page) => shownPatchAddress(shown, { columns: page })} />
      </div>
    </>
  )
}

type RowProps = { name: string; id: string; sum: PatchCounts; cells: PlaceCounts[]; columns: PlaceCounts[] }

const Row = ({ name, id, sum, cells, columns }: RowProps) => {
  const byPlace = new Map(cells.map((cell) => [cell.dataCenter, cell]))
  return (
    <tr id={id} data-row={name}>
      <th scope="row" class="pm-name">
        {name}
      </th>
      <Cell counts={sum} />
      {columns.map(({ dataCenter }) => (
        <Cell counts={byPlace.get(dataCenter)} />
      ))}
    </tr>
  )
}

const Cell = ({ counts }: { counts: PatchCounts | undefined }) => (
  <td class={counts === undefined ? '' : `pm-${tone(counts)}`}>
    {counts === undefined ? (
      <span class="pf-v6-screen-reader">no appliance</span>
    ) : (
      SIGNS.map((sign) => counts[sign.kind] > 0 && <Count {...sign} count={counts[sign.kind]} />)
    )}
  </td>
)

type CountProps = { sign: string; word: string; count: number; words?: boolean }

/** A sign beside the number; the word is there for who cannot see it, and where the pointer rests. */
const Count = ({ sign, word, count, words = false }: CountProps) => (
  <span class="pm-count" title={`${count} ${word}`}>
    <span aria-hidden="true">{sign}</span> {count} <span class={words ? '' : 'pf-v6-screen-reader'}>{word}</span>
  </span>
)

function tone({ patched, unpatched, unknown }: PatchCounts): string {
  if (unpatched + unknown > 0) return patched > 0 ? 'partly' : 'open'
  return patched > 0 ? 'done' : 'none'
}

function total({ patched, unpatched, notApplicable, unknown }: PatchCounts): number {
  return patched + unpatched + notApplicable + unknown
}

/** One part of the items; a part beyond the last is the last. */
function part<Item>(items: Item[], wanted: number, size: number) {
  const pages = Math.max(1, Math.ceil(items.length / size))
  const page = Math.min(wanted, pages)
  return { items: items.slice((page - 1) * size, page * size), page, pages, count: items.length }
}
