/**
 * People with accounts and passkeys, and browsers in which they sign in.
 */

import type { AccessRole } from '../../controller/core/permissions.ts'
import { boundedPasswords } from '../../controller/shell/passwords.ts'
import { addPerson } from '../../controller/shell/people.ts'
import type { Repository } from '../../controller/shell/ports.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type RawAnswer, rawRequest } from './raw-request.ts'

export const PASSWORD = 'wagon lantern orbit'
const passwords = boundedPasswords()
/** Made once: each costs a twentieth of a second. */
const hashed = passwords.hash(PASSWORD)

/** An account with PASSWORD. */
export async function person(
  repository: Repository,
  name: string,
  role: AccessRole = 'owner',
  organizations: string[] | null = null,
): Promise<void> {
  const passwordHash = await hashed
  if (isRefusal(passwordHash)) throw new Error(passwordHash.message)
  const limit = organizations?.map((one) => OrganizationName.parse(one)) ?? null
  const added = await addPerson(repository.people, {
    ...{ name, role, organizations: limit, passwordHash, nowMs: Date.now() },
  })
  if (isRefusal(added)) throw new Error(added.message)
}

/** A passkey of an account, of a device that nobody has: for what shows and removes it. */
export async function keptPasskey(repository: Repository, account: string, name: string): Promise<void> {
  const refused = await repository.people.addPasskey(
    {
      ...{ credential: Buffer.from(name).toString('base64url'), account, name, host: 'patches.example.com' },
      ...{ userHandle: 'AAAA', publicKey: new Uint8Array([1]), counter: 3, createdAt: Date.now(), usedAt: null },
    },
    () => null,
  )
  if (refused !== null) throw new Error(refused.message)
}

export type SignInAnswer = RawAnswer & { session: string | undefined; device: string | undefined }

/** What the sign-in form sends. `cookies` are those of the browser. */
export async function signIn(
  url: string,
  form: { name: string; password?: string; next?: string },
  { cookies = [], origin = url }: { cookies?: (string | undefined)[]; origin?: string | null } = {},
): Promise<SignInAnswer> {
  const answer = await rawRequest(`${url}/sign-in`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'text/html',
      Cookie: cookies.filter((cookie) => cookie !== undefined).join('; '),
      ...(origin === null ? {} : { Origin: origin }),
    },
    body: new URLSearchParams({ password: PASSWORD, ...form }).toString(),
  })
  const given = (name: string) =>
    answer.headers['set-cookie']?.find((cookie) => cookie.startsWith(`${name}=`))?.split(';')[0]
  return { ...answer, session: given('patchmesh-session'), device: given('patchmesh-device') }
}
