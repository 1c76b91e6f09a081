/**
 * From which address a request comes. Behind a proxy that is the last one that the proxy wrote down, since whatever
 * stands before it may be made up; otherwise the one of the connection.
 */
import { isIP } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { AppContext, RouteDependencies } from './context.ts'

export function clientAddress(c: AppContext, { behindProxy }: RouteDependencies): string {
  const forwarded = behindProxy === true ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
  if (forwarded !== undefined && isIP(forwarded) !== 0) return forwarded
  const { address = 'unknown' } = getConnInfo(c).remote
  return address.replace(/^::ffff:/, '')
}
