/**
 * The options that say what somebody may do: a role, and the organizations it is limited to.
 */
import { z } from 'zod'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { ROLES } from '../core/permissions.ts'
import { parsed } from './command.ts'

export const RIGHTS_OPTIONS = {
  role: { type: 'string', value: 'ROLE', about: `one of ${ROLES.join(', ')}` },
  organization: { type: 'string', multiple: true, value: 'NAME', about: 'only this one; may be repeated' },
} as const

const Role = z.enum(ROLES, `is not one of ${ROLES.join(', ')}`)

export function roleOf(text: string): z.infer<typeof Role> {
  return parsed('role', text, Role)
}

/** Null for all of them. */
export function organizationsOf(names: readonly string[] | undefined): OrganizationName[] | null {
  return names === undefined ? null : names.map((name) => parsed('organization', name, OrganizationName))
}

export function shownLimit(organizations: readonly string[] | null): string {
  return organizations === null ? 'all' : organizations.join(', ')
}
