/**
 * Data Centers over HTTP, and what patches may take of their WAN links and of the Service Center's. A change is in force
 * at once, also for what is being transferred; it is decided and written to the audit log in controller/core/limiting.ts.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import {
  dataCenterLimits,
  dataCenterViews,
  readQuietHours,
  type UplinkLimits,
  uplinkLimits,
} from '../core/data-centers.ts'
import { mesh } from '../core/mesh.ts'
import { namedPatch } from '../core/named-patch.ts'
import type { LimitsRecord } from '../core/records.ts'
import { limitsOf, SERVICE_CENTER } from '../core/state.ts'
import { dataCenters } from '../core/views.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { entityTag, staleMatch } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { answerList, PageQuery } from './pagination.ts'
import { readJson, readQuery } from './read-request.ts'
import * as schemas from './schemas.ts'

const parameters = { name: 'The name of a Data Center.' }
const ifMatch = { 'If-Match': 'The `ETag` of what was seen: refused with 412 when it is not so any more.' }

export function addDataCenterRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/data-centers',
    documented({
      operation: 'listDataCenters',
      allow: 'read',
      summary: 'The Data Centers that have appliances: their limits, what is left to replicate and what arrives.',
      query: PageQuery,
      answers: { 200: schemas.DataCenterView.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'data-centers',
        entries: dataCenterViews(c.var.serviceCenter.state),
        positionOf: ({ name }) => [name],
        log,
      }),
  )

  app.get(
    '/api/v1/mesh',
    documented({
      operation: 'showMesh',
      allow: 'read',
      summary: 'The Data Centers with their Service Provider appliances, and who sends pieces to whom now.',
      query: fleet.MeshQuery,
      answers: { 200: fleet.Mesh },
    }),
    (c) => {
      const query = readQuery(c, fleet.MeshQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const { state } = c.var.serviceCenter
      const record = query.patch === '' ? null : namedPatch(state, query.patch)
      return isRefusal(record) ? answerRefusal(c, record, log) : c.json(mesh(state, record?.sha256 ?? null))
    },
  )

  app.get(
    '/api/v1/data-centers/:name/limits',
    documented({
      operation: 'showDataCenterLimits',
      allow: 'read',
      summary: 'What patches may take of the WAN link of a Data Center; null is no limit.',
      parameters,
      answers: { 200: schemas.DataCenterLimits },
    }),
    (c) => {
      const name = namedDataCenter(c)
      return isRefusal(name)
        ? answerRefusal(c, name, log)
        : tagged(c, dataCenterLimits(c.var.serviceCenter.state, name))
    },
  )

  app.put(
    '/api/v1/data-centers/:name/limits',
    documented({
      operation: 'setDataCenterLimits',
      allow: 'set-limits',
      summary: 'Sets these limits in place of those before, at once and also for what is being transferred.',
      parameters,
      headers: ifMatch,
      body: schemas.DataCenterLimits,
      answers: { 200: schemas.DataCenterLimits },
    }),
    async (c) => {
      const name = namedDataCenter(c)
      if (isRefusal(name)) return answerRefusal(c, name, log)
      const body = await readJson(c, schemas.DataCenterLimits)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const quietHours = body.quietHours.map(readQuietHours)
      const seen = () => dataCenterLimits(c.var.serviceCenter.state, name)
      const refused = await setLimits(c, { ...body, quietHours, place: name }, seen())
      return refused === null ? tagged(c, seen()) : answerRefusal(c, refused, log)
    },
  )

  app.get(
    '/api/v1/service-center/limits',
    documented({
      operation: 'showUplinkLimits',
      allow: 'read',
      summary: "What patches may take of the Service Center's own uplink; null is no limit.",
      answers: { 200: schemas.UplinkLimits },
    }),
    (c) => tagged(c, uplinkLimits(c.var.serviceCenter.state)),
  )

  app.put(
    '/api/v1/service-center/limits',
    documented({
      operation: 'setUplinkLimits',
      allow: 'set-limits',
      summary: 'Sets these limits in place of those before, at once and also for what is being sent.',
      headers: ifMatch,
      body: schemas.UplinkLimits,
      answers: { 200: schemas.UplinkLimits },
    }),
    async (c) => {
      const body = await readJson(c, schemas.UplinkLimits)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const quietHours = body.quietHours.map(readQuietHours)
      const uplink = { ...body, quietHours, downBitsPerSecond: null, trades: true, place: SERVICE_CENTER } as const
      const seen = () => uplinkLimits(c.var.serviceCenter.state)
      const refused = await setLimits(c, uplink, seen())
      return refused === null ? tagged(c, seen()) : answerRefusal(c, refused, log)
    },
  )

  async function setLimits(c: AppContext, limits: LimitsRecord, current: UplinkLimits): Promise<Refusal | null> {
    const stale = staleMatch(c, current)
    if (stale !== null) return stale
    const { serviceCenter, visitor } = c.var
    const instead =
      c.req.header('if-match') === undefined ? {} : { instead: limitsOf(serviceCenter.state, limits.place) }
    const reply = await serviceCenter.carryOut({ kind: 'set-limits', actor: visitor.actor, limits, ...instead })
    return isRefusal(reply) ? reply : null
  }

  function tagged(c: AppContext, limits: UplinkLimits): Response {
    c.header('ETag', entityTag(limits))
    return c.json(limits)
  }
}

export function namedDataCenter(c: AppContext): DataCenterName | Refusal {
  const wanted = c.req.param('name') ?? ''
  const known = dataCenters(c.var.serviceCenter.state).find((name) => name === wanted)
  return known ?? refuse('not_found', `there is no Data Center ${wanted.slice(0, 100)} with appliances`)
}
