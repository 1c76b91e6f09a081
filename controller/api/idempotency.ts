/**
 * The same request twice is carried out once (draft-ietf-httpapi-idempotency-key-header). A request that changes something
 * may carry an `Idempotency-Key`; whoever sends it again with the same key gets the first answer again, also after a
 * restart, and a different request under the same key is refused. Uploads have no need of it: a file is known by its
 * SHA-256, and sent again changes nothing.
 */
import type { MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { KeptAnswer } from '../shell/ports.ts'
import { shownSecret } from './access-control.ts'
import type { AppContext, AppEnvironment, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { readBounded } from './read-request.ts'
import { seal, unseal } from './sealed-answers.ts'

const KEY = /^[!-~]{1,255}$/
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function idempotent(dependencies: RouteDependencies): MiddlewareHandler<AppEnvironment> {
  const { repository, clock, log } = dependencies
  /** What is being carried out now, by owner and key. */
  const underWay = new Map<string, Promise<void>>()
  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    if (key === undefined || !UNSAFE.has(c.req.method) || !isJson(c)) return next()
    const fingerprint = KEY.test(key)
      ? await fingerprintOf(c)
      : refuse('bad_request', 'the Idempotency-Key is not 1 to 255 visible ASCII characters')
    if (isRefusal(fingerprint)) return answerRefusal(c, fingerprint, log)
    const shown = shownSecret(c, dependencies)
    if (isRefusal(shown)) return answerRefusal(c, shown, log)
    const { secret } = shown
    const owner = c.var.visitor.secretHash
    const name = `${owner} ${key}`
    while (underWay.has(name)) await underWay.get(name)
    const { promise, resolve: done } = Promise.withResolvers<void>()
    underWay.set(name, promise)
    try {
      const kept = await repository.findAnswer({ owner, key, nowMs: clock() })
      if (kept !== undefined && kept.fingerprint !== fingerprint)
        return answerRefusal(c, refuse('key_reused', 'another request was sent with this Idempotency-Key before'), log)
      if (kept !== undefined) return answerAgain(c, kept, secret)
      await next()
      // What failed may be tried again; what was done or refused is settled.
      const { status } = c.res
      if (status >= 500) return
      const body = seal(await c.res.clone().bytes(), secret)
      await repository.keepAnswer({ owner, key, fingerprint, keptAt: clock(), status, body })
    } finally {
      underWay.delete(name)
      done()
    }
  }
}

/** Bodies of other types are files. */
function isJson(c: AppContext): boolean {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return type === undefined || type === 'application/json'
}

/** Reads the body and puts it back for the route. */
async function fingerprintOf(c: AppContext): Promise<Sha256 | Refusal> {
  const body = await readBounded(c)
  if (isRefusal(body)) return body
  const { url, method, headers } = c.req.raw
  c.req.raw = new Request(url, { method, headers, ...(body.byteLength === 0 ? {} : { body: new Uint8Array(body) }) })
  const { pathname, search } = new URL(url)
  const conditions = ['if-match', 'if-none-match'].map((name) => headers.get(name) ?? '')
  return sha256Hex(Buffer.from(`${method} ${pathname}${search}\n${conditions.join('\n')}\n`), body)
}

function answerAgain(c: AppContext, { body, status }: KeptAnswer, secret: string): Response {
  c.header('Content-Type', 'application/json')
  c.header('Idempotency-Replayed', 'true')
  return c.body(new Uint8Array(unseal(body, secret)), status as ContentfulStatusCode)
}
