/**
 * Who gets a session: whoever shows name and password, or a sign-in link; passkeys.ts adds a third way. What is said about
 * a wrong name, a wrong password and a disabled account is the same, and takes the same time.
 */
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { checkAccess, makeAccess, newAccess } from './access.ts'
import type { Passwords } from './passwords.ts'
import { accountKey } from './people.ts'
import type { AccountRecord, PasskeyUse, Repository } from './ports.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'

/** Of one account at a time; the one that was used least lately ends. */
export const MAX_SESSIONS = 10

export type Door = {
  readonly repository: Repository
  readonly passwords: Passwords
  readonly throttle: SignInThrottle
  readonly clock: () => number
}

export type SignedIn = {
  /** The secrets of the session, and of the browser where an account has signed in. */
  session: string
  device: string | null
  name: string
  /** Sessions of the same account that made room. */
  ended: Sha256[]
  hasPassword: boolean
}

export async function signInByPassword(
  door: Door,
  shown: { name: string; password: string; address: string; origin: string; device: string | undefined },
): Promise<SignedIn | Refusal> {
  const { passwords, throttle, repository } = door
  const account = accountKey(shown.name)
  const device = await knownDevice(door, account, shown.device)
  const attempt = { account, address: shown.address, device }
  const waitMs = throttle.admit(attempt)
  if (waitMs > 0) {
    return refuse('slow_down', `too many wrong attempts; the next one is possible in ${Math.ceil(waitMs / 1000)} s`)
  }
  const found = await repository.people.findAccount(account)
  const kept = found?.passwordHash ?? null
  const matches = await passwords.matches(kept, shown.password, device !== null)
  if (isRefusal(matches)) return matches
  const wrong = refuse('wrong_password', 'no account has this name and password')
  if (!matches || found === undefined) return wrong
  if (found.passkeyOnly && found.disabledAt === null) {
    return refuse('passkey_required', 'an Owner has decided that you sign in with a passkey')
  }
  const opened = await openSession(door, found, { origin: shown.origin, isStill: (now) => now.passwordHash === kept })
  if (opened === undefined) return wrong
  throttle.forgive(attempt)
  return opened
}

/** A link without an account opens a session with every right: it is made beside the controller's data. */
export async function signInByLink(door: Door, shown: { link: string; origin: string }): Promise<SignedIn | Refusal> {
  const { repository, clock } = door
  const nowMs = clock()
  const { origin, link: secret } = shown
  const link = await checkAccess(repository, { kind: 'sign-in-link', secret, nowMs })
  if (isRefusal(link)) return link
  const { name, role, organizations } = link
  if (link.account === null) {
    const session = await makeAccess(repository, { kind: 'session', name, role, organizations, origin, nowMs })
    return { session, device: null, name, ended: [], hasPassword: true }
  }
  const account = await repository.people.findAccount(link.account)
  const opened = account === undefined ? undefined : await openSession(door, account, { origin, isStill: () => true })
  return opened ?? refuse('unauthenticated', 'the account of this sign-in link is disabled or gone')
}

/** Undefined when the account has changed meanwhile. */
export async function openSession(
  { repository, clock }: Door,
  { key, name, role, organizations, passwordHash }: AccountRecord,
  how: { origin: string; isStill: (account: AccountRecord) => boolean; passkey?: PasskeyUse },
): Promise<SignedIn | undefined> {
  const nowMs = clock()
  const whose = { name, role, organizations, account: key, origin: how.origin, nowMs }
  const { secret, access } = newAccess({ kind: 'session', ...whose })
  const opened = await repository.people.openSession({ ...access, account: key }, { most: MAX_SESSIONS, ...how })
  if (opened === undefined) return undefined
  const device = await makeAccess(repository, { kind: 'device', ...whose })
  return { session: secret, device, name, ended: opened.ended, hasPassword: passwordHash !== null }
}

/** The hash of the secret if this account has signed in with it before, otherwise null. */
export async function knownDevice({ repository, clock }: Door, account: string, secret: string | undefined) {
  if (secret === undefined) return null
  const found = await checkAccess(repository, { kind: 'device', secret, nowMs: clock() })
  return !isRefusal(found) && found.account === account ? sha256Hex(Buffer.from(secret)) : null
}
