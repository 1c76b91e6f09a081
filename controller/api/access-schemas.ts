/**
 * What the API takes and answers about people, sessions, passkeys, API tokens and the trail; beside schemas.ts, and by its rules.
 */
import { z } from 'zod'
import { ApplianceName, OrganizationName, PublisherName, Sha256 } from '../../protocol/identifiers.ts'
import { PublisherKey } from '../../protocol/trust/publishers.ts'
import type * as views from '../core/access-views.ts'
import { ROLES } from '../core/permissions.ts'
import * as publishers from '../core/publishers.ts'
import { CreatedCredential } from '../shell/passkey-signatures.ts'
import { MAX_PASSWORD_CHARACTERS } from '../shell/passwords.ts'
import { PersonName } from '../shell/people.ts'

const role = z.enum(ROLES, `is not one of ${ROLES.join(', ')}`)
const organizations = z.array(OrganizationName).max(1000).nullable()
const password = z.string().max(MAX_PASSWORD_CHARACTERS)
const day = z.iso.date('is not a day such as 2026-11-23')

export const PersonBody = z.strictObject({
  name: PersonName,
  role,
  organizations: organizations.default(null),
  password: password.optional(),
})
export const PersonChangeBody = z.strictObject({
  role: role.optional(),
  organizations: organizations.optional(),
  disabled: z.boolean().optional(),
  passkeyOnly: z.boolean().optional(),
})
export const PasswordBody = z.strictObject({ current: password.optional(), password })
/** Empty where there is no password. */
export const PasskeyProofBody = z.strictObject({ current: password })
export const PasskeyBody = z.strictObject({ name: PersonName, credential: CreatedCredential })
export const TokenBody = z.strictObject({
  name: ApplianceName,
  role,
  organizations: organizations.default(null),
  days: z.int().min(1).max(3650).default(365),
})
export const TRAIL_PAGE = 100
const filters = {
  who: z.string().max(200).optional(),
  action: z.string().max(40).optional(),
  /** Days, both included, in UTC. */
  from: day.optional(),
  to: day.optional(),
  text: z.string().max(200).optional(),
}
export const TrailQuery = z.strictObject({
  ...filters,
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(TRAIL_PAGE),
})
/** A form sends the fields that nobody filled in too. */
const dayOrNone = z.union([day, z.literal('')]).default('')
const textOrNone = z.string().max(200).default('')
export const TrailPageQuery = z.strictObject({
  ...{ who: textOrNone, action: textOrNone, text: textOrNone, from: dayOrNone, to: dayOrNone },
  before: TrailQuery.shape.before,
})
export const ExportQuery = z.strictObject({ ...filters, format: z.enum(['jsonl', 'csv']).default('jsonl') })

/** As a person copied it. */
const head = z.string().trim().toLowerCase().pipe(Sha256)
export const VerificationQuery = z.strictObject({
  head: head.optional().describe('A head that was noted earlier: the answer says whether it is part of this trail.'),
})

/** As a form sends it: what is left empty is not there. */
export const VerificationForm = z.strictObject({ head: head.optional() })

const time = z.iso.datetime()
const count = z.int().min(0)
const rights = { role, organizations: z.array(z.string()).nullable() }

export const PersonView: z.ZodType<views.PersonView> = z.object({
  name: z.string(),
  ...rights,
  state: z.enum(['active', 'invited', 'disabled']),
  createdAt: time,
  passkeyOnly: z.boolean(),
  signedInAt: time.nullable(),
  sessions: count,
})
export const NewPerson: z.ZodType<views.NewPerson> = z.object({
  person: PersonView,
  signInLink: z.url().nullable(),
  expiresAt: time.nullable(),
})
export const NewLink: z.ZodType<views.NewLink> = z.object({ signInLink: z.url(), expiresAt: time })
export const Done = z.object({ done: z.literal(true) })
export const SessionView: z.ZodType<views.SessionView> = z.object({
  id: z.string(),
  name: z.string(),
  startedAt: time,
  usedAt: time,
  expiresAt: time,
  origin: z.string(),
  isThis: z.boolean(),
})
export const PasskeyView: z.ZodType<views.PasskeyView> = z.object({
  id: z.string(),
  name: z.string(),
  person: z.string(),
  host: z.string(),
  addedAt: time,
  usedAt: time.nullable(),
})
/** As `PublicKeyCredential.parseCreationOptionsFromJSON` takes it. */
export const PasskeyOptions = z.looseObject({ challenge: z.string() })
const token = {
  id: z.string(),
  name: z.string(),
  ...rights,
  createdAt: time,
  expiresAt: time,
  usedAt: time.nullable(),
  origin: z.string(),
}
export const TokenView: z.ZodType<views.TokenView> = z.object(token)
export const NewToken: z.ZodType<views.NewToken> = z.object({ ...token, token: z.string() })
export const AccountView: z.ZodType<views.AccountView> = z.object({
  name: z.string(),
  ...rights,
  kind: z.enum(['session', 'api-token']),
  may: z.array(z.string()),
})
export const TrailView: z.ZodType<views.TrailView> = z.object({
  position: count,
  at: time,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  organization: z.string().nullable(),
  outcome: z.string(),
  origin: z.string(),
  hash: z.string().nullable(),
})
export const TrailPage: z.ZodType<views.TrailPage> = z.object({ entries: TrailView.array(), next: count.nullable() })
export const TrailVerification: z.ZodType<views.TrailVerification> = z.object({
  intact: z.boolean(),
  entries: count,
  head: z.string(),
  headAt: time.nullable(),
  position: count,
  brokenAt: z.object({ position: z.number(), reason: z.string() }).nullable(),
  noted: z.object({ head: z.string(), position: count.nullable() }).nullable(),
  checkedAt: time,
})
export const PublisherView: z.ZodType<publishers.PublisherView> = z.object({
  name: PublisherName,
  keys: PublisherKey.array(),
  threshold: count,
  patches: z.array(z.string()),
  expiresAt: time,
  condition: z.enum(publishers.PUBLISHER_CONDITIONS),
})
