/**
 * The fleet over HTTP: the inventory, one appliance, and what people change about it. What a change means is decided in
 * controller/core/places.ts; appliances join with a token (enrollment.ts).
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { applianceDetail, chosenAppliances, findAppliance, inventoryRows } from '../core/appliance-views.ts'
import type { Command } from '../core/effects.ts'
import type { ApplianceRecord } from '../core/records.ts'
import { everEnrolled, type ServiceCenterState } from '../core/state.ts'
import { organizations } from '../core/views.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { answerList, PageQuery } from './pagination.ts'
import { readJson, readQuery } from './read-request.ts'
import * as schemas from './schemas.ts'

const parameters = { appliance: 'A name, or a peer id; the latter also of an appliance that is retired.' }

export function addApplianceRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/appliances',
    documented({
      operation: 'listAppliances',
      allow: 'read',
      summary: 'The enrolled appliances, or with members=retired those that were; filtered and sorted.',
      query: fleet.InventoryPageQuery,
      answers: { 200: fleet.InventoryRow.array() },
    }),
    (c) => {
      const query = readQuery(c, fleet.InventoryPageQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const { state } = c.var.serviceCenter
      const { limit, cursor, ...wanted } = query
      const isPage = limit !== undefined || cursor !== undefined
      if (isPage && (wanted.sort !== 'dataCenter' || wanted.order !== 'up'))
        return answerRefusal(
          c,
          refuse('bad_request', 'pages are in the order of Data Centers: leave sort or limit out'),
          log,
        )
      return answerList(c, {
        list: 'appliances',
        page: { limit, cursor },
        entries: chosenAppliances(state, wanted),
        views: (chosen) => inventoryRows(state, chosen),
        positionOf: ({ dataCenter, organization, group, role, name, peer }) => [
          dataCenter,
          organization,
          group,
          role,
          name,
          peer,
        ],
        log,
      })
    },
  )

  app.get(
    '/api/v1/organizations',
    documented({
      operation: 'listOrganizations',
      allow: 'read',
      summary: 'The organizations that have appliances.',
      query: PageQuery,
      answers: { 200: schemas.Organization.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'organizations',
        entries: organizations(c.var.serviceCenter.state),
        positionOf: ({ name }) => [name],
        log,
      }),
  )

  app.get(
    '/api/v1/appliances/:appliance',
    documented({
      operation: 'showAppliance',
      allow: 'read',
      summary: 'One appliance: its copies of patches, what it was seen to have, its part in installs.',
      parameters,
      answers: { 200: fleet.ApplianceDetail },
    }),
    (c) => {
      const { state } = c.var.serviceCenter
      const found = namedAppliance(state, c.req.param('appliance'))
      return isRefusal(found) ? answerRefusal(c, found, log) : c.json(applianceDetail(state, found))
    },
  )

  app.patch(
    '/api/v1/appliances/:appliance',
    documented({
      operation: 'renameAppliance',
      allow: 'enroll',
      summary: 'Gives it another name. Key, place, copies and history stay.',
      parameters,
      body: fleet.RenameBody,
      answers: { 200: fleet.ApplianceDetail },
    }),
    async (c) => {
      const body = await readJson(c, fleet.RenameBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      return change(c, (peer, actor) => ({ kind: 'rename-appliance', actor, appliance: peer, name: body.name }))
    },
  )

  app.post(
    '/api/v1/appliances/:appliance/retire',
    documented({
      operation: 'retireAppliance',
      allow: 'enroll',
      summary: 'Takes it out of the fleet for good; the last member of a group only with lastMember.',
      parameters,
      body: fleet.RetireBody,
      answers: { 200: fleet.ApplianceDetail },
    }),
    async (c) => {
      const body = await readJson(c, fleet.RetireBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { lastMember } = body
      return change(c, (peer, actor) => ({ kind: 'retire-appliance', actor, appliance: peer, lastMember }))
    },
  )

  app.post(
    '/api/v1/appliances/:appliance/trust',
    documented({
      operation: 'trustAppliance',
      allow: 'enroll',
      summary: 'Says that one machine is left with its key: what held it ends, and it proves all it holds anew.',
      parameters,
      body: schemas.NoBody,
      answers: { 200: fleet.ApplianceDetail },
    }),
    async (c) => {
      const body = await readJson(c, schemas.NoBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      return change(c, (peer, actor) => ({ kind: 'trust-appliance', actor, appliance: peer }))
    },
  )

  async function change(
    c: AppContext,
    command: (peer: ApplianceRecord['peer'], actor: string) => Command,
  ): Promise<Response> {
    const { serviceCenter, visitor } = c.var
    const found = namedAppliance(serviceCenter.state, c.req.param('appliance') ?? '')
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const reply = await serviceCenter.carryOut(command(found.peer, visitor.actor))
    if (isRefusal(reply)) return answerRefusal(c, reply, log)
    const { state } = serviceCenter
    return c.json(applianceDetail(state, everEnrolled(state, found.peer) ?? found))
  }
}

export function namedAppliance(state: ServiceCenterState, reference: string): ApplianceRecord | Refusal {
  const shown = reference.slice(0, 100)
  return findAppliance(state, reference) ?? refuse('not_found', `there is no appliance ${shown}`)
}
