/**
 * Trail: who did what, when, from where, and how it ended. The filters are an ordinary form, so a filtered trail has an
 * address that can be sent to a colleague.
 */
import type { TrailPage as Entries, TrailView } from '../core/access-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { TextField } from './form-fields.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { BrokenTrail, type TrailChain, TrailChainCard } from './trail-chain-card.tsx'
import { elementId, TRAIL } from './words.ts'

export type TrailFilters = { who: string; action: string; from: string; to: string; text: string }

type Shown = Entries & {
  filters: TrailFilters
  /** Null for whoever may not know of all entries. */
  chain: TrailChain | null
}

export const TrailPage = ({ entries, next, filters, chain }: Shown) => (
  <Layout title="Trail" current={TRAIL}>
    <PageHeader heading="Trail" trail={[{ name: 'Access', address: TRAIL }]}>
      <div class="pm-row">
        <a
          class="pf-v6-c-button pf-m-secondary"
          href={`/api/v1/trail/export?${query(filters, { format: 'csv' })}`}
          data-operation="exportTrail"
          download
        >
          Export CSV
        </a>
        <a
          class="pf-v6-c-button pf-m-secondary"
          href={`/api/v1/trail/export?${query(filters, { format: 'jsonl' })}`}
          download
        >
          Export JSON lines
        </a>
      </div>
    </PageHeader>
    {chain !== null && <BrokenTrail {...chain} />}
    {chain !== null && <TrailChainCard {...chain} />}
    <Card id="filters" title="Filters">
      <form class="pm-filters" method="get" action={TRAIL} data-operation="listTrail">
        <TextField id="who" name="who" label="Who" value={filters.who} />
        <TextField id="action" name="action" label="Action" value={filters.action} />
        <TextField id="from" name="from" label="From (UTC)" type="date" value={filters.from} />
        <TextField id="to" name="to" label="To (UTC)" type="date" value={filters.to} />
        <TextField id="text" name="text" label="Text anywhere" value={filters.text} />
        <div class="pm-row">
          <button class="pf-v6-c-button pf-m-primary" type="submit">
            Show
          </button>
          <a class="pf-v6-c-button pf-m-link" href={TRAIL}>
            Clear
          </a>
        </div>
      </form>
    </Card>
    <Card id="trail" title="Entries">
      {entries.length === 0 ? <p id="no-entries">No entry matches.</p> : <TrailTable entries={entries} />}
      {next !== null && (
        <p class="pm-buttons">
          <a href={`${TRAIL}?${query(filters, { before: String(next) })}`} rel="next">
            Older entries
          </a>
        </p>
      )}
    </Card>
  </Layout>
)

function query(filters: TrailFilters, more: Record<string, string>): string {
  return new URLSearchParams(
    [...Object.entries({ ...filters, ...more })].filter(([, value]) => value !== ''),
  ).toString()
}

const HEADINGS = ['When', 'Who', 'Action', 'Of what', 'Result', 'From where']

const TrailTable = ({ entries }: { entries: TrailView[] }) => (
  <table class="pf-v6-c-table pf-m-compact pf-m-grid-lg pm-table" id="trail-table" aria-label="Entries">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {entries.map(({ position, at, actor, action, subject, organization, outcome, origin }) => (
        <tr class="pf-v6-c-table__tr" id={elementId('entry', String(position))} data-action={action}>
          <td class="pf-v6-c-table__td pm-number" data-label="When">
            <Moment at={at} />
          </td>
          <td class="pf-v6-c-table__td pm-name" data-label="Who">
            <Who actor={actor} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Action">
            {action}
          </td>
          <td class="pf-v6-c-table__td pm-name" data-label="Of what">
            {subject}
            {organization !== null && <div class="pm-quiet">{organization}</div>}
          </td>
          <td class="pf-v6-c-table__td pm-reason" data-label="Result">
            {outcome}
          </td>
          <td class="pf-v6-c-table__td pm-quiet" data-label="From where">
            {origin}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** An appliance enrolls under its key, of which the end tells it from others. */
const Who = ({ actor }: { actor: string }) =>
  /^12D3KooW\w+$/.test(actor) ? <code title={actor}>12D3KooW…{actor.slice(-8)}</code> : <>{actor}</>
