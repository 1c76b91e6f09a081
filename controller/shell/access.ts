/**
 * Secrets by which people and scripts are known to the HTTP side: API tokens, sign-in links and sessions. A secret is
 * 256 random bits, shown once; only its SHA-256 is kept, so a stolen database opens nothing. A plain hash is enough,
 * because nobody can try all values of 256 bits. A secret of one kind never serves as another.
 */
import { randomBytes } from 'node:crypto'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AccessRecord, Repository } from './ports.ts'

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
} as const satisfies Record<AccessRecord['kind'], number>

/** The secret itself, which is nowhere else. */
export async function makeAccess(
  repository: Repository,
  wanted: { kind: AccessRecord['kind']; name: string; lifetimeMs?: number; nowMs?: number },
): Promise<string> {
  const { kind, name, lifetimeMs = ACCESS_LIFETIME_MS[kind], nowMs = Date.now() } = wanted
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const expiresAt = nowMs + lifetimeMs
  await repository.addAccess({ secretHash: hashOf(secret), kind, name, createdAt: nowMs, expiresAt })
  return secret
}

/** Whose secret this is. A sign-in link is used up by it: of many who ask at once exactly one gets in. */
export async function checkAccess(
  repository: Repository,
  shown: { kind: AccessRecord['kind']; secret: string; nowMs?: number },
): Promise<AccessRecord | Refusal> {
  const { kind, secret, nowMs = Date.now() } = shown
  if (!SECRET.test(secret)) return refuse('unauthenticated', `${NAMES[kind]} does not have the form of one`)
  const found = await repository.findAccess(hashOf(secret))
  if (found?.kind !== kind) return refuse('unauthenticated', `${NAMES[kind]} is unknown or was used up`)
  if (found.expiresAt <= nowMs) return refuse('unauthenticated', `${NAMES[kind]} has expired`)
  if (kind !== 'sign-in-link') return found
  const taken = await repository.takeAccess(found.secretHash)
  return taken ?? refuse('unauthenticated', `${NAMES[kind]} is unknown or was used up`)
}

/** Signing out, or taking a token back; nothing happens for a secret that is unknown. */
export async function revokeAccess(repository: Repository, secret: string): Promise<void> {
  await repository.takeAccess(hashOf(secret))
}

const NAMES: Record<AccessRecord['kind'], string> = {
  'api-token': 'this API token',
  'sign-in-link': 'this sign-in link',
  session: 'this session',
}

function hashOf(secret: string): Sha256 {
  return sha256Hex(Buffer.from(secret))
}
