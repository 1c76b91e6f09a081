/**
 * Enrolling: the form for one appliance, a topology file for many, and the tokens that are open. What was just made is
 * shown once, on the answer to the form, and is in no other page.
 */
import type { OpenToken, ShownToken } from '../core/appliance-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { CopyButton } from './copy-button.tsx'
import { ActionForm, FieldLabel, SelectField, TextArea, TextField } from './form-fields.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { APPLIANCES, counted, ENROLL, elementId, listed } from './words.ts'

export type Made = {
  tokens: ShownToken[]
  /** What became of the other appliances of a topology. */
  known?: string[]
  waiting?: { name: string; dataCenter: string }[]
  denied?: { name: string; message: string }[]
}
type EnrollPage = {
  open: OpenToken[]
  made?: Made | undefined
}

export const EnrollPage = ({ open, made }: EnrollPage) => (
  <Layout title="Enroll appliances" current={APPLIANCES}>
    <PageHeader heading="Enroll appliances" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    {made !== undefined && <MadeCard {...made} />}
    <Card id="one" title="One appliance">
      <ActionForm action={ENROLL} operation="makeEnrollmentToken" button="Make a token">
        <div class="pm-fields">
          <TextField {...field('name', 'Name')} help="Unique in the fleet." required />
          <TextField {...field('dataCenter', 'Data Center')} help="It comes into being with its first." required />
          <TextField {...field('organization', 'Organization')} required />
          <TextField
            {...field('kind', 'Kind')}
            value="tenant"
            help="service-provider, tenant, or another word that patches name."
            required
          />
          <SelectField
            {...field('role', 'Role')}
            value="primary"
            choices={['primary', 'secondary'].map((role) => ({ value: role, text: role }))}
          />
          <TextField
            {...field('group', 'Group')}
            value="pair"
            help="Its pair, where an organization has several there."
          />
        </div>
      </ActionForm>
    </Card>
    <Card id="topology" title="A whole topology">
      <ActionForm action={`${ENROLL}/topology`} operation="enrollTopology" button="Make tokens" files>
        <div class="pm-field">
          <FieldLabel id="topology-file" label="Topology file" />
          <input type="file" id="topology-file" name="file" accept=".yaml,.yml" />
        </div>
        <TextArea id="topology-text" name="text" label="Or its text" rows={6} help={ABOUT_TOPOLOGIES} />
      </ActionForm>
    </Card>
    <Card id="tokens" title="Open tokens" live>
      {open.length === 0 ? <p id="no-tokens">No token is open.</p> : <OpenTokens open={open} />}
    </Card>
  </Layout>
)

const ABOUT_TOPOLOGIES =
  'Appliances whose name is in use are skipped. Those whose Data Center has no connected Service Provider appliance yet ' +
  'are left out: connect these first, then send the same file again.'

function field(name: string, label: string) {
  return { id: `enroll-${name}`, name, label }
}

const MadeCard = ({ tokens, known = [], waiting = [], denied = [] }: Made) => (
  <Card id="made" title={tokens.length === 1 ? `The token for ${tokens[0]?.name}` : counted(tokens.length, 'token')}>
    <div role="status">
      {tokens.length > 0 && (
        <Alert tone="warning" title="This is shown once.">
          Run the command on the appliance within an hour. Whoever has it can take this place: carry it as you would a
          password.
        </Alert>
      )}
    </div>
    {tokens.map(({ name, command }) => (
      <div class="pm-made" data-made={name}>
        <div class="pm-row pm-spread">
          <strong class="pm-name">{name}</strong>
          <CopyButton copies={elementId('command', name)} what={`command for ${name}`} />
        </div>
        <code class="pm-command" id={elementId('command', name)} tabindex={0}>
          {command}
        </code>
      </div>
    ))}
    {tokens.length > 1 && (
      <p>
        <a class="pf-v6-c-button pf-m-secondary" href={asFile(tokens)} download="patchmesh-tokens.json">
          Download as JSON
        </a>
      </p>
    )}
    {known.length > 0 && <p>Skipped, because the name is in use: {listed(known)}.</p>}
    {waiting.length > 0 && (
      <p>
        Left out, because no Service Provider appliance of {listed([...new Set(waiting.map((one) => one.dataCenter))])}{' '}
        has ever been connected: {listed(waiting.map(({ name }) => name))}. Connect these first, then send the same file
        again.
      </p>
    )}
    {denied.map(({ name, message }) => (
      <p>
        {name} gets no token: {message}.
      </p>
    ))}
  </Card>
)

function asFile(tokens: readonly ShownToken[]): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(tokens, null, 2))}`
}

const OpenTokens = ({ open }: { open: OpenToken[] }) => (
  <table
    class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table"
    aria-label="Open tokens"
    data-operation="listEnrollmentTokens"
  >
    <ColumnHeads headings={['For', 'Organization', 'Data Center', 'Kind', 'Expires', 'Take back']} />
    <tbody class="pf-v6-c-table__tbody">
      {open.map((token) => (
        <tr class="pf-v6-c-table__tr" id={elementId('token', token.id)} data-token={token.name}>
          <td class="pf-v6-c-table__td pm-name" data-label="For">
            {token.name}
            {token.replaces !== null && <div class="pm-quiet">in the place of {token.replaces}</div>}
          </td>
          <td class="pf-v6-c-table__td" data-label="Organization">
            {token.organization}
          </td>
          <td class="pf-v6-c-table__td" data-label="Data Center">
            {token.dataCenter}
          </td>
          <td class="pf-v6-c-table__td" data-label="Kind">
            {token.kind}, {token.role}
          </td>
          <td class="pf-v6-c-table__td" data-label="Expires">
            <Moment at={token.expiresAt} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Take back">
            <form method="post" action={`${ENROLL}/revoke`} data-operation="revokeEnrollmentToken">
              <input type="hidden" name="id" value={token.id} />
              <button
                class="pf-v6-c-button pf-m-secondary pf-m-small"
                type="submit"
                aria-label={`Take back the token for ${token.name}`}
              >
                Take back
              </button>
            </form>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
