/**
 * Who may speak to the Service Center through a browser: only its own page. A request must name a host that is ours,
 * so that no foreign name can be pointed at it (DNS rebinding); and a request that changes something must come from our
 * own origin, unless it carries an API token, which a foreign page cannot know. The decision uses `Origin` and
 * `Sec-Fetch-Site` alone, never the content type.
 */
import type { MiddlewareHandler } from 'hono'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AppContext, AppEnvironment, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function onlyOurHosts({ origins, log }: RouteDependencies): MiddlewareHandler<AppEnvironment> {
  const ours = new Set(origins.map((origin) => new URL(origin).host))
  return async (c, next) => {
    const host = c.req.header('host') ?? ''
    if (!ours.has(host) && !isLoopback(host)) {
      return answerRefusal(
        c,
        refuse('cross_site', `this Service Center does not go by the name ${host.slice(0, 100)}`),
        log,
      )
    }
    return next()
  }
}

/** Passwords and sessions never travel in clear over a network; only loopback needs no TLS. */
export function onlySafely({ secureCookies, log }: RouteDependencies): MiddlewareHandler<AppEnvironment> {
  return async (c, next) => {
    if (secureCookies || isLoopback(c.req.header('host') ?? '')) return next()
    return answerRefusal(c, refuse('https_only', 'people sign in over HTTPS only'), log)
  }
}

export function onlyOurPages({ origins, log }: RouteDependencies): MiddlewareHandler<AppEnvironment> {
  const ours = browserOrigins(origins)
  return async (c, next) => {
    if (SAFE.has(c.req.method) || c.req.header('authorization') !== undefined) return next()
    const reason = foreign(c, ours)
    return reason === null ? next() : answerRefusal(c, refuse('cross_site', reason), log)
  }
}

/** At which of our addresses the page is open that sent the request; what a passkey signs is for that alone. */
export function pageOrigin(c: AppContext, { origins }: RouteDependencies): string | Refusal {
  const reason = foreign(c, browserOrigins(origins))
  return reason === null ? (c.req.header('origin') ?? '') : refuse('cross_site', reason)
}

/** As a browser writes them: without a trailing slash, and without the port where it is the usual one. */
function browserOrigins(origins: readonly string[]): string[] {
  return origins.map((origin) => new URL(origin).origin)
}

/** Why the request does not come from our own page, or null. */
function foreign(c: AppContext, origins: readonly string[]): string | null {
  const origin = c.req.header('origin')
  if (origin === undefined) return 'the request does not say which page sent it'
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return `the browser says that the request is ${site.slice(0, 20)}`
  if (origins.includes(origin)) return null
  const host = c.req.header('host') ?? ''
  const fromLoopback = isLoopback(host) && (origin === `http://${host}` || origin === `https://${host}`)
  return fromLoopback ? null : `the page that sent the request is at ${origin.slice(0, 100)}`
}

function isLoopback(host: string): boolean {
  return URL.canParse(`http://${host}`) && LOOPBACK.test(new URL(`http://${host}`).hostname)
}
