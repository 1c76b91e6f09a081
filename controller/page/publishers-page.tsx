/**
 * Publishers: whose signatures uploads need, with the keys, how many of them, for which patches and until when. All of
 * its forms work without scripts.
 */
import type { PublisherView } from '../core/publishers.ts'
import { ColumnHeads } from './column-heads.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { PublisherForm } from './publisher-page.tsx'
import { elementId, listed, PEOPLE, PUBLISHERS, publisherAddress } from './words.ts'

export const PublishersPage = ({ publishers }: { publishers: PublisherView[] }) => (
  <Layout title="Publishers" current={PUBLISHERS}>
    <PageHeader heading="Publishers" trail={[{ name: 'Access', address: PEOPLE }]} />
    <Card id="publishers" title="Publishers" live>
      {publishers.length === 0 ? (
        <Alert tone="info" title="No publisher is checked.">
          Whatever has the form of a patch bundle or a Debian package can be uploaded. As soon as one publisher is
          listed here, every upload has to be a bundle that a publisher has signed.
        </Alert>
      ) : (
        <PublisherTable publishers={publishers} />
      )}
    </Card>
    <Card id="publisher" title="List a publisher">
      <PublisherForm />
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
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Publishers" data-operation="listPublishers">
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
    <tr class="pf-v6-c-table__tr" id={elementId('publisher', name)}>
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
        <a class="pf-v6-c-button pf-m-secondary pf-m-small" href={publisherAddress(name)} aria-label={`Change ${name}`}>
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
