/**
 * Exposure clocks over HTTP: which patches somebody is exposed without, one of them in detail, what an advisory says, and
 * how many days each severity leaves. What they count is decided in controller/core/exposure/.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import { dueDaysOf, SEVERITIES } from '../core/exposure/advisory.ts'
import { exposureDetail, exposureSummaries } from '../core/exposure/exposure-views.ts'
import { namedPatch } from '../core/named-patch.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import {
  AdvisoryBody,
  DueDays,
  DueDaysBody,
  ExposureDetail,
  ExposureQuery,
  ExposureSummary,
} from './exposure-schemas.ts'
import { documented, NAMED_PATCH } from './openapi.ts'
import { readJson, readQuery } from './read-request.ts'

const DUE_DAYS = '/api/v1/due-days'

export function addExposureRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/exposure',
    documented({
      operation: 'listExposure',
      allow: 'read',
      summary:
        'Patches without which an appliance is exposed, by organization: since when, due when, overdue by how much.',
      query: ExposureQuery,
      answers: { 200: ExposureSummary.array() },
    }),
    (c) => {
      const query = readQuery(c, ExposureQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      return c.json(exposureSummaries(c.var.serviceCenter.state, query.show))
    },
  )

  app.get(
    '/api/v1/patches/:patch/exposure',
    documented({
      operation: 'showExposure',
      allow: 'read',
      summary: 'The exposure clock of a patch, with each appliance that is exposed and each that it is not meant for.',
      parameters: NAMED_PATCH,
      answers: { 200: ExposureDetail },
    }),
    (c) => {
      const { state } = c.var.serviceCenter
      const record = namedPatch(state, c.req.param('patch'))
      return isRefusal(record) ? answerRefusal(c, record, log) : c.json(exposureDetail(state, record))
    },
  )

  app.put(
    '/api/v1/patches/:patch/advisory',
    documented({
      operation: 'setAdvisory',
      allow: 'set-advisories',
      summary: 'Says how severe what a patch mends is, since when that is known, and by when all must have it.',
      parameters: NAMED_PATCH,
      body: AdvisoryBody,
      answers: { 200: ExposureDetail },
    }),
    async (c) => {
      const body = await readJson(c, AdvisoryBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const record = namedPatch(serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const advisory = { patch: record.sha256, ...body }
      const reply = await serviceCenter.carryOut({ kind: 'set-advisory', actor: visitor.actor, advisory })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(exposureDetail(serviceCenter.state, record))
    },
  )

  app.get(
    DUE_DAYS,
    documented({
      operation: 'listDueDays',
      allow: 'read',
      summary: 'How many days after its advisory, or its upload, a patch of each severity is due.',
      answers: { 200: DueDays },
    }),
    (c) => c.json(dueDaysOf(c.var.serviceCenter.state)),
  )

  app.put(
    DUE_DAYS,
    documented({
      operation: 'setDueDays',
      allow: 'set-due-days',
      summary: 'Sets them, for the severities that are given; null for no due date.',
      body: DueDaysBody,
      answers: { 200: DueDays },
    }),
    async (c) => {
      const body = await readJson(c, DueDaysBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const dueDays = SEVERITIES.flatMap((severity) => {
        const days = body[severity]
        return days === undefined ? [] : [{ severity, days }]
      })
      const { serviceCenter, visitor } = c.var
      const reply = await serviceCenter.carryOut({ kind: 'set-due-days', actor: visitor.actor, dueDays })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(dueDaysOf(serviceCenter.state))
    },
  )
}
