/**
 * The list of patches as a table. The Replications of each open to its copies in every Data Center; which are open is
 * part of the address.
 */
import type { ApplianceCopy } from '../core/copies.ts'
import type { PatchLine, PatchList, Sort } from '../core/patch-list.ts'
import { ColumnHead, SortingHead, TableHead } from './column-heads.tsx'
import { CopyTable } from './copy-table.tsx'
import { Label, Replications } from './labels.tsx'
import { listAddress, type ShownList } from './list-address.ts'
import { Moment } from './moments.tsx'
import { elementId, patchAddress, patchTitle, size } from './words.ts'

export type PatchTableProps = {
  list: PatchList
  shown: ShownList
  /** Of the patches that are open. */
  copies: Map<string, ApplianceCopy[]>
  /** Service Provider appliances that cannot be reached now. */
  unreachable: number
}

const HEADINGS: { name: string; sort: Sort | null }[] = [
  { name: 'Name', sort: 'name' },
  { name: 'Version', sort: null },
  { name: 'Size', sort: 'size' },
  { name: 'Uploaded', sort: 'uploaded' },
  { name: 'Replications', sort: 'replications' },
]

export const PatchTable = (props: PatchTableProps) => (
  <table
    class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table"
    id="patch-table"
    aria-label="Patches"
    data-operation="listPatches"
  >
    <TableHead>
      {HEADINGS.map(({ name, sort }) => (
        <Heading name={name} sort={sort} shown={props.shown} />
      ))}
    </TableHead>
    <tbody class="pf-v6-c-table__tbody">
      {props.list.lines.map((patch) => (
        <>
          <Line patch={patch} {...props} />
          {props.copies.has(patch.id) && (
            <tr class="pf-v6-c-table__tr pm-opened" id={elementId('opened', patch.id)}>
              <td class="pf-v6-c-table__td" colspan={HEADINGS.length}>
                <CopyTable copies={props.copies.get(patch.id) ?? []} bytes={patch.bytes} />
              </td>
            </tr>
          )}
        </>
      ))}
    </tbody>
  </table>
)

const Heading = ({ name, sort, shown }: { name: string; sort: Sort | null; shown: ShownList }) => {
  if (sort === null) return <ColumnHead heading={name} />
  const sorted = shown.sort === sort ? shown.order : null
  const order = sorted === 'up' ? 'down' : sorted === 'down' || sort === 'name' ? 'up' : 'down'
  return <SortingHead heading={name} address={listAddress(shown, { sort, order, page: 1 })} sorted={sorted} here />
}

const Line = ({ patch, shown, copies, unreachable }: PatchTableProps & { patch: PatchLine }) => (
  <tr class="pf-v6-c-table__tr" id={elementId('patch', patch.id)} data-patch={`${patch.name}@${patch.version}`}>
    <td class="pf-v6-c-table__td" data-label="Name">
      <a href={patchAddress(patch)} data-operation="showPatch">
        {patch.name}
      </a>
      {patch.supersededBy !== null && (
        <div class="pm-quiet">
          superseded by <a href={patchAddress(patch.supersededBy)}>{patchTitle(patch.supersededBy)}</a>
        </div>
      )}
    </td>
    <td class="pf-v6-c-table__td" data-label="Version">
      {patch.version}
      {patch.architecture !== null && <div class="pm-quiet">{patch.architecture}</div>}
    </td>
    <td class="pf-v6-c-table__td pm-number" data-label="Size">
      {size(patch.bytes)}
    </td>
    <td class="pf-v6-c-table__td" data-label="Uploaded">
      <Moment at={patch.uploadedAt} />
      {patch.uploadedBy !== null && <div class="pm-quiet">by {patch.uploadedBy}</div>}
    </td>
    <td class="pf-v6-c-table__td" data-label="Replications">
      <OpenCopies patch={patch} shown={shown} open={copies.has(patch.id)} unreachable={unreachable} />
      {patch.trouble !== '' && (
        <div class="pm-row pm-quiet pm-trouble">
          <Label tone="warning" text="needs attention" /> {patch.trouble}.
        </div>
      )}
    </td>
  </tr>
)

type OpenCopiesProps = { patch: PatchLine; shown: ShownList; open: boolean; unreachable: number }

/** The count and its bar; following it opens the copies below, or closes them. */
const OpenCopies = ({ patch, shown, open, unreachable }: OpenCopiesProps) => {
  const others = shown.open.filter((id) => id !== patch.id)
  const { total } = patch.replications
  return (
    <a
      class={`pm-toggle${patch.condition === 'complete' ? ' pm-replicated' : ''}`}
      role="button"
      href={listAddress(shown, { open: open ? others : [...others, patch.id] })}
      data-here="replace"
      aria-expanded={open ? 'true' : 'false'}
    >
      <span class="pf-v6-screen-reader">Copies: </span>
      <span aria-live="polite">
        <Replications replications={patch.replications} newAppliances={patch.newAppliances} unreachable={unreachable} />
      </span>
      <progress max={Math.max(1, total * patch.bytes)} value={patch.bytesArrived} aria-hidden="true" />
    </a>
  )
}
