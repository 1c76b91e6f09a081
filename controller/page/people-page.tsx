/**
 * People: everybody who has an account, what they may do, and the dialogs to add and change one. access.js sends them and
 * shows the sign-in link of a new person, which is told once.
 */
import type { PersonView } from '../core/access-views.ts'
import { ConfirmDialog, SecretDialog } from './access-dialogs.tsx'
import { ColumnHeads } from './column-heads.tsx'
import { Label } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { limitTitle, RightsFields, roleTitle } from './rights.tsx'
import { TextField } from './text-field.tsx'
import { elementId, PEOPLE } from './words.ts'

export type People = { people: PersonView[]; organizations: string[] }

export const PeoplePage = ({ people, organizations }: People) => (
  <Layout title="People" current={PEOPLE}>
    <PageHeader heading="People" trail={[{ name: 'Access', address: PEOPLE }]}>
      <button class="pf-v6-c-button pf-m-primary" type="button" data-fills="person-dialog" data-values="{}">
        Add a person
      </button>
    </PageHeader>
    <Card id="people" title="People" live>
      {people.length === 0 ? (
        <p id="no-people">Nobody has an account yet. The first one has to be an Owner.</p>
      ) : (
        <PeopleTable people={people} />
      )}
    </Card>
    <section class="pf-v6-c-page__main-section" aria-label="About people">
      <div class="pf-v6-c-page__main-body pm-quiet">
        Whoever is added gets a sign-in link, which you hand on; with it they choose their password. A change of role,
        limits or password ends the person's sessions.
        <noscript>
          <p>
            Changing people here needs JavaScript. On a command line: <code>patchmesh people</code>.
          </p>
        </noscript>
      </div>
    </section>
    <PersonDialog organizations={organizations} />
    <ConfirmDialog />
    <SecretDialog />
  </Layout>
)

const HEADINGS = ['Name', 'Role', 'Organizations', 'State', 'Signed in', 'Actions']

const PeopleTable = ({ people }: { people: PersonView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" id="people-table" aria-label="People" data-operation="listPeople">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {people.map((person) => (
        <Person person={person} />
      ))}
    </tbody>
  </table>
)

const STATES = { active: 'success', invited: 'waiting', disabled: 'warning' } as const

const Person = ({ person }: { person: PersonView }) => {
  const { name, role, organizations, state, passkeyOnly, signedInAt, sessions } = person
  const address = `/api/v1/people/${encodeURIComponent(name)}`
  const values = JSON.stringify({
    name,
    role,
    organization: organizations ?? [],
    disabled: state === 'disabled',
    passkeyOnly,
  })
  return (
    <tr class="pf-v6-c-table__tr" id={elementId('person', name)} data-person={name}>
      <td class="pf-v6-c-table__td pm-name" data-label="Name">
        {name}
      </td>
      <td class="pf-v6-c-table__td" data-label="Role">
        {roleTitle(role)}
      </td>
      <td class="pf-v6-c-table__td" data-label="Organizations">
        {limitTitle(organizations)}
      </td>
      <td class="pf-v6-c-table__td" data-label="State">
        <Label tone={STATES[state]} text={state} />
        {passkeyOnly && <div class="pm-quiet">passkeys only</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Signed in">
        {signedInAt === null ? 'never' : <Moment at={signedInAt} />}
        {sessions > 0 && <div class="pm-quiet">{sessions} open</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        <div class="pm-row">
          <Action operation="changePerson" label={`Change ${name}`} text="Change" fills={values} address={address} />
          <Action
            operation="makeSignInLink"
            label={`New link for ${name}`}
            text="New link"
            ask={`POST ${address}/sign-in-link`}
            question={`Make a new sign-in link for ${name}? The password, the passkeys and the sessions that ${name} has end.`}
          />
          <Action
            operation="removePerson"
            label={`Remove ${name}`}
            text="Remove"
            ask={`DELETE ${address}`}
            question={`Remove ${name}? The account and its sessions end; what ${name} did stays in the trail.`}
          />
        </div>
      </td>
    </tr>
  )
}

type ActionProps = {
  operation: string
  label: string
  text: string
  ask?: string
  question?: string
  fills?: string
  address?: string
}

/** A small button of a row: it opens the person's dialog, or asks before it does something. */
const Action = ({ operation, label, text, ask, question, fills, address }: ActionProps) => (
  <button
    class="pf-v6-c-button pf-m-secondary pf-m-small"
    type="button"
    aria-label={label}
    data-operation={operation}
    {...(fills === undefined
      ? { 'data-ask': ask, 'data-question': question }
      : { 'data-fills': 'person-dialog', 'data-values': fills, 'data-address': address })}
  >
    {text}
  </button>
)

const PersonDialog = ({ organizations }: { organizations: string[] }) => (
  <dialog class="pm-dialog" id="person-dialog" aria-labelledby="person-title">
    <form class="pm-form" data-ask="POST /api/v1/people" data-outcome="person-outcome" data-operation="addPerson">
      <h2 class="pf-v6-c-title pf-m-xl" id="person-title" data-adds="Add a person" data-changes="Change">
        Add a person
      </h2>
      <TextField id="name" label="Name" />
      <RightsFields id="person" organizations={organizations} />
      <div class="pf-v6-c-check" data-when="changing">
        <input class="pf-v6-c-check__input" type="checkbox" id="person-disabled" name="disabled" />
        <label class="pf-v6-c-check__label" for="person-disabled">
          Disabled: cannot sign in
        </label>
      </div>
      <div class="pf-v6-c-check" data-when="changing">
        <input class="pf-v6-c-check__input" type="checkbox" id="person-passkey-only" name="passkeyOnly" />
        <label class="pf-v6-c-check__label" for="person-passkey-only">
          Passkeys only: the password does not sign in
        </label>
      </div>
      <div id="person-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-primary" type="submit">
          Save
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="person-dialog">
          Cancel
        </button>
      </div>
    </form>
  </dialog>
)
