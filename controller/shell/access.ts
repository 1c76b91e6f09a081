/**
 * Secrets by which people and scripts are known to the HTTP side: API tokens, sign-in links, sessions, and browsers in
 * which somebody has signed in before. A secret is 256 random bits, shown once; only its SHA-256 is kept, so a stolen
 * database opens nothing. A plain hash is enough, because nobody can try all values of 256 bits. A secret of one kind
 * never serves as another.
 */
import { randomBytes } from 'node:crypto'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AccessKind, AccessRecord, Repository } from './ports.ts'

const SECRET_BYTES = 32
const SECRET = /^[A-Za-z0-9_-]{43}$/

const MINUTE_MS = 60 * 1000
const HOUR_MS = 60 * MINUTE_MS

export const ACCESS_LIFETIME_MS = {
  /** Long enough for a script that nobody looks after, short enough that a forgotten one dies. */
  'api-token': 365 * 24 * HOUR_MS,
  /** Copied from a terminal into a browser at once. */
  'sign-in-link': 15 * MINUTE_MS,
  /** A working day, however active it is. */
  session: 12 * HOUR_MS,
  device: 180 * 24 * HOUR_MS,
} as const satisfies Record<AccessKind, number>

/** A session that nobody has used for so long has ended. */
export const IDLE_SESSION_MS = 30 * MINUTE_MS

/** The secret itself, which is nowhere else. */
export async function makeAccess(repository: Repository, wanted: Wanted): Promise<string> {
  const { secret, access } = newAccess(wanted)
  await repository.addAccess(access)
  return secret
}

/** What is not said is as wide as it can be: every right, in all organizations, with no account. */
export type Wanted = Pick<AccessRecord, 'kind' | 'name'> &
  Partial<Pick<AccessRecord, 'role' | 'organizations' | 'account' | 'origin'>> & { lifetimeMs?: number; nowMs?: number }

/** A secret that nobody has yet, and what is kept of it. */
export function newAccess(wanted: Wanted): { secret: string; access: AccessRecord } {
  const { kind, name, role = 'owner', organizations = null, account = null, origin = '' } = wanted
  const { lifetimeMs = ACCESS_LIFETIME_MS[kind], nowMs = Date.now() } = wanted
  const secret = newSecret()
  const access = { kind, name, role, organizations, account, origin, secretHash: hashOf(secret) }
  return { secret, access: { ...access, createdAt: nowMs, usedAt: nowMs, expiresAt: nowMs + lifetimeMs } }
}

/** Without a dash in front: `--api-token -4f…` would be read as another option. One draw in 64 is made again. */
function newSecret(): string {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  return secret.startsWith('-') ? newSecret() : secret
}

/** By which an access is called where people see it; nobody gets from here to the secret. */
export function accessId({ secretHash }: Pick<AccessRecord, 'secretHash'>): string {
  return secretHash.slice(0, 12)
}

/** Whether it still opens what it is for. */
export function isLive({ kind, expiresAt, usedAt }: AccessRecord, nowMs: number): boolean {
  return expiresAt > nowMs && (kind !== 'session' || usedAt + IDLE_SESSION_MS > nowMs)
}

/** Whose secret this is. A sign-in link is used up by it: of many who ask at once exactly one gets in. */
export async function checkAccess(
  repository: Repository,
  shown: { kind: AccessKind; secret: string; nowMs?: number },
): Promise<AccessRecord | Refusal> {
  const { kind, secret, nowMs = Date.now() } = shown
  if (!SECRET.test(secret)) return refuse('unauthenticated', `${NAMES[kind]} does not have the form of one`)
  const found = await repository.findAccess(hashOf(secret))
  if (found?.kind !== kind) return refuse('unauthenticated', `${NAMES[kind]} is unknown or ${ENDINGS[kind]}`)
  if (!isLive(found, nowMs)) return refuse('unauthenticated', `${NAMES[kind]} has expired`)
  if (kind !== 'sign-in-link') return found
  const taken = await repository.takeAccess(found.secretHash)
  return taken ?? refuse('unauthenticated', `${NAMES[kind]} is unknown or ${ENDINGS[kind]}`)
}

const NAMES: Record<AccessKind, string> = {
  'api-token': 'this API token',
  'sign-in-link': 'this sign-in link',
  session: 'this session',
  device: 'this browser',
}

/** Why a secret that was good once is unknown now. */
const ENDINGS: Record<AccessKind, string> = {
  'api-token': 'was taken back',
  'sign-in-link': 'was used up',
  session: 'has ended',
  device: 'was forgotten',
}

function hashOf(secret: string): Sha256 {
  return sha256Hex(Buffer.from(secret))
}
