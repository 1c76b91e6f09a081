/**
 * Appliances: the inventory of the fleet. Filters, order and page are in the address, so a view of it can be sent to a
 * colleague, and everything works without scripts.
 */

import type { InventoryQuery, InventoryRow, InventoryWords, SortKey } from '../core/appliance-views.ts'
import { ColumnHead, SortingHead, TableHead } from './column-heads.tsx'
import { type Choice, SelectField, TextField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Pager } from './list-toolbar.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { IfMay } from './reader.tsx'
import { APPLIANCES, applianceAddress, counted, ENROLL, elementId, listed, size, whatToMind } from './words.ts'

export const PER_PAGE = [20, 50, 100] as const
export type InventoryPageQuery = InventoryQuery & { page: number; perPage: number }
type AppliancesPage = {
  /** Of the page that is shown; `total` match the filters, `all` there are. */
  rows: InventoryRow[]
  total: number
  all: number
  query: InventoryPageQuery
  words: InventoryWords
}

export const AppliancesPage = ({ rows, total, all, query, words }: AppliancesPage) => (
  <Layout title="Appliances" current={APPLIANCES}>
    <PageHeader heading="Appliances" trail={[]}>
      <IfMay do="enroll">
        <a class="pf-v6-c-button pf-m-primary" href={ENROLL}>
          Enroll appliances
        </a>
      </IfMay>
    </PageHeader>
    <Card id="inventory" title={query.members === 'now' ? 'Inventory' : 'Retired appliances'}>
      <Filters query={query} words={words} />
      <div data-live="inventory">
        {total === 0 ? <Nothing {...{ all, query }} /> : <Rows {...{ rows, total, query }} />}
      </div>
    </Card>
  </Layout>
)

const any = (text: string, values: readonly string[]): Choice[] => [
  { value: '', text },
  ...values.map((value) => ({ value, text: value })),
]
const REACHABLE: Choice[] = [
  { value: '', text: 'Any contact' },
  { value: 'yes', text: 'Reachable' },
  { value: 'no', text: 'Not reachable' },
]
const MEMBERS: Choice[] = [
  { value: 'now', text: 'Members of the fleet' },
  { value: 'retired', text: 'Retired' },
]

const Filters = ({ query, words }: Pick<AppliancesPage, 'query' | 'words'>) => (
  <form
    class="pm-filters"
    method="get"
    action={APPLIANCES}
    role="search"
    aria-label="Appliances"
    data-operation="listAppliances"
  >
    <TextField id="search" name="search" label="Search" type="search" value={query.search} />
    <SelectField
      {...{ id: 'data-center', name: 'dataCenter', label: 'Data Center', value: query.dataCenter }}
      choices={any('All', words.dataCenters)}
    />
    <SelectField
      {...{ id: 'organization', name: 'organization', label: 'Organization', value: query.organization }}
      choices={any('All', words.organizations)}
    />
    <SelectField
      {...{ id: 'kind', name: 'kind', label: 'Kind', value: query.kind }}
      choices={any('Any', words.kinds)}
    />
    <SelectField
      {...{ id: 'role', name: 'role', label: 'Role', value: query.role }}
      choices={any('Any', ['primary', 'secondary'])}
    />
    <SelectField
      {...{ id: 'reachable', name: 'reachable', label: 'Last contact', value: query.reachable }}
      choices={REACHABLE}
    />
    <SelectField {...{ id: 'members', name: 'members', label: 'Show', value: query.members }} choices={MEMBERS} />
    <SelectField
      {...{ id: 'per-page', name: 'perPage', label: 'Rows', value: String(query.perPage) }}
      choices={PER_PAGE.map((rows) => ({ value: String(rows), text: `${rows} a page` }))}
    />
    <input type="hidden" name="sort" value={query.sort} />
    <input type="hidden" name="order" value={query.order} />
    <div class="pm-row">
      <button class="pf-v6-c-button pf-m-secondary" type="submit">
        Filter
      </button>
      <a class="pf-v6-c-button pf-m-link" href={APPLIANCES}>
        Clear
      </a>
    </div>
  </form>
)

/** The address of this view with something else in it; what is usual is left out. */
function addressOf(query: InventoryPageQuery, change: Partial<InventoryPageQuery>): string {
  const usual: Record<string, unknown> = {
    members: 'now',
    sort: 'dataCenter',
    order: 'up',
    page: 1,
    perPage: PER_PAGE[0],
  }
  const entries = Object.entries({ ...query, ...change }).filter(([key, value]) => value !== '' && value !== usual[key])
  const text = new URLSearchParams(entries.map(([key, value]) => [key, String(value)])).toString()
  return text === '' ? APPLIANCES : `${APPLIANCES}?${text}`
}

const COLUMNS: readonly { heading: string; sort?: SortKey }[] = [
  { heading: 'Name', sort: 'name' },
  { heading: 'Organization', sort: 'organization' },
  { heading: 'Data Center', sort: 'dataCenter' },
  { heading: 'Kind', sort: 'kind' },
  { heading: 'Last contact', sort: 'lastSeen' },
  { heading: 'Agent and store', sort: 'version' },
  { heading: 'Installed' },
  { heading: 'Arrives' },
]

const Rows = ({ rows, total, query }: Pick<AppliancesPage, 'rows' | 'total' | 'query'>) => (
  <>
    <table
      class="pf-v6-c-table pf-m-compact pf-m-grid-lg pm-table pm-narrow-columns pm-inventory"
      aria-label="Appliances"
    >
      <TableHead>
        {COLUMNS.map((column) => (
          <Heading {...column} query={query} />
        ))}
      </TableHead>
      <tbody class="pf-v6-c-table__tbody">
        {rows.map((row) => (
          <Row row={row} />
        ))}
      </tbody>
    </table>
    <Pages {...{ query, total, rows }} />
  </>
)

const Heading = ({ heading, sort, query }: { heading: string; sort?: SortKey; query: InventoryPageQuery }) => {
  if (sort === undefined) return <ColumnHead heading={heading} />
  const sorted = query.sort === sort ? query.order : null
  const order = sorted === 'up' ? 'down' : 'up'
  return <SortingHead heading={heading} address={addressOf(query, { sort, order, page: 1 })} sorted={sorted} />
}

const Row = ({ row }: { row: InventoryRow }) => (
  <tr class="pf-v6-c-table__tr" id={elementId('appliance', row.peer)} data-appliance={row.name}>
    <td class="pf-v6-c-table__td pm-name" data-label="Name">
      <a href={applianceAddress(row)}>{row.name}</a>
    </td>
    <td class="pf-v6-c-table__td" data-label="Organization">
      {row.organization}
    </td>
    <td class="pf-v6-c-table__td" data-label="Data Center">
      {row.dataCenter}
    </td>
    <td class="pf-v6-c-table__td" data-label="Kind">
      {row.kind}, {row.role}
      <div class="pm-quiet">{row.group}</div>
    </td>
    <td class="pf-v6-c-table__td" data-label="Last contact">
      <Contact appliance={row} />
      {whatToMind(row).map((text) => (
        <div class="pm-quiet">
          <WithMoments text={text} />
        </div>
      ))}
    </td>
    <td class="pf-v6-c-table__td pm-number" data-label="Agent and store">
      {row.account?.agentVersion}
      <div>
        <Store account={row.account} />
      </div>
    </td>
    <td class="pf-v6-c-table__td" data-label="Installed">
      <Installed versions={row.versions} />
    </td>
    <td class="pf-v6-c-table__td pm-number" data-label="Arrives">
      <Arrives {...row} />
    </td>
  </tr>
)

export const Contact = ({ appliance: { reachable, held, retiredAt, lastSeenAt } }: { appliance: InventoryRow }) => {
  if (retiredAt !== null)
    return (
      <>
        <Label tone="waiting" text="retired" /> <Since word="on" iso={retiredAt} />
      </>
    )
  if (held !== null)
    return (
      <>
        <Label tone="danger" text="held" /> <Since word="since" iso={lastSeenAt} />
      </>
    )
  if (reachable) return <Label tone="success" text="reachable" />
  return (
    <>
      <Label tone="warning" text="not reachable" /> <Since word="since" iso={lastSeenAt} />
    </>
  )
}

const Since = ({ word, iso }: { word: string; iso: string }) => (
  <span class="pm-quiet">
    {word} <Moment at={iso} />
  </span>
)

const SHOWN_VERSIONS = 2
const Installed = ({ versions }: Pick<InventoryRow, 'versions'>) => {
  if (versions.length === 0) return <span class="pm-quiet">unknown</span>
  const more = versions.length - SHOWN_VERSIONS
  return (
    <>
      {versions.slice(0, SHOWN_VERSIONS).map(({ patch, version }) => (
        <div>
          {patch} {version}
        </div>
      ))}
      {more > 0 && <div class="pm-quiet">and {more} more</div>}
    </>
  )
}

export const Store = ({ account }: Pick<InventoryRow, 'account'>) =>
  account === null ? (
    <span class="pm-quiet">unknown</span>
  ) : (
    <>
      {size(account.storeBytes)} used
      <div class="pm-quiet">{size(account.freeBytes)} free</div>
    </>
  )

export const Arrives = ({ bytesPerSecond, sources }: Pick<InventoryRow, 'bytesPerSecond' | 'sources'>) =>
  bytesPerSecond === 0 ? (
    <span class="pm-quiet">nothing</span>
  ) : (
    <>
      {size(bytesPerSecond)}/s
      {sources.length > 0 && <div class="pm-quiet">from {listed(sources)}</div>}
    </>
  )

const Pages = ({ query, total, rows }: Pick<AppliancesPage, 'query' | 'total' | 'rows'>) => (
  <div class="pm-row pm-spread pm-pages">
    <span class="pm-quiet" role="status">
      {(query.page - 1) * query.perPage + 1} to {(query.page - 1) * query.perPage + rows.length} of{' '}
      {counted(total, 'appliance')}
    </span>
    <Pager
      name="appliances"
      page={query.page}
      pages={Math.ceil(total / query.perPage)}
      address={(page) => addressOf(query, { page })}
    />
  </div>
)

const Nothing = ({ all, query }: Pick<AppliancesPage, 'all' | 'query'>) => (
  <div class="pf-v6-c-empty-state" id="no-appliances">
    <div class="pf-v6-c-empty-state__content">
      <h3 class="pf-v6-c-title pf-m-lg">
        {all > 0 ? 'No appliance matches' : query.members === 'now' ? 'No appliance yet' : 'None is retired'}
      </h3>
      <div class="pf-v6-c-empty-state__body">
        {all > 0 ? (
          <a href={APPLIANCES}>Clear the filters</a>
        ) : query.members === 'now' ? (
          <>
            <a href={ENROLL}>Enroll</a> the Service Provider appliances of a Data Center first; the others connect
            through them.
          </>
        ) : (
          'Appliances that leave the fleet stay here with their history.'
        )}
      </div>
    </div>
  </div>
)
