/**
 * What a node answers that stands by for the one which leads: that it lives, and that it is not ready, so that whatever balances
 * between the nodes sends everybody to the other. It knows nothing that it could tell or change.
 */
import { Hono } from 'hono'
import { refuse } from '../../protocol/refusals.ts'
import type { App, AppEnvironment, RequestLog } from './context.ts'
import { addErrorAnswers, answerRefusal } from './errors.ts'
import { addHealthRoutes } from './health.ts'
import { securityHeaders } from './security-headers.ts'
import { addAssetRoutes } from './static-assets.ts'

/** A lease ends in ten seconds at the most; asking much more often finds nothing. */
const RETRY_SECONDS = '5'

export function createStandby(given: { reason: () => string; log: RequestLog; secureCookies: boolean }): App {
  const { reason, log, secureCookies } = given
  const app: App = new Hono<AppEnvironment>()
  addErrorAnswers(app, log)
  app.use(securityHeaders({ secure: secureCookies }))
  addHealthRoutes(app, { notReady: reason })
  addAssetRoutes(app)
  app.all('*', (c) => {
    c.header('Retry-After', RETRY_SECONDS)
    return answerRefusal(c, refuse('standing_by', `this node ${reason()}`))
  })
  return app
}
