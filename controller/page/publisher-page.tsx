/**
 * One publisher to be changed or removed, and the form in which a new one is listed too.
 */
import type { Publisher } from '../../protocol/trust/publishers.ts'
import { ActionForm, CheckField, TextArea, TextField } from './form-fields.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { PEOPLE, PUBLISHERS, publisherAddress } from './words.ts'

type PublisherPage = { publisher: Publisher; seen: string; isLast: boolean }

export const PublisherPage = ({ publisher, seen, isLast }: PublisherPage) => (
  <Layout title={`${publisher.name} - Publishers`} current={PUBLISHERS}>
    <PageHeader
      heading={publisher.name}
      trail={[
        { name: 'Access', address: PEOPLE },
        { name: 'Publishers', address: PUBLISHERS },
      ]}
    />
    <Card id="publisher" title={`Change ${publisher.name}`}>
      <PublisherForm publisher={publisher} seen={seen} />
      <RemoveForm name={publisher.name} isLast={isLast} />
    </Card>
  </Layout>
)

type PublisherFormProps = {
  /** The one that is changed, if there is one. */
  publisher?: Publisher
  /** What it was then, as a tag: a form that shows what is not so any more is refused. */
  seen?: string
}

export const PublisherForm = ({ publisher, seen = '' }: PublisherFormProps) => {
  const { name = '', keys = [], threshold = 1, patches = [], expiresAt = '' } = publisher ?? {}
  return (
    <ActionForm action={PUBLISHERS} operation="setPublisher" button="Save">
      <input type="hidden" name="seen" value={seen} />
      <input type="hidden" name="endsAt" value={expiresAt} />
      <div class="pm-fields">
        {publisher === undefined ? (
          <TextField id="publisher-name" name="name" label="Name" required />
        ) : (
          <input type="hidden" name="name" value={name} />
        )}
        <TextField
          {...{ id: 'publisher-threshold', name: 'threshold', label: 'Keys needed', value: String(threshold) }}
          {...{ type: 'number', min: '1', max: '8', required: true }}
          help="So many different keys have to sign each patch."
        />
        <TextField
          {...{ id: 'publisher-until', name: 'until', label: 'Good until', value: expiresAt.slice(0, 10) }}
          {...{ type: 'date', required: true }}
          help="To the end of that day, UTC."
        />
      </div>
      <TextArea
        {...{ id: 'publisher-keys', name: 'keys', label: 'Public keys, one a line', rows: 3, required: true }}
        value={keys.map(({ publicKey, revoked }) => `${publicKey}${revoked ? ' revoked' : ''}`).join('\n')}
        help="As patchmesh release key prints them. Write revoked behind a key that shall count no more."
      />
      <TextArea
        {...{
          id: 'publisher-patches',
          name: 'patches',
          label: 'Patches it may sign, one a line',
          rows: 3,
          required: true,
        }}
        value={patches.join('\n')}
        help="A name, or the beginning of names and an asterisk, such as kernel-*."
      />
    </ActionForm>
  )
}

const RemoveForm = ({ name, isLast }: { name: string; isLast: boolean }) => (
  <details class="pm-change">
    <summary>Remove {name}</summary>
    <Alert tone={isLast ? 'danger' : 'warning'} title={`Nothing new that ${name} signs is accepted any more.`}>
      {isLast
        ? 'It is the only publisher: after it nobody is checked, and uploads need no signature any more.'
        : 'What is published stays.'}
    </Alert>
    <ActionForm
      action={`${publisherAddress(name)}/remove`}
      operation="removePublisher"
      button={`Remove ${name}`}
      danger
    >
      <CheckField
        id="sure"
        name="sure"
        label={isLast ? 'Accept uploads that nobody has signed' : `Remove ${name} from the list`}
        required
      />
    </ActionForm>
  </details>
)
