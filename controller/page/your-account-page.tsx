/**
 * One's own account: what it may do, its password, its passkeys and its sessions. An Owner finds the passkeys and sessions
 * of everybody here.
 */
import type { AccountView, SessionView } from '../core/access-views.ts'
import { ROLE_MEANINGS } from '../core/permissions.ts'
import { ColumnHeads } from './column-heads.tsx'
import { ActionForm, PasswordField } from './form-fields.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { type Passkeys, PasskeysCard } from './passkeys-card.tsx'
import { limitTitle, roleTitle } from './rights.tsx'
import { elementId, moment, SYSTEM_PATCHES, YOUR_ACCOUNT } from './words.ts'

export type YourAccount = {
  account: AccountView
  sessions: SessionView[]
  passkeys: Passkeys
  /** Whether there is one, has to be chosen, or cannot be: a sign-in by link alone has none. */
  password: 'set' | 'missing' | 'none'
}

export const YourAccountPage = ({ account, sessions, passkeys, password }: YourAccount) => (
  <Layout title="Your account" current={YOUR_ACCOUNT}>
    <PageHeader heading="Your account" trail={[{ name: 'System Patches', address: SYSTEM_PATCHES }]} />
    <Card id="account" title={account.name}>
      <p>
        {roleTitle(account.role)}: {ROLE_MEANINGS[account.role]}. Organizations: {limitTitle(account.organizations)}.
      </p>
    </Card>
    {password !== 'none' && !passkeys.isOnlyWay && <PasswordCard isMissing={password === 'missing'} />}
    <PasskeysCard {...passkeys} />
    <Card id="sessions" title="Sessions" live>
      <SessionTable sessions={sessions} />
    </Card>
  </Layout>
)

export const PASSWORD_HELP = 'At least 12 characters; several words are easier to remember than signs.'

const PasswordCard = ({ isMissing }: { isMissing: boolean }) => (
  <Card id="password-card" title={isMissing ? 'Choose your password' : 'Change your password'}>
    {isMissing && (
      <Alert tone="info" title="You came in with a sign-in link. It does not work again: choose a password now." />
    )}
    <ActionForm action={`${YOUR_ACCOUNT}/password`} operation="changePassword" button="Set password">
      {!isMissing && <PasswordField id="current" label="Current password" autocomplete="current-password" />}
      <PasswordField id="password" label="New password" autocomplete="new-password" help={PASSWORD_HELP} />
    </ActionForm>
  </Card>
)

const SessionTable = ({ sessions }: { sessions: SessionView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Sessions" data-operation="listSessions">
    <ColumnHeads headings={['Name', 'Since', 'Used', 'From', 'Actions']} />
    <tbody class="pf-v6-c-table__tbody">
      {sessions.map(({ id, name, startedAt, usedAt, origin, isThis }) => (
        <tr class="pf-v6-c-table__tr" id={elementId('session', id)}>
          <td class="pf-v6-c-table__td pm-name" data-label="Name">
            {name}
          </td>
          <td class="pf-v6-c-table__td" data-label="Since">
            <Moment at={startedAt} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Used">
            <Moment at={usedAt} />
          </td>
          <td class="pf-v6-c-table__td" data-label="From">
            {origin.split(',')[0]}
          </td>
          <td class="pf-v6-c-table__td" data-label="Actions">
            {isThis ? (
              <span class="pm-quiet">this one</span>
            ) : (
              <form method="post" action={`${YOUR_ACCOUNT}/sessions/${id}/end`} data-operation="endSession">
                <button
                  class="pf-v6-c-button pf-m-secondary pf-m-small"
                  type="submit"
                  aria-label={`End the session of ${name} since ${moment(startedAt)}`}
                >
                  End
                </button>
              </form>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
