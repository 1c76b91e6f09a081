/**
 * Exposure: without which patches appliances are exposed, by organization, since when, due when and overdue by how much;
 * and how many days each severity leaves. Its forms work without scripts.
 */
import { type DueDays, MAX_DUE_DAYS } from '../core/exposure/advisory.ts'
import type { ExposureSummary } from '../core/exposure/exposure-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { ExposureLabel, OrganizationTable, SeverityWord } from './exposure-labels.tsx'
import { ActionForm, TextField } from './form-fields.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { readerMay } from './reader.tsx'
import { APPLIANCES, counted, duration, EXPOSURE, elementId, patchAddress, patchTitle } from './words.ts'

/** A long list is told by its first and a number; the command line and the API have it whole. */
const SHOWN = 100
const OPEN_AT_MOST = 3

type Shown = { patches: ExposureSummary[]; show: 'open' | 'all'; dueDays: DueDays[] }

export const ExposurePage = ({ patches, show, dueDays }: Shown) => (
  <Layout title="Exposure" current={EXPOSURE}>
    <PageHeader heading="Exposure" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    <Card id="exposure" title="Patches that appliances are without">
      <p class="pm-row pm-spread">
        <span class="pm-quiet">
          The clock of a patch runs from its advisory, or from its upload where no advisory is named, to the last
          appliance that must have it.
        </span>
        {show === 'open' ? (
          <a href={`${EXPOSURE}?show=all`}>Show those that are everywhere too</a>
        ) : (
          <a href={EXPOSURE}>Show only what somebody is without</a>
        )}
      </p>
      <div data-live="exposure" data-operation="listExposure">
        {patches.length === 0 ? (
          <Alert tone="success" title="No appliance is without a patch that it must have." />
        ) : (
          <PatchesTable patches={patches.slice(0, SHOWN)} isFew={patches.length <= OPEN_AT_MOST} />
        )}
        {patches.length > SHOWN && <p class="pm-quiet">{counted(patches.length - SHOWN, 'patch', 'patches')} more.</p>}
      </div>
    </Card>
    <Card id="due-days" title="Due dates">
      <DueDates dueDays={dueDays} />
    </Card>
  </Layout>
)

const HEADINGS = ['Patch', 'Severity', 'Exposed', 'Since', 'Due']

const PatchesTable = ({ patches, isFew }: { patches: ExposureSummary[]; isFew: boolean }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Exposure by patch">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {patches.map((one) => (
        <Row one={one} isFew={isFew} />
      ))}
    </tbody>
  </table>
)

const Row = ({ one, isFew }: { one: ExposureSummary; isFew: boolean }) => (
  <>
    <tr class="pf-v6-c-table__tr" id={elementId('exposure', one.patch.id)}>
      <td class="pf-v6-c-table__td" data-label="Patch">
        <a href={`${patchAddress(one.patch)}#exposure`}>{patchTitle(one.patch)}</a>
        {one.supersededBy !== null && (
          <div class="pm-quiet">
            superseded by <a href={patchAddress(one.supersededBy)}>{patchTitle(one.supersededBy)}</a>
          </div>
        )}
      </td>
      <td class="pf-v6-c-table__td" data-label="Severity">
        <SeverityWord severity={one.severity} reference={one.reference} />
      </td>
      <td class="pf-v6-c-table__td" data-label="Exposed">
        <ExposureLabel counts={one} />
        {one.joinedLate > 0 && <div class="pm-quiet">{one.joinedLate} joined later</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Since">
        <Moment at={one.since ?? one.clockSince} />
      </td>
      <td class="pf-v6-c-table__td" data-label="Due">
        {one.endedAt !== null ? (
          <>
            everywhere <Moment at={one.endedAt} />
          </>
        ) : one.dueAt === null ? (
          'no due date'
        ) : (
          <Moment at={one.dueAt} />
        )}
        {one.overdueSeconds > 0 && <div class="pm-quiet">overdue by {duration(one.overdueSeconds)}</div>}
      </td>
    </tr>
    <tr class="pf-v6-c-table__tr">
      <td class="pf-v6-c-table__td" colspan={HEADINGS.length}>
        <details id={elementId('exposure-by', one.patch.id)} open={isFew}>
          <summary>{counted(one.organizations.length, 'organization')}</summary>
          <OrganizationTable name={patchTitle(one.patch)} organizations={one.organizations} />
        </details>
      </td>
    </tr>
  </>
)

const DueDates = ({ dueDays }: { dueDays: DueDays[] }) => (
  <>
    <p class="pm-quiet">
      So many days after its advisory a patch has to be on every appliance that must have it; on one that joined later,
      so many days after that. A patch without a severity has no due date, unless one is set for it.
    </p>
    {readerMay('set-due-days') ? (
      <ActionForm action={EXPOSURE} operation="setDueDays" button="Save">
        <div class="pm-fields" data-operation="listDueDays">
          {dueDays.map(({ severity, days }) => (
            <TextField
              {...{ id: `due-${severity}`, name: severity, label: capital(severity), type: 'number' }}
              {...{ value: days === null ? '' : String(days), min: '1', max: String(MAX_DUE_DAYS) }}
              help="Days; empty for no due date."
            />
          ))}
        </div>
      </ActionForm>
    ) : (
      <ul data-operation="listDueDays">
        {dueDays.map(({ severity, days }) => (
          <li>
            {capital(severity)}: {days === null ? 'no due date' : counted(days, 'day')}
          </li>
        ))}
      </ul>
    )}
  </>
)

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
