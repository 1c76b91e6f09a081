/**
 * From which address a request comes: behind a proxy the one that the proxy wrote down, otherwise the one of the
 * connection. Where the proxy wrote none that can be read, the address of the proxy has to stand for everybody behind
 * it, in the trail and in the throttle: that is logged, once for each way in which it can be so.
 */
import { getConnInfo } from '@hono/node-server/conninfo'
import type { AppContext, RequestLog, RouteDependencies } from './context.ts'
import { type ForwardedHeaders, forwardedAddress, plainAddress } from './forwarded-address.ts'

export function clientAddress(c: AppContext, { forwardedBy }: RouteDependencies): string {
  const forwardedFor = c.req.header('x-forwarded-for')
  const forwarded = c.req.header('forwarded')
  return forwardedBy?.({ forwardedFor, forwarded }) ?? connectionAddress(c)
}

/** The address that a proxy wrote; undefined where it cannot be read. */
export type ForwardedBy = (headers: ForwardedHeaders) => string | undefined

/** What a proxy in front writes is read only where there is one. */
export function readForwarded(log: RequestLog): ForwardedBy {
  const logged = new Set<string>()
  return (headers) => {
    const found = forwardedAddress(headers)
    if ('address' in found) return found.address
    const { header, unread } = found
    const what = unread === '' ? `names no address in ${header}` : `has no address at the end of its ${header}`
    if (!logged.has(what)) {
      logged.add(what)
      log.error(
        { header, unread },
        `a request ${what}: the address of the proxy is noted for it and for all that come like this; the proxy in front has to write the address of the client as the last one there`,
      )
    }
    return undefined
  }
}

function connectionAddress(c: AppContext): string {
  const { address = 'unknown' } = getConnInfo(c).remote
  return plainAddress(address)
}
