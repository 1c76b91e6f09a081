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
    if (method !== 'GET' && method !== 'HEAD')
      await c.var.noteRefusal({ action: 'denied', subject: `${method} ${path.slice(0, 200)}`, outcome: 'forbidden' })
    const { role, organizations } = visitor
    const limited = organizations !== null && may({ role, organizations: null }, permission)
    const whose = limited ? `${role} for some organizations only` : role
    return answerRefusal(c, refuse('forbidden', `the role ${whose} may not do this (${permission})`))
  }
  labels.set(guard, permission)
  return guard
}

/** What a route says that it takes. */
export function permissionOf(handler: Handler): Permission | undefined {
  return labels.get(handler)
}

/** Throws for a route behind the gate of which the first that answers says nothing. */
export function requireLabels(app: App, gate: Handler): void {
  const behind = app.routes.slice(app.routes.findIndex(({ handler }) => handler === gate) + 1)
  const named = behind.filter(({ method }) => method !== 'ALL')
  for (const [name, [first]] of Map.groupBy(named, ({ method, path }) => `${method} ${path}`)) {
    if (first === undefined || permissionOf(first.handler) !== undefined) continue
    throw new Error(`the route ${name} says for no permission who may use it`)
  }
}
