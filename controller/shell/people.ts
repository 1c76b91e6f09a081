/**
 * What may be done with accounts. There is always an Owner who can sign in once there is any account; an Owner is never
 * limited to organizations; and whoever's role, limits or password change has to sign in again.
 */
import { z } from 'zod'
import { ApplianceName, nameKey, type OrganizationName, type Sha256 } from '../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AccessRole, Standing } from '../core/permissions.ts'
import type { AccountRecord, People } from './ports.ts'

/** A name with the grammar of all names; people are called something, so it has a letter, and is short. */
export const PersonName = z
  .string()
  .max(60, 'is longer than 60 characters')
  .regex(/[\p{L}\p{N}]/u, 'has no letter')
  .pipe(ApplianceName)

/** Under which an account is kept and found. */
export function accountKey(name: string): string {
  return nameKey(name)
}

/** Owners see everything, so nobody is an Owner of some organizations; and a limit to nothing is no limit anybody meant. */
export function wrongStanding({ role, organizations }: Standing): Refusal | null {
  if (organizations === null) return null
  if (role === 'owner') return refuse('bad_request', 'an Owner cannot be limited to organizations')
  return organizations.length > 0 ? null : refuse('bad_request', 'a limit has to name at least one organization')
}

export async function addPerson(
  people: People,
  person: Standing & { name: string; passwordHash: string | null; nowMs: number },
): Promise<AccountRecord | Refusal> {
  const { name, role, organizations, passwordHash, nowMs } = person
  const key = accountKey(name)
  const account: AccountRecord = {
    ...{ key, name, role, organizations, passwordHash },
    ...{ passkeyOnly: false, createdAt: nowMs, disabledAt: null, signedInAt: null },
  }
  const done = await people.alterAccount(key, (accounts) => {
    const known = accounts.find((other) => other.key === key)
    if (known !== undefined) return refuse('person_exists', `there is an account with the name ${known.name}`)
    return wrongStanding(account) ?? withoutOwner([...accounts, account]) ?? account
  })
  return 'refused' in done ? done : account
}

export type PersonChange = {
  role?: AccessRole | undefined
  organizations?: readonly OrganizationName[] | null | undefined
  disabled?: boolean | undefined
  passkeyOnly?: boolean | undefined
  /** Null takes the password and the passkeys away: only a sign-in link helps then. */
  passwordHash?: string | null | undefined
}

type ChangeGiven = {
  nowMs: number
  /** In which it is asked for: refused when it has ended meanwhile. */
  session?: Sha256
  /** Why it may not be changed as it is now; null if it may. */
  staleFor?: (account: AccountRecord) => Refusal | null
}

/** Answers with the sessions that were ended by it. `session` is the person's own, if it is they who ask. */
export function changePerson(
  people: People,
  name: string,
  { role, organizations, disabled, passkeyOnly, passwordHash }: PersonChange,
  { nowMs, session, staleFor }: ChangeGiven,
): Promise<{ ended: Sha256[] } | Refusal> {
  const key = accountKey(name)
  const decide = (accounts: readonly AccountRecord[]) => {
    const known = accounts.find((account) => account.key === key)
    if (known === undefined) return unknownPerson(name)
    const stale = staleFor?.(known) ?? null
    if (stale !== null) return stale
    const changed: AccountRecord = {
      ...known,
      role: role ?? known.role,
      organizations: organizations === undefined ? known.organizations : organizations,
      passkeyOnly: passkeyOnly ?? known.passkeyOnly,
      passwordHash: passwordHash === undefined ? known.passwordHash : passwordHash,
      disabledAt: disabled === undefined ? known.disabledAt : disabled ? (known.disabledAt ?? nowMs) : null,
    }
    const after = accounts.map((account) => (account === known ? changed : account))
    return wrongStanding(changed) ?? withoutOwner(after) ?? changed
  }
  return people.alterAccount(key, decide, { passkeysEnd: passwordHash === null, session })
}

export function removePerson(people: People, name: string): Promise<{ ended: Sha256[] } | Refusal> {
  const key = accountKey(name)
  return people.alterAccount(key, (accounts) => {
    if (!accounts.some((account) => account.key === key)) return unknownPerson(name)
    return withoutOwner(accounts.filter((account) => account.key !== key))
  })
}

export function unknownPerson(name: string): Refusal {
  return refuse('not_found', `there is no person ${name.slice(0, 60)}`)
}

function withoutOwner(accounts: readonly AccountRecord[]): Refusal | null {
  const owns = accounts.some(({ role, disabledAt }) => role === 'owner' && disabledAt === null)
  return owns ? null : refuse('last_owner', 'there would be no Owner who can sign in')
}
