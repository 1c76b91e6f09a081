/**
 * Who may do what: the one table of permissions. Every route names the permission it needs (controller/api), every page
 * asks here what to show, and a test walks over all routes with it. A person or an API token has one role and may be
 * limited to organizations: then nothing else exists for it, and it may not do what concerns the whole fleet.
 */
import type { OrganizationName } from '../../protocol/identifiers.ts'

export const ROLES = ['viewer', 'auditor', 'uploader', 'operator', 'approver', 'owner'] as const
export type AccessRole = (typeof ROLES)[number]

/** What a role is for, as people read it where they choose one. */
export const ROLE_MEANINGS: Record<AccessRole, string> = {
  viewer: 'sees patches, appliances and installs',
  auditor: 'sees what a Viewer sees, and the trail',
  uploader: 'uploads, withdraws and exports patches, says how long they are kept and says what they mend',
  operator:
    'starts, pauses and cancels installs, sets limits and maintenance windows, enrolls appliances, exports patches, says what they mend',
  approver: 'approves installs with a key that the policy names, pauses and cancels them',
  owner: 'does everything, people, API tokens and publishers included',
}

type Grant = {
  readonly roles: readonly AccessRole[]
  /** Whether somebody who is limited to organizations may do it too, within these. */
  readonly withinOrganizations: boolean
}

const PERMISSIONS = {
  read: { roles: ROLES, withinOrganizations: true },
  'read-trail': { roles: ['auditor', 'owner'], withinOrganizations: true },
  /** The hashes chain the entries of all organizations, and their number is told. */
  'verify-trail': { roles: ['auditor', 'owner'], withinOrganizations: false },
  /** A patch is nobody's: what is uploaded can be seen by all, and changes no appliance until somebody installs it. */
  upload: { roles: ['uploader', 'owner'], withinOrganizations: true },
  withdraw: { roles: ['uploader', 'owner'], withinOrganizations: false },
  /** How severe what it mends is, and by when all must have it. */
  'set-advisories': { roles: ['uploader', 'operator', 'owner'], withinOrganizations: false },
  'make-support-bundle': { roles: ['auditor', 'operator', 'owner'], withinOrganizations: true },
  /** How many versions stay, and which are pinned: others are withdrawn by it. */
  'set-retention': { roles: ['uploader', 'owner'], withinOrganizations: false },
  'set-due-days': { roles: ['owner'], withinOrganizations: false },
  /** To take the files of patches away, to a site without a line. */
  carry: { roles: ['uploader', 'operator', 'owner'], withinOrganizations: true },
  install: { roles: ['operator', 'owner'], withinOrganizations: true },
  cancel: { roles: ['operator', 'approver', 'owner'], withinOrganizations: true },
  /** What counts is the key that signs: this is who may bring its signature. */
  approve: { roles: ['approver', 'owner'], withinOrganizations: true },
  'read-policy': { roles: ROLES, withinOrganizations: false },
  'set-policy': { roles: ['owner'], withinOrganizations: false },
  'set-limits': { roles: ['operator', 'owner'], withinOrganizations: false },
  'set-windows': { roles: ['operator', 'owner'], withinOrganizations: false },
  enroll: { roles: ['operator', 'owner'], withinOrganizations: false },
  'manage-access': { roles: ['owner'], withinOrganizations: false },
  'manage-publishers': { roles: ['owner'], withinOrganizations: false },
  /** One's own sessions and password. */
  'own-account': { roles: ROLES, withinOrganizations: true },
} as const satisfies Record<string, Grant>

export type Permission = keyof typeof PERMISSIONS
export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[]

/** A role, and the organizations it is limited to; null for all of them. */
export type Standing = { readonly role: AccessRole; readonly organizations: readonly OrganizationName[] | null }

export function rolesThatMay(permission: Permission): readonly AccessRole[] {
  return PERMISSIONS[permission].roles
}

export function may({ role, organizations }: Standing, permission: Permission): boolean {
  const { roles, withinOrganizations }: Grant = PERMISSIONS[permission]
  return roles.includes(role) && (organizations === null || withinOrganizations)
}
