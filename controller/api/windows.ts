/**
 * Maintenance windows and blackouts over HTTP: everybody sees those of what they may see, operators set and remove them. What a
 * change means for installs is decided in controller/core/windows/.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import { namedWindow, windowView, windowViews } from '../core/windows/setting.ts'
import { MaintenanceWindow } from '../core/windows/window.ts'
import { Done } from './access-schemas.ts'
import type { App, RouteDependencies } from './context.ts'
import { staleMatch } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { WindowView } from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'

const allow = 'set-windows'
const parameters = { window: 'The name of a maintenance window or a blackout.' }

export function addWindowRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/windows',
    documented({
      operation: 'listWindows',
      allow: 'read',
      summary: 'Maintenance windows and blackouts, with the opening that is now or comes next.',
      answers: { 200: WindowView.array() },
    }),
    (c) => c.json(windowViews(c.var.serviceCenter.state)),
  )

  app.put(
    '/api/v1/windows/:window',
    documented({
      operation: 'setWindow',
      allow,
      summary: 'Sets a maintenance window or a blackout, in place of the one of the same name; it holds at once.',
      parameters,
      headers: {
        'If-Match': 'The tag of what was seen: refused with 412 when it is not so any more.',
        'If-None-Match': '`*`: refused with 412 when there is one of that name.',
      },
      body: MaintenanceWindow,
      answers: { 200: WindowView },
    }),
    async (c) => {
      const window = await readJson(c, MaintenanceWindow)
      if (isRefusal(window)) return answerRefusal(c, window, log)
      const { serviceCenter, visitor } = c.var
      if (window.name !== c.req.param('window')) {
        const why = `the body is of ${window.name}, and the address of another`
        return answerRefusal(c, refuse('bad_request', why), log)
      }
      const before = serviceCenter.state.windows.get(window.name)
      const stale = staleMatch(c, before ?? null)
      if (stale !== null) return answerRefusal(c, stale, log)
      const isNew = c.req.header('if-none-match') === '*'
      const isSeen = c.req.header('if-match') !== undefined
      // It may have changed until its turn comes.
      const instead = isNew ? { instead: null } : isSeen ? { instead: before ?? null } : {}
      const reply = await serviceCenter.carryOut({ kind: 'set-window', actor: visitor.actor, window, ...instead })
      if (isRefusal(reply)) return answerRefusal(c, reply, log)
      return c.json(windowView(serviceCenter.state, window))
    },
  )

  app.delete(
    '/api/v1/windows/:window',
    documented({
      operation: 'removeWindow',
      allow,
      summary: 'Removes a maintenance window or a blackout. Where no window is left, installs begin at any time.',
      parameters,
      answers: { 200: Done },
    }),
    async (c) => {
      const { serviceCenter, visitor } = c.var
      const found = namedWindow(serviceCenter.state, c.req.param('window'))
      if (isRefusal(found)) return answerRefusal(c, found, log)
      const { name } = found
      const reply = await serviceCenter.carryOut({ kind: 'remove-window', actor: visitor.actor, name })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json({ done: true })
    },
  )
}
