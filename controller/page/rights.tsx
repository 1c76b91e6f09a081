/**
 * Choosing and showing what somebody may do: a role, and the organizations it is limited to. No organization chosen is no
 * limit; Owners have none.
 */
import { ROLE_MEANINGS, ROLES } from '../core/permissions.ts'
import { listed } from './words.ts'

export const RightsFields = ({ id, organizations }: { id: string; organizations: readonly string[] }) => (
  <>
    <div class="pm-field">
      <label class="pf-v6-c-form__label" for={`${id}-role`}>
        <span class="pf-v6-c-form__label-text">Role</span>
      </label>
      <span class="pf-v6-c-form-control pm-wide-select">
        <select id={`${id}-role`} name="role">
          {ROLES.map((role) => (
            <option value={role}>
              {roleTitle(role)}: {ROLE_MEANINGS[role]}
            </option>
          ))}
        </select>
        <span class="pf-v6-c-form-control__utilities">
          <span class="pf-v6-c-form-control__toggle-icon" aria-hidden="true">
            ▾
          </span>
        </span>
      </span>
    </div>
    <fieldset class="pm-field pm-choices">
      <legend class="pf-v6-c-form__label-text">Only these organizations</legend>
      <p class="pm-quiet">None chosen: all of them. An Owner is never limited.</p>
      {organizations.map((organization, index) => (
        <div class="pf-v6-c-check">
          <input
            class="pf-v6-c-check__input"
            type="checkbox"
            id={`${id}-organization-${index}`}
            name="organization"
            value={organization}
          />
          <label class="pf-v6-c-check__label" for={`${id}-organization-${index}`}>
            {organization}
          </label>
        </div>
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
