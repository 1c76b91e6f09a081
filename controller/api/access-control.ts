/**
 * Who is asking, and that nobody unknown gets further. `signedIn` stands between the open routes and all others in
 * app.ts and lets through only a request with a live session or API token; what is registered after it is denied by
 * default, whatever its path looks like. What a secret is worth is decided in controller/shell/access.ts, what may be
 * done with it in controller/core/permissions.ts.
 */
import type { MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { isDiskFull } from '../../agent/shell/sqlite-file.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { ACCESS_LIFETIME_MS, accessId, checkAccess, isLive } from '../shell/access.ts'
import type { AccessRecord } from '../shell/ports.ts'
import type { SignedIn } from '../shell/sign-in.ts'
import { clientAddress } from './client-address.ts'
import { commandNote } from './command-note.ts'
import type { AppContext, AppDependencies, AppEnvironment, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal, wantsPage } from './errors.ts'
import { ownServiceCenter } from './own-service-center.ts'

const COOKIES = { session: 'patchmesh-session', device: 'patchmesh-device' } as const

/** Uses are told to the minute, so one in each minute is written down: not every click costs a write. */
const MINUTE_MS = 60_000

export function signedIn(dependencies: AppDependencies): MiddlewareHandler<AppEnvironment> {
  const { notes, log } = dependencies
  return async (c, next) => {
    const access = await identify(c, dependencies)
    if (isRefusal(access)) {
      if (wantsPage(c)) c.set('isUnclaimed', await isUnclaimed(dependencies))
      return answerRefusal(c, access, log)
    }
    const visitor = await visitorOf(c, dependencies, access)
    const meant = c.req.header('patchmesh-person')
    if (meant !== undefined && meant !== encodeURIComponent(visitor.actor)) {
      return answerRefusal(c, refuse('other_person', `in this browser ${visitor.actor} is signed in now`), log)
    }
    await noteUse(c, dependencies, access, visitor.origin)
    const { actor, origin } = visitor
    c.set('visitor', visitor)
    c.set('note', (note) => notes.write({ actor, origin, ...note }))
    c.set('noteRefusal', (note) => notes.writeRefusal(actor, { actor, origin, ...note }))
    const { serviceCenter } = dependencies
    const own = ownServiceCenter(serviceCenter, visitor, (command, { refused }) =>
      c.var.noteRefusal({ ...commandNote(command, serviceCenter.state), outcome: refused }),
    )
    c.set('serviceCenter', own)
    return next()
  }
}

async function identify(c: AppContext, dependencies: RouteDependencies): Promise<AccessRecord | Refusal> {
  const shown = shownSecret(c, dependencies)
  if (isRefusal(shown)) return shown
  return checkAccess(dependencies.repository, { ...shown, nowMs: dependencies.clock() })
}

type ShownSecret = { kind: 'api-token' | 'session'; secret: string }

/** A token that is sent decides alone: a wrong one is refused even where a session would do. */
export function shownSecret(c: AppContext, dependencies: RouteDependencies): ShownSecret | Refusal {
  const authorization = c.req.header('authorization')
  if (authorization !== undefined) {
    const secret = /^Bearer ([!-~]+)$/i.exec(authorization)?.[1]
    if (secret === undefined) return refuse('unauthenticated', 'the Authorization header has no Bearer token')
    return { kind: 'api-token', secret }
  }
  const secret = readCookie(c, dependencies, 'session')
  return secret === undefined ? refuse('unauthenticated', 'nobody is signed in here') : { kind: 'session', secret }
}

async function visitorOf(c: AppContext, dependencies: RouteDependencies, access: AccessRecord): Promise<Visitor> {
  const { name, role, organizations, account, secretHash, expiresAt } = access
  const kind = access.kind === 'session' ? 'session' : 'api-token'
  const isFirst = kind === 'session' && account === null && (await isUnclaimed(dependencies))
  const by = kind === 'session' ? 'session' : 'API token'
  const origin = `${clientAddress(c, dependencies)}, ${by} ${accessId(access)}`
  return { role, organizations, actor: name, origin, account, isFirst, kind, secretHash, expiresAt }
}

/** There is no account yet: whoever comes has only the link that was printed. */
export async function isUnclaimed({ repository }: Pick<RouteDependencies, 'repository'>): Promise<boolean> {
  return (await repository.people.accounts()).length === 0
}

/** What an open page asks for by itself keeps no session alive: somebody has to be there. */
async function noteUse(c: AppContext, dependencies: RouteDependencies, access: AccessRecord, origin: string) {
  const usedAt = dependencies.clock()
  const isWatching =
    c.req.header('patchmesh-refresh') !== undefined || (c.req.header('accept') ?? '').includes('text/event-stream')
  // What was never used has been used from nowhere.
  const isFirstUse = access.origin === ''
  const isToldAlready = Math.floor(usedAt / MINUTE_MS) === Math.floor(access.usedAt / MINUTE_MS)
  if (isWatching || (isToldAlready && !isFirstUse)) return
  try {
    await dependencies.repository.people.markUsed(access.secretHash, { usedAt, origin })
  } catch (error) {
    // On a full disk people must still be able to look.
    if (!isDiskFull(error)) throw error
  }
}

/** Whether the session or token that opened a long answer still holds. */
export async function isStillSignedIn({ repository, clock }: RouteDependencies, visitor: Visitor): Promise<boolean> {
  const access = await repository.findAccess(visitor.secretHash)
  return access !== undefined && isLive(access, clock())
}

/** Gives the browser its new session, and ends the one that it had. */
export async function giveSession(c: AppContext, dependencies: RouteDependencies, signed: SignedIn): Promise<void> {
  const before = readCookie(c, dependencies, 'session')
  if (before !== undefined) {
    const nowMs = dependencies.clock()
    const old = await checkAccess(dependencies.repository, { kind: 'session', secret: before, nowMs })
    if (!isRefusal(old)) await dependencies.repository.takeAccess(old.secretHash)
  }
  writeCookie(c, dependencies, 'session', signed.session)
  if (signed.device !== null) writeCookie(c, dependencies, 'device', signed.device)
}

/** Ends the session that asks; an API token is not ended this way. */
export async function signOut(c: AppContext, dependencies: RouteDependencies): Promise<void> {
  const { kind, secretHash } = c.var.visitor
  if (kind === 'session') await dependencies.repository.takeAccess(secretHash)
  deleteCookie(c, cookieName(dependencies, 'session'), { path: '/', secure: dependencies.secureCookies })
}

export function readCookie(c: AppContext, dependencies: RouteDependencies, kind: keyof typeof COOKIES) {
  return getCookie(c, cookieName(dependencies, kind))
}

function writeCookie(c: AppContext, dependencies: RouteDependencies, kind: keyof typeof COOKIES, secret: string) {
  setCookie(c, cookieName(dependencies, kind), secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: dependencies.secureCookies,
    maxAge: ACCESS_LIFETIME_MS[kind] / 1000,
  })
}

/** The prefix makes browsers refuse a cookie of this name from any other host or without TLS. */
function cookieName({ secureCookies }: RouteDependencies, kind: keyof typeof COOKIES): string {
  return secureCookies ? `__Host-${COOKIES[kind]}` : COOKIES[kind]
}
