/**
 * Every install, the newest first: what was installed for whom, how it goes or how it ended, and where to look. One with
 * all its targets is on the page of its patch.
 */
import type { InstallSummary } from '../core/views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { InstallLabel } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { counted, elementId, INSTALLS, listed, patchAddress, patchTitle, SYSTEM_PATCHES, where } from './words.ts'

const HEADINGS = ['Patch', 'For', 'State', 'Installed', 'Started', 'Reason']

export type ShownInstalls = {
  installs: readonly InstallSummary[]
  /** Of all installs, on however many pages. */
  total: number
  page: number
  pages: number
}

export const InstallsPage = ({ installs, total, page, pages }: ShownInstalls) => (
  <Layout title="Installs" current={INSTALLS}>
    <PageHeader heading="Installs" trail={[{ name: 'System Patches', address: SYSTEM_PATCHES }]} />
    <Card id="all-installs" title="All installs" live>
      {total === 0 ? (
        <p id="no-installs">Nothing has been installed yet: choose a patch, its organizations and Install.</p>
      ) : (
        <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label="Installs">
          <ColumnHeads headings={HEADINGS} />
          <tbody class="pf-v6-c-table__tbody">
            {installs.map((install) => (
              <Install install={install} />
            ))}
          </tbody>
        </table>
      )}
      {pages > 1 && (
        <nav class="pm-row" aria-label="Pages of installs">
          {page > 1 && <a href={`${INSTALLS}?page=${page - 1}`}>Newer</a>}
          <span>
            Page {page} of {pages}, {counted(total, 'install')}
          </span>
          {page < pages && <a href={`${INSTALLS}?page=${page + 1}`}>Older</a>}
        </nav>
      )}
    </Card>
  </Layout>
)

const Install = ({ install }: { install: InstallSummary }) => (
  <tr class="pf-v6-c-table__tr" id={elementId('install', install.id)} data-install={install.id}>
    <td class="pf-v6-c-table__td" data-label={HEADINGS[0]}>
      <a href={`${patchAddress(install)}?install=${install.id}`}>{patchTitle(install)}</a>
    </td>
    <td class="pf-v6-c-table__td" data-label={HEADINGS[1]}>
      {listed(install.organizations)} in {where(install.dataCenter)}
    </td>
    <td class="pf-v6-c-table__td" data-label={HEADINGS[2]}>
      <InstallLabel state={install.state} />
    </td>
    <td class="pf-v6-c-table__td" data-label={HEADINGS[3]}>
      {install.installed} of {install.total}
    </td>
    <td class="pf-v6-c-table__td" data-label={HEADINGS[4]}>
      <Moment at={install.startedAt} />
      {install.startedBy !== null && <div class="pm-quiet">by {install.startedBy}</div>}
    </td>
    <td class="pf-v6-c-table__td pm-reason" data-label={HEADINGS[5]}>
      <WithMoments text={install.reason} />
    </td>
  </tr>
)
