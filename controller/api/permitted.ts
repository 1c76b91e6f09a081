/**
 * The label that every route behind the gate carries: the permission it needs. `permitted` is label and guard in one, so
 * a route cannot say one thing and do another; an app with a route that has none does not start. What a person who is
 * limited to organizations may see and touch is decided in own-service-center.ts.
 */
import type { Handler, MiddlewareHandler } from 'hono'
import { refuse } from '../../protocol/refusals.ts'
import { may, type Permission } from '../core/permissions.ts'
import type { App, AppEnvironment } from './context.ts'
import { answerRefusal } from './errors.ts'

const labels = new WeakMap<Handler, Permission>()

export function permitted(permission: Permission): MiddlewareHandler<AppEnvironment> {
  const guard: MiddlewareHandler<AppEnvironment> = async (c, next) => {
    const { visitor } = c.var
    if (may(visitor, permission)) return next()
    const { method, path } = c.req
    if (method !== 'GET')
      await c.var.noteRefusal({ action: 'denied', subject: `${method} ${path.slice(0, 200)}`, outcome: 'forbidden' })
    const { role, organizations } = visitor
    const limited = organizations !== null && may({ role, organizations: null }, permission)
    const whose = limited ? `${role} for some organizations only` : role
    return answerRefusal(c, refuse('forbidden', `the role ${whose} may not do this (${permission})`))
  }
  labels.set(guard, permission)
  return guard
}

export type GuardedRoute = { method: string; path: string; permission: Permission }

/** Every route that was registered after the gate, with its label. Throws where the first that answers has none. */
export function guardedRoutes(app: App, gate: Handler): GuardedRoute[] {
  const behind = app.routes.slice(app.routes.findIndex(({ handler }) => handler === gate) + 1)
  const routes = Map.groupBy(
    behind.filter(({ method }) => method !== 'ALL'),
    ({ method, path }) => `${method} ${path}`,
  )
  return [...routes].flatMap(([name, [first]]) => {
    const permission = first === undefined ? undefined : labels.get(first.handler)
    if (first === undefined || permission === undefined)
      throw new Error(`the route ${name} says for no permission who may use it`)
    return [{ method: first.method, path: first.path, permission }]
  })
}
