/**
 * The first layer of every answer: an id by which its request is found in the log, and headers under which a browser
 * runs nothing that did not come from here. They are set after the route, so that no route can leave one out.
 */
import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { AppEnvironment } from './context.ts'

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // With no-referrer a browser would not say that a form comes from our own page.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

export function securityHeaders(options: { secure: boolean }): MiddlewareHandler<AppEnvironment> {
  return async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    await next()
    const { headers } = c.res
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value)
    headers.set('X-Request-Id', requestId)
    if (options.secure) headers.set('Strict-Transport-Security', 'max-age=31536000')
    if (!(headers.get('Cache-Control') ?? '').includes('immutable')) headers.set('Cache-Control', 'no-store')
  }
}
