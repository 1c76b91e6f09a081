/**
 * One person: what they may do, a new sign-in link for them, and taking the account away.
 */
import type { PersonView } from '../core/access-views.ts'
import { ActionForm, CheckField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { PERSON_STATES } from './people-page.tsx'
import { Question } from './question.tsx'
import { RightsFields } from './rights.tsx'
import { type Secret, SecretCard } from './secret-card.tsx'
import { PEOPLE, personAddress, TRAIL } from './words.ts'

export type Person = {
  person: PersonView
  organizations: string[]
  /** What of it can be changed, as a tag: whoever saves says what they looked at. */
  seen: string
  made?: Secret | undefined
}

export const PersonPage = ({ person, organizations, seen, made }: Person) => {
  const { name, state, passkeyOnly } = person
  const address = personAddress(name)
  return (
    <Layout title={`${name} - People`} current={PEOPLE}>
      <PageHeader
        heading={name}
        trail={[
          { name: 'Access', address: PEOPLE },
          { name: 'People', address: PEOPLE },
        ]}
      />
      {made !== undefined && <SecretCard {...made} />}
      <Card id="rights" title="What this person may do">
        <ActionForm action={address} operation="changePerson" button="Save">
          <input type="hidden" name="seen" value={seen} />
          <RightsFields id="person" organizations={organizations} now={person} />
          <CheckField
            id="person-disabled"
            name="disabled"
            label="Disabled: cannot sign in"
            checked={state === 'disabled'}
          />
          <CheckField
            id="person-passkey-only"
            name="passkeyOnly"
            label="Passkeys only: the password does not sign in"
            checked={passkeyOnly}
          />
          <p class="pm-quiet">A change ends the sessions of {name}.</p>
        </ActionForm>
      </Card>
      <Card id="entry" title="Signing in" live>
        <p class="pm-row">
          <Label tone={PERSON_STATES[state]} text={state} />
          <a href={`${TRAIL}?${new URLSearchParams({ who: name })}`}>What {name} did, in the trail</a>
        </p>
        <div class="pm-form">
          <Question
            id="new-link"
            button="New link"
            label={`New link for ${name}`}
            question={`Make a new sign-in link for ${name}? The password, the passkeys and the sessions that ${name} has end.`}
            action={`${address}/sign-in-link`}
            operation="makeSignInLink"
          />
          <Question
            id="remove"
            button="Remove"
            label={`Remove ${name}`}
            question={`Remove ${name}? The account and its sessions end; what ${name} did stays in the trail.`}
            action={`${address}/remove`}
            operation="removePerson"
          />
        </div>
      </Card>
    </Layout>
  )
}
