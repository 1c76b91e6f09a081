/**
 * Passkeys on one's own account: what there is, one more, one less. An Owner finds those of everybody. passkeys.js talks
 * to the device.
 */
import type { PasskeyView } from '../core/access-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { CloseButton, OpenButton } from './dialogs.tsx'
import { PasswordField, TextField } from './form-fields.tsx'
import { Card } from './layout.tsx'
import { Moment } from './moments.tsx'
import { Question } from './question.tsx'
import { elementId, sentence, YOUR_ACCOUNT } from './words.ts'

export type Passkeys = {
  passkeys: PasskeyView[]
  /** Whether one can be added here: to an account that asks for its password first or has none, or why not. */
  adding: { with: 'password' | 'session' } | { not: string }
  /** The password opens nothing. */
  isOnlyWay: boolean
}

export const PasskeysCard = ({ passkeys, adding, isOnlyWay }: Passkeys) => (
  <>
    <Card id="passkeys" title="Passkeys" live>
      <p class="pm-quiet">
        A passkey signs you in with your device's fingerprint, face or PIN in place of the password. It works only at
        the address where it was added.
      </p>
      {isOnlyWay && <p>You sign in with passkeys only. Have two of them, for the day on which a device is lost.</p>}
      {passkeys.length === 0 ? <p id="no-passkeys">There is no passkey yet.</p> : <PasskeyTable passkeys={passkeys} />}
      {'not' in adding ? <p class="pm-quiet">{sentence(adding.not)}</p> : <AddButton />}
    </Card>
    {'with' in adding && <PasskeyDialog asksForPassword={adding.with === 'password'} />}
  </>
)

const AddButton = () => (
  <div class="pm-row pm-buttons">
    <span class="pm-needs-script">
      <OpenButton dialog="passkey-dialog" text="Add a passkey" />
    </span>
    <noscript>Adding one needs JavaScript.</noscript>
  </div>
)

const PasskeyTable = ({ passkeys }: { passkeys: PasskeyView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Passkeys" data-operation="listPasskeys">
    <ColumnHeads headings={['Passkey', 'Person', 'Added', 'Used', 'Actions']} />
    <tbody class="pf-v6-c-table__tbody">
      {passkeys.map(({ id, name, person, host, addedAt, usedAt }) => (
        <tr class="pf-v6-c-table__tr" id={elementId('passkey', id)}>
          <td class="pf-v6-c-table__td pm-name" data-label="Passkey">
            {name}
            <div class="pm-quiet">at {host}</div>
          </td>
          <td class="pf-v6-c-table__td" data-label="Person">
            {person}
          </td>
          <td class="pf-v6-c-table__td" data-label="Added">
            <Moment at={addedAt} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Used">
            {usedAt === null ? 'never' : <Moment at={usedAt} />}
          </td>
          <td class="pf-v6-c-table__td" data-label="Actions">
            <Question
              id={elementId('remove', id)}
              button="Remove"
              label={`Remove the passkey ${name} of ${person}`}
              question="It signs nobody in any more."
              action={`${YOUR_ACCOUNT}/passkeys/${id}/remove`}
              operation="removePasskey"
            />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const PasskeyDialog = ({ asksForPassword }: { asksForPassword: boolean }) => (
  <dialog class="pm-dialog" id="passkey-dialog" aria-labelledby="passkey-title">
    <form class="pm-form" id="passkey-form" data-operation="preparePasskey addPasskey">
      <h2 class="pf-v6-c-title pf-m-xl" id="passkey-title">
        Add a passkey
      </h2>
      <TextField
        id="passkey-name"
        name="name"
        label="Name of the passkey"
        help="By which you know the device: Work laptop."
        required
      />
      {asksForPassword && (
        <PasswordField
          id="passkey-current"
          label="Your password, to be sure that it is you"
          autocomplete="current-password"
        />
      )}
      <div id="passkey-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-primary" type="submit">
          Continue
        </button>
        <CloseButton dialog="passkey-dialog" text="Cancel" />
      </div>
    </form>
  </dialog>
)
