/**
 * People: everybody who has an account, what they may do, and the dialog in which one is added. Each has a page of their
 * own to be changed on.
 */
import type { PersonView } from '../core/access-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { FormDialog, OpenButton } from './dialogs.tsx'
import { TextField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { limitTitle, RightsFields, roleTitle } from './rights.tsx'
import { type Secret, SecretCard } from './secret-card.tsx'
import { elementId, PEOPLE, personAddress } from './words.ts'

export type People = {
  people: PersonView[]
  organizations: string[]
  /** The sign-in link of whoever was just added. */
  made?: Secret | undefined
}

export const PeoplePage = ({ people, organizations, made }: People) => (
  <Layout title="People" current={PEOPLE}>
    <PageHeader heading="People" trail={[{ name: 'Access', address: PEOPLE }]}>
      <OpenButton dialog="person-dialog" text="Add a person" primary />
    </PageHeader>
    {made !== undefined && <SecretCard {...made} />}
    <Card id="people" title="People" live>
      {people.length === 0 ? (
        <p id="no-people">Nobody has an account yet. The first one has to be an Owner.</p>
      ) : (
        <PeopleTable people={people} />
      )}
    </Card>
    <section class="pf-v6-c-page__main-section" aria-label="About people">
      <div class="pf-v6-c-page__main-body pm-quiet">
        Whoever is added gets a sign-in link, which you hand on; with it they choose their password.
      </div>
    </section>
    <FormDialog id="person-dialog" title="Add a person" action={PEOPLE} operation="addPerson" button="Add">
      <TextField id="name" name="name" label="Name" required />
      <RightsFields id="person" organizations={organizations} />
    </FormDialog>
  </Layout>
)

const HEADINGS = ['Name', 'Role', 'Organizations', 'State', 'Signed in', 'Actions']

const PeopleTable = ({ people }: { people: PersonView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="People" data-operation="listPeople">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {people.map((person) => (
        <Person person={person} />
      ))}
    </tbody>
  </table>
)

export const PERSON_STATES = { active: 'success', invited: 'waiting', disabled: 'warning' } as const

const Person = ({ person }: { person: PersonView }) => {
  const { name, role, organizations, state, passkeyOnly, signedInAt, sessions } = person
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
        <Label tone={PERSON_STATES[state]} text={state} />
        {passkeyOnly && <div class="pm-quiet">passkeys only</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Signed in">
        {signedInAt === null ? 'never' : <Moment at={signedInAt} />}
        {sessions > 0 && <div class="pm-quiet">{sessions} open</div>}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        <a class="pf-v6-c-button pf-m-secondary pf-m-small" href={personAddress(name)} aria-label={`Change ${name}`}>
          Change
        </a>
      </td>
    </tr>
  )
}
