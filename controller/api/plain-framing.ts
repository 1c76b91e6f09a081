/**
 * Refuses what a proxy in front may read otherwise than we do (request smuggling): a body that is framed by anything but
 * one length or HTTP/1.1 chunks, and more hosts than one. Node answers most of it with 400 by itself before a request
 * gets here; but of some it reads the headers, hands the request out, and stumbles over the body only then.
 */
import type { HttpBindings } from '@hono/node-server'
import type { MiddlewareHandler } from 'hono'
import { refuse } from '../../protocol/refusals.ts'
import type { AppEnvironment, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'

export function onlyPlainFraming({ log }: Pick<RouteDependencies, 'log'>): MiddlewareHandler<AppEnvironment> {
  return async (c, next) => {
    const { httpVersion, headersDistinct } = (c.env as HttpBindings).incoming
    const { host = [], 'transfer-encoding': encoding } = headersDistinct
    const isPlain = encoding === undefined || (httpVersion === '1.1' && encoding.join().toLowerCase() === 'chunked')
    if (isPlain && host.length <= 1) return next()
    c.header('Connection', 'close')
    const what = isPlain
      ? 'the request names more than one host'
      : 'the body is framed in a way that is not spoken here'
    return answerRefusal(c, refuse('bad_request', what), log)
  }
}
