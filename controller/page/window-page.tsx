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
  { value: 'window', text: 'Maintenance window' },
  { value: 'blackout', text: 'Blackout' },
]

/** By what most windows come again; the form has the rule of any other one. */
const USUAL_RULES = [
  { value: '', text: 'Once' },
  { value: 'FREQ=DAILY', text: 'Every day' },
  { value: 'FREQ=WEEKLY', text: 'Every week, on the same day' },
]
export const OWN_RULE = { value: 'own', text: 'By a rule' }

/** How it comes again in words, or null where the rule says it. */
export function comesAgain(rule: string): string | null {
  return USUAL_RULES.find(({ value }) => value === rule)?.text.toLowerCase() ?? null
}

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
  const isUsual = USUAL_RULES.some(({ value }) => value === rule)
  const choices = (names: readonly string[]) => [EVERY, ...names.map((value) => ({ value, text: value }))]
  return (
    <ActionForm action={WINDOWS} operation="setWindow" button="Save">
      <input type="hidden" name="seen" value={seen} />
      <div class="pm-fields pm-two">
        {window === undefined ? (
          <TextField id="window-name" name="name" label="Name" required />
        ) : (
          <input type="hidden" name="name" value={name} />
        )}
        <SelectField
          {...{ id: 'window-kind', name: 'kind', label: 'Kind', value: kind, choices: KINDS }}
          help="Where maintenance windows are set installs begin in them alone, and in a blackout none begins."
        />
        <SelectField
          {...{ id: 'window-organization', name: 'organization', label: 'Organization' }}
          {...{ value: organization ?? '', choices: choices(places.organizations) }}
        />
        <SelectField
          {...{ id: 'window-data-center', name: 'dataCenter', label: 'Data Center' }}
          {...{ value: dataCenter ?? '', choices: choices(places.dataCenters) }}
        />
        <TextField
          {...{ id: 'window-begins', name: 'begins', label: 'First opens at', value: begins, required: true }}
          {...{ type: 'datetime-local', max: '2199-12-31T23:59' }}
          help="By the clocks of its time zone."
        />
        <TextField
          {...{ id: 'window-zone', name: 'zone', label: 'Time zone', value: zone, required: true }}
          {...{ list: 'time-zones' }}
          help="Such as Europe/Berlin."
        />
        <TextField
          {...{ id: 'window-minutes', name: 'minutes', label: 'Minutes', value: String(minutes), type: 'number' }}
          {...{ min: '1', max: '44640', required: true }}
          help="For which it is open each time: 240 are four hours, 1440 a day."
        />
        <SelectField
          {...{ id: 'window-again', name: 'again', label: 'Comes again', choices: [...USUAL_RULES, OWN_RULE] }}
          value={isUsual ? rule : OWN_RULE.value}
        />
        <TextField
          {...{ id: 'window-rule', name: 'rule', label: 'Rule', value: isUsual ? '' : rule }}
          help="Only where it comes again by a rule: one of iCalendar, such as FREQ=MONTHLY;BYDAY=2TU for each second Tuesday of a month."
        />
      </div>
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option value={one} />
        ))}
      </datalist>
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
