/**
 * Maintenance windows and blackouts: of whom, when they open, how they come again, and the form in which one is set. All of
 * its forms work without scripts.
 */
import { localTime } from '../core/windows/recurrence.ts'
import type { WindowView } from '../core/windows/setting.ts'
import { scopeOf } from '../core/windows/window.ts'
import { ColumnHeads } from './column-heads.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { IfMay } from './reader.tsx'
import { comesAgain, WindowForm, type WindowPlaces } from './window-page.tsx'
import { APPLIANCES, duration, elementId, WINDOWS, windowAddress } from './words.ts'

export const WindowsPage = ({ windows, places }: { windows: WindowView[]; places: WindowPlaces }) => (
  <Layout title="Maintenance windows" current={WINDOWS}>
    <PageHeader heading="Maintenance windows" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    <Card id="windows" title="Maintenance windows and blackouts" live>
      {windows.length === 0 ? (
        <Alert tone="info" title="No maintenance window is set.">
          Installs begin as soon as somebody starts them. Where a window is set, they wait until it opens; patches are
          replicated at any time.
        </Alert>
      ) : (
        <WindowTable windows={windows} />
      )}
    </Card>
    <IfMay do="set-windows">
      <Card id="window" title="Set a maintenance window or a blackout">
        <WindowForm places={places} />
      </Card>
    </IfMay>
  </Layout>
)

const HEADINGS = ['Name', 'Kind', 'Of', 'Opens', 'Closes', 'Comes again', 'Actions']

const WindowTable = ({ windows }: { windows: WindowView[] }) => (
  <table
    class="pf-v6-c-table pf-m-grid-lg pm-table pm-narrow-columns pm-windows"
    aria-label="Maintenance windows"
    data-operation="listWindows"
  >
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {windows.map((window) => (
        <Row window={window} />
      ))}
    </tbody>
  </table>
)

const Row = ({ window }: { window: WindowView }) => {
  const { name, kind, zone, rule, minutes, isOpen, opensAt, closesAt } = window
  return (
    <tr class="pf-v6-c-table__tr" id={elementId('window', name)}>
      <td class="pf-v6-c-table__td pm-name" data-label="Name">
        {name}
      </td>
      <td class="pf-v6-c-table__td" data-label="Kind">
        {kind === 'window' ? 'maintenance window' : 'blackout'}
        {isOpen && (
          <div>
            <Label tone={kind === 'window' ? 'success' : 'warning'} text="now" />
          </div>
        )}
      </td>
      <td class="pf-v6-c-table__td" data-label="Of">
        {scopeOf(window)}
      </td>
      <td class="pf-v6-c-table__td" data-label="Opens">
        {opensAt === null ? 'never again' : <Moment at={opensAt} />}
        {opensAt !== null && <div class="pm-quiet">{localTime(Date.parse(opensAt), zone)}</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Closes">
        {closesAt === null ? '–' : <Moment at={closesAt} />}
        <div class="pm-quiet">after {duration(minutes * 60)}</div>
      </td>
      <td class="pf-v6-c-table__td" data-label="Comes again">
        {comesAgain(rule) ?? <code>{rule}</code>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        <IfMay do="set-windows">
          <a class="pf-v6-c-button pf-m-secondary pf-m-small" href={windowAddress(name)} aria-label={`Change ${name}`}>
            Change
          </a>
        </IfMay>
      </td>
    </tr>
  )
}
