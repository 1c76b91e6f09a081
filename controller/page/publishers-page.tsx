/**
 * Publishers: whose signatures uploads need, with the keys, how many of them, for which patches and until when. All of
 * its forms work without scripts.
 */
import type { PublisherView } from '../core/publishers.ts'
import { ColumnHeads } from './column-heads.tsx'
import { ActionForm, FieldLabel, TextField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { elementId, listed, PEOPLE, PUBLISHERS, sentence } from './words.ts'

/** What was typed, to be mended; of a publisher that is changed what it is now. */
export type FilledPublisher = { name: string; keys: string; threshold: string; patches: string; until: string }
type PublishersPage = {
  publishers: PublisherView[]
  /** The one that is being changed. */
  changed?: PublisherView | undefined
  /** What it is then, as a tag: a form that shows what is not so any more is refused. */
  seen: string
  filled?: FilledPublisher | undefined
  refused?: { message: string; hint: string } | undefined
}

export const PublishersPage = ({ publishers, changed, seen, filled, refused }: PublishersPage) => (
  <Layout title="Publishers" current={PUBLISHERS}>
    <PageHeader heading="Publishers" trail={[{ name: 'Access', address: PEOPLE }]} />
    {refused !== undefined && (
      <section class="pf-v6-c-page__main-section" aria-label="Refused">
        <div class="pf-v6-c-page__main-body" role="alert">
          <Alert tone="danger" title={sentence(refused.message)}>
            {refused.hint}
          </Alert>
        </div>
      </section>
    )}
    <Card id="publishers" title="Publishers">
      {publishers.length === 0 ? (
        <Alert tone="info" title="No publisher is checked.">
          Whatever has the form of a patch bundle or a Debian package can be uploaded. As soon as one publisher is
          listed here, every upload has to be a bundle that a publisher has signed.
        </Alert>
      ) : (
        <PublisherTable publishers={publishers} />
      )}
    </Card>
    <Card id="publisher" title={changed === undefined ? 'List a publisher' : `Change ${changed.name}`}>
      <PublisherForm filled={filled ?? fieldsOf(changed)} seen={seen} />
      {changed !== undefined && <RemoveForm name={changed.name} isLast={publishers.length === 1} />}
    </Card>
  </Layout>
)

const HEADINGS = ['Publisher', 'Keys', 'Needed', 'May sign', 'Until', 'State', 'Actions']
const CONDITIONS = {
  good: { tone: 'success', text: 'good' },
  expiring: { tone: 'warning', text: 'ends soon' },
  expired: { tone: 'danger', text: 'expired' },
  'too few keys': { tone: 'danger', text: 'too few keys' },
} as const

const PublisherTable = ({ publishers }: { publishers: PublisherView[] }) => (
  <table
    class="pf-v6-c-table pf-m-grid-lg pm-table"
    id="publisher-table"
    aria-label="Publishers"
    data-operation="listPublishers"
  >
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {publishers.map((publisher) => (
        <Row publisher={publisher} />
      ))}
    </tbody>
  </table>
)

const Row = ({ publisher }: { publisher: PublisherView }) => {
  const { name, keys, threshold, patches, expiresAt, condition } = publisher
  return (
    <tr class="pf-v6-c-table__tr" id={elementId('publisher', name)} data-publisher={name}>
      <td class="pf-v6-c-table__td pm-name" data-label="Publisher">
        {name}
      </td>
      <td class="pf-v6-c-table__td" data-label="Keys">
        {keys.map(({ keyid, revoked }) => (
          <div>
            <code class="pm-key-id" title={keyid}>
              {keyid.slice(0, 12)}…
            </code>
            {revoked && <span class="pm-quiet"> revoked</span>}
          </div>
        ))}
      </td>
      <td class="pf-v6-c-table__td" data-label="Needed">
        {threshold} of {keys.length}
      </td>
      <td class="pf-v6-c-table__td" data-label="May sign">
        {listed(patches.map((pattern) => (pattern === '*' ? 'every patch' : pattern)))}
      </td>
      <td class="pf-v6-c-table__td" data-label="Until">
        <Moment at={expiresAt} />
      </td>
      <td class="pf-v6-c-table__td" data-label="State">
        <Label {...CONDITIONS[condition]} />
        {condition !== 'good' && <div class="pm-quiet">{ADVICE[condition]}</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        <a
          class="pf-v6-c-button pf-m-secondary pf-m-small"
          href={`${PUBLISHERS}?${new URLSearchParams({ publisher: name }).toString()}#publisher`}
          aria-label={`Change ${name}`}
        >
          Change
        </a>
      </td>
    </tr>
  )
}

const ADVICE = {
  expiring: 'Less than 60 days are left. Set a later day in time.',
  expired: 'Nothing new that it signs is accepted; what is published stays.',
  'too few keys': 'Nothing new that it signs is accepted until a key is added.',
} as const

const PublisherForm = ({ filled, seen }: { filled: FilledPublisher; seen: string }) => (
  <ActionForm action={PUBLISHERS} operation="setPublisher" button="Save">
    <input type="hidden" name="seen" value={seen} />
    <div class="pm-fields">
      {seen === '' ? (
        <TextField {...{ id: 'publisher-name', name: 'name', label: 'Name', value: filled.name }} required />
      ) : (
        <input type="hidden" name="name" value={filled.name} />
      )}
      <NumberField value={filled.threshold} />
      <DayField value={filled.until} />
    </div>
    <Lines
      {...{ id: 'publisher-keys', name: 'keys', label: 'Public keys, one a line', text: filled.keys }}
      help="As patchmesh release key prints them. Write revoked behind a key that shall count no more."
    />
    <Lines
      {...{ id: 'publisher-patches', name: 'patches', label: 'Patches it may sign, one a line', text: filled.patches }}
      help="A name, or the beginning of names and an asterisk, such as kernel-*."
    />
  </ActionForm>
)

const NumberField = ({ value }: { value: string }) => (
  <div class="pm-field">
    <FieldLabel id="publisher-threshold" label="Keys needed" />
    <span class="pf-v6-c-form-control">
      <input
        {...{ type: 'number', id: 'publisher-threshold', name: 'threshold', value, min: 1, max: 8 }}
        required
        aria-describedby="publisher-threshold-help"
      />
    </span>
    <p class="pm-quiet" id="publisher-threshold-help">
      So many different keys have to sign each patch.
    </p>
  </div>
)

const DayField = ({ value }: { value: string }) => (
  <div class="pm-field">
    <FieldLabel id="publisher-until" label="Good until" />
    <span class="pf-v6-c-form-control">
      <input
        {...{ type: 'date', id: 'publisher-until', name: 'until', value }}
        required
        aria-describedby="publisher-until-help"
      />
    </span>
    <p class="pm-quiet" id="publisher-until-help">
      To the end of that day, UTC.
    </p>
  </div>
)

type LinesProps = { id: string; name: string; label: string; text: string; help: string }

const Lines = ({ id, name, label, text, help }: LinesProps) => (
  <div class="pm-field">
    <FieldLabel id={id} label={label} />
    <span class="pf-v6-c-form-control pf-m-resize-vertical">
      <textarea {...{ id, name }} rows={3} spellcheck={false} required aria-describedby={`${id}-help`}>
        {text}
      </textarea>
    </span>
    <p class="pm-quiet" id={`${id}-help`}>
      {help}
    </p>
  </div>
)

const RemoveForm = ({ name, isLast }: { name: string; isLast: boolean }) => (
  <details class="pm-change">
    <summary>Remove {name}</summary>
    <Alert tone={isLast ? 'danger' : 'warning'} title={`Nothing new that ${name} signs is accepted any more.`}>
      {isLast
        ? 'It is the only publisher: after it nobody is checked, and uploads need no signature any more.'
        : 'What is published stays.'}
    </Alert>
    <ActionForm action={`${PUBLISHERS}/remove`} operation="removePublisher" button={`Remove ${name}`} danger>
      <input type="hidden" name="name" value={name} />
      <div class="pf-v6-c-check">
        <input class="pf-v6-c-check__input" type="checkbox" id="sure" name="sure" value="yes" required />
        <label class="pf-v6-c-check__label" for="sure">
          {isLast ? 'Accept uploads that nobody has signed' : `Remove ${name} from the list`}
        </label>
      </div>
    </ActionForm>
  </details>
)

function fieldsOf(publisher: PublisherView | undefined): FilledPublisher {
  if (publisher === undefined) return { name: '', keys: '', threshold: '1', patches: '', until: '' }
  const { name, keys, threshold, patches, expiresAt } = publisher
  const lines = keys.map(({ publicKey, revoked }) => `${publicKey}${revoked ? ' revoked' : ''}`)
  return {
    ...{ name, keys: lines.join('\n'), patches: patches.join('\n') },
    ...{ threshold: String(threshold), until: expiresAt.slice(0, 10) },
  }
}
