/**
 * What stands above and below a list: search and filters as an ordinary form, and the way through the pages. Each leads
 * to an address of its own; here.js goes there without loading the page anew.
 */
import type { PatchList } from '../core/patch-list.ts'
import { CheckField, DropDown } from './form-fields.tsx'
import { listAddress, listFields, type ShownList } from './list-address.ts'
import { counted, SYSTEM_PATCHES } from './words.ts'

const SHOWN = { all: 'All', complete: 'Complete', replicating: 'Replicating', attention: 'Needs attention' } as const
const PAGE_SIZES = [10, 25, 50, 100]

export const ListToolbar = ({ shown, list }: { shown: ShownList; list: PatchList }) => (
  <form
    class="pm-row pm-toolbar"
    id="patch-filter"
    role="search"
    aria-label="Patches"
    action={SYSTEM_PATCHES}
    data-here
  >
    <span class="pf-v6-c-form-control pm-search">
      <input
        type="search"
        name="search"
        value={shown.search}
        maxlength={100}
        placeholder="Find by name, version or SHA-256"
        aria-label="Find patches"
      />
    </span>
    <DropDown
      {...{ name: 'show', 'aria-label': 'Show', 'data-usual': 'all', frame: 'pm-choice', value: shown.show }}
      choices={Object.entries(SHOWN).map(([value, text]) => ({ value, text }))}
    />
    <CheckField
      {...{ id: 'show-superseded', name: 'superseded', value: 'show', label: 'Superseded too' }}
      checked={shown.superseded === 'show'}
    />
    {listFields({ ...shown, search: '', show: 'all', superseded: 'hide', page: 1 }).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <button class="pf-v6-c-button pf-m-secondary pm-without-scripts" type="submit">
      Apply
    </button>
    <span class="pm-quiet pm-end" role="status">
      {counted(list.total, 'patch', 'patches')}
    </span>
  </form>
)

/** What is not shown and why, and the other pages. */
export const ListFooter = ({ shown, list }: { shown: ShownList; list: PatchList }) => (
  <div class="pm-row pm-spread pm-footer">
    <span class="pm-quiet">
      {list.hidden > 0 && (
        <>
          {counted(list.hidden, 'superseded patch', 'superseded patches')} {list.hidden === 1 ? 'is' : 'are'} hidden.{' '}
          <a href={listAddress(shown, { superseded: 'show' })}>Show {list.hidden === 1 ? 'it' : 'them'}</a>
        </>
      )}
    </span>
    {list.total > (PAGE_SIZES[0] ?? 0) && (
      <span class="pm-row">
        <span class="pm-quiet">
          {PAGE_SIZES.map((perPage) => (
            <PageLink
              name={String(perPage)}
              here={perPage === shown.perPage}
              address={listAddress(shown, { perPage, page: 1 })}
            />
          ))}
          a page
        </span>
        <Pager name="patches" page={list.page} pages={list.pages} address={(page) => listAddress(shown, { page })} />
      </span>
    )}
  </div>
)

/** `count` where nothing else says how many there are. */
type PagerProps = { name: string; page: number; pages: number; count?: number; address: (page: number) => string }

/** Nothing where there is only one page. */
export const Pager = ({ name, page, pages, count, address }: PagerProps) => (
  <>
    {pages > 1 && (
      <nav class="pm-row" aria-label={`Pages of ${name}`}>
        <PageLink name="Previous" here={page === 1} address={address(page - 1)} />
        <span class="pm-number">
          {page} of {pages}
        </span>
        <PageLink name="Next" here={page === pages} address={address(page + 1)} />
        {count !== undefined && (
          <span class="pm-quiet">
            {count} {name}
          </span>
        )}
      </nav>
    )}
  </>
)

const PageLink = ({ name, here, address }: { name: string; here: boolean; address: string }) =>
  here ? (
    <span class="pm-page pm-here">{name}</span>
  ) : (
    <a class="pm-page" href={address} data-here>
      {name}
    </a>
  )
