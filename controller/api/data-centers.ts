/**
 * Data Centers over HTTP, and what patches may take of their WAN links and of the Service Center's. A change is in force
 * at once, also for what is being transferred; it is decided and written to the audit log in controller/core/limiting.ts.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { dataCenterLimits, dataCenterViews, readQuietHours, uplinkLimits } from '../core/data-centers.ts'
import type { LimitsRecord } from '../core/records.ts'
import { SERVICE_CENTER } from '../core/state.ts'
import { dataCenters } from '../core/views.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'
import * as schemas from './schemas.ts'

const parameters = { name: 'The name of a Data Center.' }

export function addDataCenterRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/data-centers',
    documented({
      allow: 'read',
      summary: 'The Data Centers that have appliances: their limits, what is left to replicate and what arrives.',
      answers: { 200: schemas.DataCenterView.array() },
    }),
    (c) => c.json(dataCenterViews(c.var.serviceCenter.state)),
  )

  app.get(
    '/api/v1/data-centers/:name/limits',
    documented({
      allow: 'read',
      summary: 'What patches may take of the WAN link of a Data Center; null is no limit.',
      parameters,
      answers: { 200: schemas.DataCenterLimits },
    }),
    (c) => {
      const name = namedDataCenter(c)
      return isRefusal(name) ? answerRefusal(c, name, log) : c.json(dataCenterLimits(c.var.serviceCenter.state, name))
    },
  )

  app.put(
    '/api/v1/data-centers/:name/limits',
    documented({
      allow: 'set-limits',
      summary: 'Sets these limits in place of those before, at once and also for what is being transferred.',
      parameters,
      body: schemas.DataCenterLimits,
      answers: { 200: schemas.DataCenterLimits },
    }),
    async (c) => {
      const name = namedDataCenter(c)
      if (isRefusal(name)) return answerRefusal(c, name, log)
      const body = await readJson(c, schemas.DataCenterLimits)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const quietHours = body.quietHours.map(readQuietHours)
      const refused = await setLimits(c, { ...body, quietHours, place: name })
      return refused === null
        ? c.json(dataCenterLimits(c.var.serviceCenter.state, name))
        : answerRefusal(c, refused, log)
    },
  )

  app.get(
    '/api/v1/service-center/limits',
    documented({
      allow: 'read',
      summary: "What patches may take of the Service Center's own uplink; null is no limit.",
      answers: { 200: schemas.UplinkLimits },
    }),
    (c) => c.json(uplinkLimits(c.var.serviceCenter.state)),
  )

  app.put(
    '/api/v1/service-center/limits',
    documented({
      allow: 'set-limits',
      summary: 'Sets these limits in place of those before, at once and also for what is being sent.',
      body: schemas.UplinkLimits,
      answers: { 200: schemas.UplinkLimits },
    }),
    async (c) => {
      const body = await readJson(c, schemas.UplinkLimits)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const quietHours = body.quietHours.map(readQuietHours)
      const uplink = { ...body, quietHours, downBitsPerSecond: null, trades: true, place: SERVICE_CENTER } as const
      const refused = await setLimits(c, uplink)
      return refused === null ? c.json(uplinkLimits(c.var.serviceCenter.state)) : answerRefusal(c, refused, log)
    },
  )

  async function setLimits(c: AppContext, limits: LimitsRecord): Promise<Refusal | null> {
    const { serviceCenter, visitor } = c.var
    const reply = await serviceCenter.carryOut({ kind: 'set-limits', actor: visitor.actor, limits })
    return isRefusal(reply) ? reply : null
  }

  function namedDataCenter(c: AppContext): DataCenterName | Refusal {
    const wanted = c.req.param('name') ?? ''
    const known = dataCenters(c.var.serviceCenter.state).find((name) => name === wanted)
    return known ?? refuse('not_found', `there is no Data Center ${wanted.slice(0, 100)} with appliances`)
  }
}
