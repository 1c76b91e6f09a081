/**
 * Data Centers over HTTP, and what patches may take of their WAN links and of the Service Center's. A change is in force
 * at once, also for what is being transferred; it is decided and written to the audit log in controller/core/limiting.ts.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { dataCenterLimits, dataCenterViews, readQuietHours, uplinkLimits } from '../core/data-centers.ts'
import { mesh } from '../core/mesh.ts'
import type { LimitsRecord } from '../core/records.ts'
import { SERVICE_CENTER } from '../core/state.ts'
import { dataCenters } from '../core/views.ts'
import type { App, AppContext, AppDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { namedPatch } from './patches.ts'
import { readJson, readQuery } from './read-request.ts'
import * as schemas from './schemas.ts'

const parameters = { name: 'The name of a Data Center.' }

export function addDataCenterRoutes(app: App, { serviceCenter, log }: AppDependencies): void {
  const { state } = serviceCenter

  app.get(
    '/api/v1/data-centers',
    documented({
      summary: 'The Data Centers that have appliances: their limits, what is left to replicate and what arrives.',
      answers: { 200: schemas.DataCenterView.array() },
    }),
    (c) => c.json(dataCenterViews(state)),
  )

  app.get(
    '/api/v1/mesh',
    documented({
      summary: 'The Data Centers with their Service Provider appliances, and who sends pieces to whom now.',
      query: fleet.MeshQuery,
      answers: { 200: fleet.Mesh },
    }),
    (c) => {
      const query = readQuery(c, fleet.MeshQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const record = query.patch === '' ? null : namedPatch(state, query.patch)
      return isRefusal(record) ? answerRefusal(c, record, log) : c.json(mesh(state, record?.sha256 ?? null))
    },
  )

  app.get(
    '/api/v1/data-centers/:name/limits',
    documented({
      summary: 'What patches may take of the WAN link of a Data Center; null is no limit.',
      parameters,
      answers: { 200: schemas.DataCenterLimits },
    }),
    (c) => {
      const name = namedDataCenter(c.req.param('name'))
      return isRefusal(name) ? answerRefusal(c, name, log) : c.json(dataCenterLimits(state, name))
    },
  )

  app.put(
    '/api/v1/data-centers/:name/limits',
    documented({
      summary: 'Sets these limits in place of those before, at once and also for what is being transferred.',
      parameters,
      body: schemas.DataCenterLimits,
      answers: { 200: schemas.DataCenterLimits },
    }),
    async (c) => {
      const name = namedDataCenter(c.req.param('name'))
      if (isRefusal(name)) return answerRefusal(c, name, log)
      const body = await readJson(c, schemas.DataCenterLimits)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const quietHours = body.quietHours.map(readQuietHours)
      const refused = await setLimits(c, { ...body, quietHours, place: name })
      return refused === null ? c.json(dataCenterLimits(state, name)) : answerRefusal(c, refused, log)
    },
  )

  app.get(
    '/api/v1/service-center/limits',
    documented({
      summary: "What patches may take of the Service Center's own uplink; null is no limit.",
      answers: { 200: schemas.UplinkLimits },
    }),
    (c) => c.json(uplinkLimits(state)),
  )

  app.put(
    '/api/v1/service-center/limits',
    documented({
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
      return refused === null ? c.json(uplinkLimits(state)) : answerRefusal(c, refused, log)
    },
  )

  async function setLimits(c: AppContext, limits: LimitsRecord): Promise<Refusal | null> {
    const reply = await serviceCenter.carryOut({ kind: 'set-limits', actor: c.get('visitor').actor, limits })
    return isRefusal(reply) ? reply : null
  }

  function namedDataCenter(wanted: string): DataCenterName | Refusal {
    const known = dataCenters(state).find((name) => name === wanted)
    return known ?? refuse('not_found', `there is no Data Center ${wanted.slice(0, 100)} with appliances`)
  }
}
