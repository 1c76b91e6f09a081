/**
 * One maintenance window or blackout to be changed or removed, and the form in which a new one is set too.
 */
import { type MaintenanceWindow, scopeOf } from '../core/windows/window.ts'
import { ActionForm, CheckField, SelectField, TextField } from './form-fields.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { APPLIANCES, WINDOWS, windowAddress } from './words.ts'

/** Whom a window can be for. */
export type WindowPlaces = { readonly organizations: readonly string[]; readonly dataCenters: readonly string[] }

type WindowPage = { window: MaintenanceWindow; seen: string; places: WindowPlaces }

export const WindowPage = ({ window, seen, places }: WindowPage) => (
  <Layout title={`${window.name} - Maintenance windows`} current={WINDOWS}>
    <PageHeader
      heading={window.name}
      trail={[
        { name: 'Appliances', address: APPLIANCES },
        { name: 'Maintenance windows', address: WINDOWS },
      ]}
    />
    <Card id="window" title={`Change ${window.name}`}>
      <WindowForm window={window} seen={seen} places={places} />
      <RemoveForm window={window} />
    </Card>
  </Layout>
)

const EVERY = { value: '', text: 'All' }
const KINDS = [
  { value: 'window', text: 'Maintenance window: installs begin in it' },
  { value: 'blackout', text: 'Blackout: nothing begins in it' },
]

type WindowFormProps = {
  places: WindowPlaces
  /** The one that is changed, if there is one. */
  window?: MaintenanceWindow
  /** What it was then, as a tag: a form that shows what is not so any more is refused. */
  seen?: string
}

export const WindowForm = ({ places, window, seen = '' }: WindowFormProps) => {
  const { name = '', kind = 'window', organization, dataCenter, begins = '', zone = 'UTC' } = window ?? {}
  const { rule = 'FREQ=WEEKLY', minutes = 240 } = window ?? {}
  const choices = (names: readonly string[]) => [EVERY, ...names.map((value) => ({ value, text: value }))]
  return (
    <ActionForm action={WINDOWS} operation="setWindow" button="Save">
      <input type="hidden" name="seen" value={seen} />
      <div class="pm-fields">
        {window === undefined ? (
          <TextField id="window-name" name="name" label="Name" required />
        ) : (
          <input type="hidden" name="name" value={name} />
        )}
        <SelectField id="window-kind" name="kind" label="Kind" value={kind} choices={KINDS} />
        <SelectField
          {...{ id: 'window-organization', name: 'organization', label: 'Organization' }}
          {...{ value: organization ?? '', choices: choices(places.organizations) }}
        />
        <SelectField
          {...{ id: 'window-data-center', name: 'dataCenter', label: 'Data Center' }}
          {...{ value: dataCenter ?? '', choices: choices(places.dataCenters) }}
        />
      </div>
      <div class="pm-fields">
        <TextField
          {...{ id: 'window-begins', name: 'begins', label: 'First opens at', value: begins, required: true }}
          help="By the clocks of its time zone, such as 2026-12-06T02:00."
        />
        <TextField
          {...{ id: 'window-zone', name: 'zone', label: 'Time zone', value: zone, required: true }}
          help="Such as Europe/Berlin."
        />
        <TextField
          {...{ id: 'window-minutes', name: 'minutes', label: 'Minutes', value: String(minutes), type: 'number' }}
          {...{ min: '1', max: '44640', required: true }}
          help="For which it is open each time."
        />
        <TextField
          {...{ id: 'window-rule', name: 'rule', label: 'Comes again', value: rule }}
          help="An iCalendar rule, such as FREQ=WEEKLY;BYDAY=SU. Empty for once."
        />
      </div>
    </ActionForm>
  )
}

const RemoveForm = ({ window }: { window: MaintenanceWindow }) => (
  <details class="pm-change">
    <summary>Remove {window.name}</summary>
    <Alert tone="warning" title={`It holds no install of ${scopeOf(window)} any more.`}>
      {window.kind === 'window'
        ? 'Where no other maintenance window is set, installs begin as soon as somebody starts them.'
        : 'What waits for its end begins as soon as nothing else holds it.'}
    </Alert>
    <ActionForm
      action={`${windowAddress(window.name)}/remove`}
      operation="removeWindow"
      button={`Remove ${window.name}`}
      danger
    >
      <CheckField id="sure" name="sure" label={`Remove ${window.name}`} required />
    </ActionForm>
  </details>
)
