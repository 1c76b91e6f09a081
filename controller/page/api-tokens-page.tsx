/**
 * API tokens: what scripts use, with what each may do and until when. A token itself is shown once, when it is made.
 */
import type { TokenView } from '../core/access-views.ts'
import { ConfirmDialog, SecretDialog } from './access-dialogs.tsx'
import { ColumnHeads } from './column-heads.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { limitTitle, RightsFields, roleTitle } from './rights.tsx'
import { TextField } from './text-field.tsx'
import { API_TOKENS, elementId, PEOPLE } from './words.ts'

export type ApiTokens = { tokens: TokenView[]; organizations: string[] }

export const ApiTokensPage = ({ tokens, organizations }: ApiTokens) => (
  <Layout title="API tokens" current={API_TOKENS}>
    <PageHeader heading="API tokens" trail={[{ name: 'Access', address: PEOPLE }]}>
      <button class="pf-v6-c-button pf-m-primary" type="button" data-fills="token-dialog" data-values="{}">
        Make an API token
      </button>
    </PageHeader>
    <Card id="api-tokens" title="API tokens" live>
      {tokens.length === 0 ? <p id="no-tokens">There is no API token yet.</p> : <TokenTable tokens={tokens} />}
    </Card>
    <section class="pf-v6-c-page__main-section" aria-label="About API tokens">
      <div class="pf-v6-c-page__main-body pm-quiet">
        Scripts send a token as <code>Authorization: Bearer TOKEN</code>; the client commands take it from{' '}
        <code>PATCHMESH_API_TOKEN</code>.
        <noscript>
          <p>
            Making tokens here needs JavaScript. On a command line: <code>patchmesh api-token</code>.
          </p>
        </noscript>
      </div>
    </section>
    <TokenDialog organizations={organizations} />
    <ConfirmDialog />
    <SecretDialog />
  </Layout>
)

const HEADINGS = ['Name', 'Id', 'Role', 'Organizations', 'Until', 'Used', 'Actions']

const TokenTable = ({ tokens }: { tokens: TokenView[] }) => (
  <table
    class="pf-v6-c-table pf-m-grid-lg pm-table"
    id="token-table"
    aria-label="API tokens"
    data-operation="listApiTokens"
  >
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
            <button
              class="pf-v6-c-button pf-m-secondary pf-m-small"
              type="button"
              aria-label={`Revoke ${name}`}
              data-ask={`DELETE /api/v1/api-tokens/${id}`}
              data-operation="revokeApiToken"
              data-question={`Revoke the API token ${name}? Whatever uses it is refused from now on.`}
            >
              Revoke
            </button>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const TokenDialog = ({ organizations }: { organizations: string[] }) => (
  <dialog class="pm-dialog" id="token-dialog" aria-labelledby="token-title">
    <form class="pm-form" data-ask="POST /api/v1/api-tokens" data-outcome="token-outcome" data-operation="makeApiToken">
      <h2 class="pf-v6-c-title pf-m-xl" id="token-title">
        Make an API token
      </h2>
      <TextField id="name" label="Name" help="What uses it, such as nightly-upload." />
      <RightsFields id="token" organizations={organizations} />
      <div class="pm-field">
        <label class="pf-v6-c-form__label" for="days">
          <span class="pf-v6-c-form__label-text">Good for how many days</span>
        </label>
        <span class="pf-v6-c-form-control">
          <input type="number" id="days" name="days" value="365" min="1" max="3650" required />
        </span>
      </div>
      <div id="token-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-primary" type="submit">
          Make
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="token-dialog">
          Cancel
        </button>
      </div>
    </form>
  </dialog>
)
