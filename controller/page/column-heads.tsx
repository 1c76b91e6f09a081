/**
 * The heads of a table's columns; those that sort it lead to the same list in another order.
 */
import type { Child } from 'hono/jsx'

export const TableHead = ({ children }: { children?: Child }) => (
  <thead class="pf-v6-c-table__thead">
    <tr class="pf-v6-c-table__tr">{children}</tr>
  </thead>
)

export const ColumnHeads = ({ headings }: { headings: readonly string[] }) => (
  <TableHead>
    {headings.map((heading) => (
      <ColumnHead heading={heading} />
    ))}
  </TableHead>
)

export const ColumnHead = ({ heading }: { heading: string }) => (
  <th class="pf-v6-c-table__th" scope="col">
    {heading}
  </th>
)

/** `sorted` is null where the list is in the order of another column; `here` goes there without loading the page anew. */
export const SortingHead = (props: {
  heading: string
  address: string
  sorted: 'up' | 'down' | null
  here?: boolean
}) => (
  <th
    class="pf-v6-c-table__th"
    scope="col"
    {...(props.sorted === null ? {} : { 'aria-sort': props.sorted === 'up' ? 'ascending' : 'descending' })}
  >
    <a class="pm-sort" href={props.address} {...(props.here === true ? { 'data-here': true } : {})}>
      {props.heading}
      <span aria-hidden="true">{props.sorted === null ? '' : props.sorted === 'up' ? ' ↑' : ' ↓'}</span>
    </a>
  </th>
)
