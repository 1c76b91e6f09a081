/**
 * Retention over HTTP: which patches stay and why, by the number that is set or one that is only tried; setting it; and pins.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import type { Command } from '../core/effects.ts'
import { namedPatch } from '../core/named-patch.ts'
import { retentionView } from '../core/retention/retention-views.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented, NAMED_PATCH } from './openapi.ts'
import { readJson, readQuery } from './read-request.ts'
import { PinBody, RetentionBody, RetentionQuery, RetentionView } from './retention-schemas.ts'

const RETENTION = '/api/v1/retention'
const PIN = '/api/v1/patches/:patch/pin'
const answers = { 200: RetentionView }

export function addRetentionRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    RETENTION,
    documented({
      operation: 'showRetention',
      allow: 'read',
      summary: 'Which patches stay, why, and which are let go at the next look.',
      query: RetentionQuery,
      answers,
    }),
    (c) => {
      const query = readQuery(c, RetentionQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      return c.json(retentionView(c.var.serviceCenter.state, query.keepNewest))
    },
  )

  app.put(
    RETENTION,
    documented({
      operation: 'setRetention',
      allow: 'set-retention',
      summary: 'Says how many versions of each name are kept; null for all.',
      body: RetentionBody,
      answers,
    }),
    async (c) => {
      const body = await readJson(c, RetentionBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      return carriedOut(c, { kind: 'set-retention', actor: c.var.visitor.actor, ...body })
    },
  )

  app.put(
    PIN,
    documented({
      operation: 'pinPatch',
      allow: 'set-retention',
      summary: 'Keeps a patch, whatever its version.',
      parameters: NAMED_PATCH,
      body: PinBody,
      answers,
    }),
    async (c) => {
      const body = await readJson(c, PinBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const record = namedPatch(c.var.serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      return carriedOut(c, { kind: 'pin-patch', actor: c.var.visitor.actor, patch: record.sha256, ...body })
    },
  )

  app.delete(
    PIN,
    documented({
      operation: 'unpinPatch',
      allow: 'set-retention',
      summary: 'Keeps it no longer than any other.',
      parameters: NAMED_PATCH,
      answers,
    }),
    (c) => {
      const record = namedPatch(c.var.serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      return carriedOut(c, { kind: 'unpin-patch', actor: c.var.visitor.actor, patch: record.sha256 })
    },
  )

  async function carriedOut(c: AppContext, command: Command) {
    const { serviceCenter } = c.var
    const reply = await serviceCenter.carryOut(command)
    return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(retentionView(serviceCenter.state))
  }
}
