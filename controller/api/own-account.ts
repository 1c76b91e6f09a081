/**
 * The account of whoever asks, and the proof that it is still they: a session that was left open changes no password and
 * adds no passkey. Where there is a password it is asked for; where there are passkeys alone, the session must be young.
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { ACCESS_LIFETIME_MS } from '../shell/access.ts'
import type { AccountRecord } from '../shell/ports.ts'
import { clientAddress } from './client-address.ts'
import type { AppContext, RouteDependencies } from './context.ts'

const YOUNG_MS = 15 * 60_000

/** `what` only a person has: a script, or whoever came in with a printed link, has no account. */
export async function ownAccount(
  c: AppContext,
  { repository }: RouteDependencies,
  what: string,
): Promise<AccountRecord | Refusal> {
  const { account: key } = c.var.visitor
  const account = key === null ? undefined : await repository.people.findAccount(key)
  return account ?? refuse('forbidden', `only a person who has signed in with an account has ${what}`)
}

/** Null for whoever has proved it; nobody can guess the password at leisure here either. */
export async function notProved(
  c: AppContext,
  dependencies: RouteDependencies,
  { key, passwordHash }: AccountRecord,
  password: string,
): Promise<Refusal | null> {
  const { clock, passwords, repository, throttle } = dependencies
  const { secretHash, expiresAt } = c.var.visitor
  if (passwordHash === null) {
    const isYoung = clock() < expiresAt - ACCESS_LIFETIME_MS.session + YOUNG_MS
    if (isYoung || !(await repository.people.passkeys()).some(({ account }) => account === key)) return null
    return refuse('sign_in_again', 'you signed in more than a quarter of an hour ago')
  }
  const attempt = { account: key, address: clientAddress(c, dependencies), device: secretHash }
  if (throttle.admit(attempt) > 0) return refuse('slow_down', 'too many wrong attempts')
  const matches = await passwords.matches(passwordHash, password, true)
  if (isRefusal(matches)) return matches
  if (!matches) return refuse('wrong_password', 'this is not your current password')
  throttle.forgive(attempt)
  return null
}
