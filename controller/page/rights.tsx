/**
 * Choosing and showing what somebody may do: a role, and the organizations it is limited to. That there is no limit is
 * said in so many words, never by what is left unticked.
 */
import { ROLE_MEANINGS, ROLES } from '../core/permissions.ts'
import { CheckField, SelectField } from './form-fields.tsx'
import { listed } from './words.ts'

type RightsFieldsProps = {
  id: string
  /** All there are. */
  organizations: readonly string[]
  now?: { role: string; organizations: readonly string[] | null }
}

const SCOPES = [
  { value: 'all', text: 'All organizations' },
  { value: 'chosen', text: 'The organizations chosen below, and no others; an Owner is never limited' },
]

export const RightsFields = ({ id, organizations, now }: RightsFieldsProps) => (
  <>
    <SelectField
      id={`${id}-role`}
      name="role"
      label="Role"
      value={now?.role ?? ''}
      choices={ROLES.map((role) => ({ value: role, text: `${roleTitle(role)}: ${ROLE_MEANINGS[role]}` }))}
    />
    <SelectField
      id={`${id}-scope`}
      name="scope"
      label="For"
      value={now?.organizations == null ? 'all' : 'chosen'}
      choices={SCOPES}
    />
    <fieldset class="pm-field pm-choices">
      <legend class="pf-v6-c-form__label-text">Chosen organizations</legend>
      {[...new Set([...organizations, ...(now?.organizations ?? [])])].map((organization, index) => (
        <CheckField
          id={`${id}-organization-${index}`}
          name="organization"
          label={organization}
          value={organization}
          checked={now?.organizations?.includes(organization) ?? false}
        />
      ))}
    </fieldset>
  </>
)

export function roleTitle(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1)
}

export function limitTitle(organizations: readonly string[] | null): string {
  return organizations === null ? 'all' : listed(organizations)
}
