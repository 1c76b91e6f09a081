/**
 * API tokens: what scripts use, with what each may do and until when. A token itself is shown once, when it is made.
 */
import type { TokenView } from '../core/access-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { FormDialog, OpenButton } from './dialogs.tsx'
import { TextField } from './form-fields.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { Question } from './question.tsx'
import { limitTitle, RightsFields, roleTitle } from './rights.tsx'
import { type Secret, SecretCard } from './secret-card.tsx'
import { API_TOKENS, elementId, PEOPLE } from './words.ts'

type ApiTokens = { tokens: TokenView[]; organizations: string[]; made?: Secret | undefined }

export const ApiTokensPage = ({ tokens, organizations, made }: ApiTokens) => (
  <Layout title="API tokens" current={API_TOKENS}>
    <PageHeader heading="API tokens" trail={[{ name: 'Access', address: PEOPLE }]}>
      <OpenButton dialog="token-dialog" text="Make an API token" primary />
    </PageHeader>
    {made !== undefined && <SecretCard {...made} />}
    <Card id="api-tokens" title="API tokens" live>
      {tokens.length === 0 ? <p id="no-tokens">There is no API token yet.</p> : <TokenTable tokens={tokens} />}
    </Card>
    <section class="pf-v6-c-page__main-section" aria-label="About API tokens">
      <div class="pf-v6-c-page__main-body pm-quiet">
        Scripts send a token as <code>Authorization: Bearer TOKEN</code>; the client commands take it from{' '}
        <code>PATCHMESH_API_TOKEN</code>.
      </div>
    </section>
    <FormDialog id="token-dialog" title="Make an API token" action={API_TOKENS} operation="makeApiToken" button="Make">
      <TextField id="name" name="name" label="Name" help="What uses it, such as nightly-upload." required />
      <RightsFields id="token" organizations={organizations} />
      <TextField
        {...{ id: 'days', name: 'days', label: 'Good for how many days', type: 'number', value: '365' }}
        {...{ min: '1', max: '3650', required: true }}
      />
    </FormDialog>
  </Layout>
)

const HEADINGS = ['Name', 'Id', 'Role', 'Organizations', 'Until', 'Used', 'Actions']

const TokenTable = ({ tokens }: { tokens: TokenView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="API tokens" data-operation="listApiTokens">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {tokens.map(({ id, name, role, organizations, expiresAt, usedAt, origin }) => (
        <tr class="pf-v6-c-table__tr" id={elementId('token', id)} data-token={name}>
          <td class="pf-v6-c-table__td pm-name" data-label="Name">
            {name}
          </td>
          <td class="pf-v6-c-table__td" data-label="Id">
            <code>{id}</code>
          </td>
          <td class="pf-v6-c-table__td" data-label="Role">
            {roleTitle(role)}
          </td>
          <td class="pf-v6-c-table__td" data-label="Organizations">
            {limitTitle(organizations)}
          </td>
          <td class="pf-v6-c-table__td" data-label="Until">
            <Moment at={expiresAt} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Used">
            {usedAt === null ? 'never' : <Moment at={usedAt} />}
            {usedAt !== null && <div class="pm-quiet">from {origin.split(',')[0]}</div>}
          </td>
          <td class="pf-v6-c-table__td" data-label="Actions">
            <Question
              id={elementId('revoke', id)}
              button="Revoke"
              label={`Revoke ${name}`}
              question="Whatever uses it is refused from now on."
              action={`${API_TOKENS}/${id}/revoke`}
              operation="revokeApiToken"
            />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
