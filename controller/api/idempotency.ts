/**
 * The same request twice is carried out once (draft-ietf-httpapi-idempotency-key-header). A request that changes something
 * may carry an `Idempotency-Key`; whoever sends it again with the same key gets the first answer again, also after a
 * restart, and a different request under the same key is refused. Uploads have no need of it: a file is known by its
 * SHA-256, and sent again changes nothing.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { KeptAnswer } from '../shell/ports.ts'
import type { AppContext, AppEnvironment, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { readBounded } from './read-request.ts'

const KEY = /^[!-~]{1,255}$/
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function idempotent({ repository, clock, log }: RouteDependencies): MiddlewareHandler<AppEnvironment> {
  /** What is being carried out now, by owner and key. */
  const underWay = new Map<string, Promise<void>>()
  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    if (key === undefined || !UNSAFE.has(c.req.method) || !isJson(c)) return next()
    const fingerprint = KEY.test(key)
      ? await fingerprintOf(c)
      : refuse('bad_request', 'the Idempotency-Key is not 1 to 255 visible ASCII characters')
    if (isRefusal(fingerprint)) return answerRefusal(c, fingerprint, log)
    const owner = c.get('visitor').secretHash
    const name = `${owner} ${key}`
    while (underWay.has(name)) await underWay.get(name)
    const { promise, resolve: done } = Promise.withResolvers<void>()
    underWay.set(name, promise)
    try {
      const kept = await repository.findAnswer({ owner, key, nowMs: clock() })
      if (kept !== undefined) return answerAgain(c, kept, fingerprint, log)
      await next()
      // What failed may be tried again; what was done or refused is settled.
      if (c.res.status < 500)
        await repository.keepAnswer({ owner, key, fingerprint, keptAt: clock(), ...(await answerIn(c.res)) })
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
  return sha256Hex(Buffer.from(`${method} ${pathname}${search}\n${headers.get('if-match') ?? ''}\n`), body)
}

async function answerIn(answer: Response): Promise<Pick<KeptAnswer, 'status' | 'body'>> {
  return { status: answer.status, body: gzipSync(await answer.clone().bytes()) }
}

function answerAgain(c: AppContext, kept: KeptAnswer, fingerprint: Sha256, log: RouteDependencies['log']) {
  if (kept.fingerprint !== fingerprint)
    return answerRefusal(c, refuse('key_reused', 'another request was sent with this Idempotency-Key before'), log)
  c.header('Content-Type', 'application/json')
  c.header('Idempotency-Replayed', 'true')
  return c.body(new Uint8Array(gunzipSync(kept.body)), kept.status as ContentfulStatusCode)
}
