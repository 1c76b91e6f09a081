/**
 * Passkeys (WebAuthn): adding one to an account, and signing in with one. The device makes sure who holds it and signs a
 * challenge of ours (passkey-challenges.ts); what it signed is checked in passkey-signatures.ts. A passkey that counts
 * backwards has been copied, and opens nothing.
 */
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { type Asked, CHALLENGE_LIFETIME_MS, type PasskeyChallenges } from './passkey-challenges.ts'
import {
  ALGORITHMS,
  type CreatedCredential,
  type ShownCredential,
  signedChallenge,
  verifyCreated,
  verifyShown,
} from './passkey-signatures.ts'
import type { AccountRecord, PasskeyRecord } from './ports.ts'
import { type Door, knownDevice, openSession, type SignedIn } from './sign-in.ts'
import { network } from './sign-in-throttle.ts'

/** Of one account. */
export const MOST_PASSKEYS = 20
const HANDLE_BYTES = 32

export type PasskeyDoor = Door & { readonly challenges: PasskeyChallenges }

/** By which a passkey is called where people see it. */
export function passkeyId({ credential }: Pick<PasskeyRecord, 'credential'>): string {
  return sha256Hex(Buffer.from(credential)).slice(0, 12)
}

/** The name for which a browser keeps passkeys of the page at this origin; an address in numbers is none. */
export function passkeyHost(origin: string): string | Refusal {
  const { hostname } = new URL(origin)
  if (isIP(hostname) === 0 && !hostname.startsWith('[')) return hostname
  return refuse('no_host_name', `browsers keep passkeys for host names, and this page is open at ${hostname}`)
}

/** What the browser is to ask a device for, so that the account gets a passkey. */
export async function offerPasskey(
  { challenges, repository }: PasskeyDoor,
  { key, name }: AccountRecord,
  origin: string,
): Promise<PublicKeyCredentialCreationOptionsJSON | Refusal> {
  const host = passkeyHost(origin)
  if (isRefusal(host)) return host
  const mine = (await repository.people.passkeys()).filter(({ account }) => account === key)
  const userHandle = mine[0]?.userHandle ?? randomBytes(HANDLE_BYTES).toString('base64url')
  return {
    challenge: challenges.issue({ purpose: 'add', origin, account: key, userHandle }, `account ${key}`),
    rp: { id: host, name: 'patchmesh' },
    user: { id: userHandle, name, displayName: name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: mine.map(({ credential }) => ({ type: 'public-key', id: credential })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
    timeout: CHALLENGE_LIFETIME_MS,
  }
}

export async function addPasskey(
  { challenges, repository, clock }: PasskeyDoor,
  { key }: AccountRecord,
  { name, credential, session }: { name: string; credential: CreatedCredential; session: Sha256 },
): Promise<PasskeyRecord | Refusal> {
  const asked = answered(challenges, credential, 'add')
  if (isRefusal(asked)) return asked
  if (asked.account !== key) return refuse('used_challenge', 'the passkey was made for another account')
  const made = await verifyCreated(credential, asked)
  if (isRefusal(made)) return made
  const passkey: PasskeyRecord = {
    ...{ ...made, account: key, name, userHandle: asked.userHandle },
    ...{ createdAt: clock(), usedAt: null },
  }
  const refused = await repository.people.addPasskey(passkey, (others) => whyNot(passkey, others), session)
  return refused ?? passkey
}

function whyNot({ account, credential, name }: PasskeyRecord, others: readonly PasskeyRecord[]): Refusal | null {
  if (others.some((other) => other.credential === credential)) {
    return refuse('passkey_exists', 'this passkey was added before')
  }
  const mine = others.filter((other) => other.account === account)
  if (mine.some((other) => other.name === name)) return refuse('passkey_exists', `you have a passkey named ${name}`)
  if (mine.length < MOST_PASSKEYS) return null
  return refuse('too_many_passkeys', `an account has ${MOST_PASSKEYS} passkeys at most`)
}

/** What the browser is to ask a device for, so that somebody signs in: whoever the device knows for this host. */
export function askForPasskey(
  { challenges }: PasskeyDoor,
  { origin, address }: { origin: string; address: string },
): PublicKeyCredentialRequestOptionsJSON | Refusal {
  const host = passkeyHost(origin)
  if (isRefusal(host)) return host
  const challenge = challenges.issue({ purpose: 'sign-in', origin }, `address ${network(address)}`)
  return { challenge, rpId: host, allowCredentials: [], userVerification: 'required', timeout: CHALLENGE_LIFETIME_MS }
}

export async function signInByPasskey(
  door: PasskeyDoor,
  shown: { credential: ShownCredential; address: string; device: string | undefined },
): Promise<SignedIn | Refusal> {
  const { repository, throttle, challenges } = door
  const { credential, address } = shown
  const passkey = await repository.people.findPasskey(credential.id)
  // No passkey can be guessed, so guesses at the password of an account hold up none of its passkeys.
  const counted = passkey === undefined ? 'passkey that nobody has' : `passkey ${passkeyId(passkey)}`
  const device = passkey === undefined ? null : await knownDevice(door, passkey.account, shown.device)
  const attempt = { account: counted, address, device }
  const waitMs = throttle.admit(attempt)
  if (waitMs > 0) return refuse('slow_down', `too many attempts; the next is possible in ${Math.ceil(waitMs / 1000)} s`)
  const asked = answered(challenges, credential, 'sign-in')
  if (isRefusal(asked)) return asked
  const unknown = refuse('wrong_passkey', 'no account that can sign in has this passkey')
  if (passkey === undefined) return unknown
  const counter = await verifyShown(passkey, credential, asked)
  if (isRefusal(counter)) return counter
  if (counter <= passkey.counter && passkey.counter > 0) {
    return refuse('copied_passkey', `this passkey has counted ${passkey.counter} uses before, and says ${counter} now`)
  }
  const account = await repository.people.findAccount(passkey.account)
  const use = { isStill: () => true, passkey: { credential: passkey.credential, counter } }
  const opened = account === undefined ? undefined : await openSession(door, account, { origin: address, ...use })
  if (opened === undefined) return unknown
  throttle.forgive(attempt)
  return opened
}

/** What of ours was signed, which is used up by it. */
function answered<Purpose extends Asked['purpose']>(
  challenges: PasskeyChallenges,
  credential: CreatedCredential | ShownCredential,
  purpose: Purpose,
) {
  const challenge = signedChallenge(credential)
  if (isRefusal(challenge)) return challenge
  const asked = challenges.take(challenge, purpose)
  return isRefusal(asked) ? asked : { ...asked, challenge }
}
