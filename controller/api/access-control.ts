/**
 * Who is asking, and that nobody unknown gets further. `signedIn` stands between the open routes and all others in
 * app.ts and lets through only a request with a live session or API token; what is registered after it is denied by
 * default, whatever its path looks like. What a secret is worth is decided in controller/shell/access.ts.
 */
import type { MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { ACCESS_LIFETIME_MS, checkAccess, makeAccess } from '../shell/access.ts'
import type { AccessRecord } from '../shell/ports.ts'
import type { AppContext, AppDependencies, AppEnvironment, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal } from './errors.ts'
import { ownServiceCenter } from './own-service-center.ts'

const COOKIE = 'patchmesh-session'

export function signedIn(dependencies: AppDependencies): MiddlewareHandler<AppEnvironment> {
  return async (c, next) => {
    const access = await identify(c, dependencies)
    if (isRefusal(access)) return answerRefusal(c, access, dependencies.log)
    const { name, kind, secretHash, expiresAt } = access
    const standing = { role: 'owner', organizations: null } as const
    const visitor: Visitor = {
      ...standing,
      actor: name,
      from: kind,
      isFirst: false,
      kind: kind === 'session' ? 'session' : 'api-token',
      secretHash,
      expiresAt,
    }
    c.set('visitor', visitor)
    c.set(
      'serviceCenter',
      ownServiceCenter(dependencies.serviceCenter, visitor, async () => undefined),
    )
    return next()
  }
}

/** A token that is sent decides alone: a wrong one is refused even where a session would do. */
async function identify(c: AppContext, dependencies: RouteDependencies): Promise<AccessRecord | Refusal> {
  const nowMs = dependencies.clock()
  const authorization = c.req.header('authorization')
  if (authorization !== undefined) {
    const secret = /^Bearer ([!-~]+)$/i.exec(authorization)?.[1]
    if (secret === undefined) return refuse('unauthenticated', 'the Authorization header has no Bearer token')
    return checkAccess(dependencies.repository, { kind: 'api-token', secret, nowMs })
  }
  const secret = getCookie(c, cookieName(dependencies))
  if (secret === undefined) return refuse('unauthenticated', 'nobody is signed in here')
  return checkAccess(dependencies.repository, { kind: 'session', secret, nowMs })
}

/** Whether the session or token that opened a long answer still holds. */
export async function isStillSignedIn({ repository, clock }: RouteDependencies, visitor: Visitor): Promise<boolean> {
  return visitor.expiresAt > clock() && (await repository.findAccess(visitor.secretHash)) !== undefined
}

/** Uses the one-time link up and gives the browser a session in its place. */
export async function redeemLink(
  c: AppContext,
  dependencies: RouteDependencies,
  link: string,
): Promise<Refusal | null> {
  const { repository, clock, secureCookies } = dependencies
  const nowMs = clock()
  const taken = await checkAccess(repository, { kind: 'sign-in-link', secret: link, nowMs })
  if (isRefusal(taken)) return taken
  const secret = await makeAccess(repository, { kind: 'session', name: taken.name, nowMs })
  setCookie(c, cookieName(dependencies), secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: secureCookies,
    maxAge: ACCESS_LIFETIME_MS.session / 1000,
  })
  return null
}

/** Ends the session that asks; an API token is not ended this way. */
export async function signOut(c: AppContext, dependencies: RouteDependencies): Promise<void> {
  const visitor = c.get('visitor')
  if (visitor.kind === 'session') await dependencies.repository.takeAccess(visitor.secretHash)
  deleteCookie(c, cookieName(dependencies), { path: '/', secure: dependencies.secureCookies })
}

/** The prefix makes browsers refuse a cookie of this name from any other host or without TLS. */
function cookieName({ secureCookies }: RouteDependencies): string {
  return secureCookies ? `__Host-${COOKIE}` : COOKIE
}
