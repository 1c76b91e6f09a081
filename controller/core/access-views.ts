/**
 * People, their sessions and passkeys, API tokens and the trail, as the API shows them; page and command line show the same values.
 */
import type { AccessRole } from './permissions.ts'

type Rights = {
  role: AccessRole
  /** Null for all. */
  organizations: string[] | null
}

export type PersonView = Rights & {
  name: string
  /** `invited` has neither a password nor a passkey yet. */
  state: 'active' | 'invited' | 'disabled'
  /** The password opens nothing. */
  passkeyOnly: boolean
  createdAt: string
  signedInAt: string | null
  sessions: number
}

/** A link to hand to the person, told once; null where a password was given instead. */
export type NewPerson = { person: PersonView; signInLink: string | null; expiresAt: string | null }
export type NewLink = { signInLink: string; expiresAt: string }

export type SessionView = {
  id: string
  name: string
  startedAt: string
  usedAt: string
  expiresAt: string
  /** From where it was used last. */
  origin: string
  isThis: boolean
}

export type PasskeyView = {
  id: string
  name: string
  /** Whose it is. */
  person: string
  /** Where alone it works. */
  host: string
  addedAt: string
  usedAt: string | null
}

export type TokenView = Rights & {
  id: string
  name: string
  createdAt: string
  expiresAt: string
  /** Null while nobody has used it. */
  usedAt: string | null
  origin: string
}
/** The token itself is told once. */
export type NewToken = TokenView & { token: string }

export type AccountView = Rights & {
  name: string
  kind: 'session' | 'api-token'
  /** What this role may do, limits included. */
  may: string[]
}

export type TrailView = {
  position: number
  at: string
  actor: string
  action: string
  subject: string
  organization: string | null
  outcome: string
  origin: string
  /** Of its place in the chain; null for whoever is limited to organizations. */
  hash: string | null
}
/** `next` is what `before` takes to read on; null at the end. */
export type TrailPage = { entries: TrailView[]; next: number | null }

/** What came of checking that each entry follows the one before it. */
export type TrailVerification = {
  intact: boolean
  /** So many follow one another, from the first on. */
  entries: number
  /** The hash of the last of them, when it was written and where it stands. */
  head: string
  headAt: string | null
  position: number
  /** The first that does not follow. */
  brokenAt: { position: number; reason: string } | null
  /** A head that was noted earlier, and at which entry it is; null if it is none of this trail. */
  noted: { head: string; position: number | null } | null
  checkedAt: string
}
