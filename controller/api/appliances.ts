/**
 * The fleet over HTTP: the inventory, one appliance, and what people change about it. What a change means is decided in
 * controller/core/places.ts; appliances join with a token (enrollment.ts).
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { applianceDetail, findAppliance, inventory } from '../core/appliance-views.ts'
import type { Command } from '../core/effects.ts'
import type { ApplianceRecord } from '../core/records.ts'
import { everEnrolled, type ServiceCenterState } from '../core/state.ts'
import { organizations } from '../core/views.ts'
import type { App, AppContext, AppDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { readJson, readQuery } from './read-request.ts'
import * as schemas from './schemas.ts'

const parameters = { appliance: 'A name, or a peer id; the latter also of an appliance that is retired.' }

export function addApplianceRoutes(app: App, { serviceCenter, log }: AppDependencies): void {
  const { state } = serviceCenter

  app.get(
    '/api/v1/appliances',
    documented({
      summary: 'The enrolled appliances, or with members=retired those that were; filtered and sorted.',
      query: fleet.InventoryQuery,
      answers: { 200: fleet.InventoryRow.array() },
    }),
    (c) => {
      const query = readQuery(c, fleet.InventoryQuery)
      return isRefusal(query) ? answerRefusal(c, query, log) : c.json(inventory(state, query).rows)
    },
  )

  app.get(
    '/api/v1/organizations',
    documented({ summary: 'The organizations that have appliances.', answers: { 200: schemas.Organization.array() } }),
    (c) => c.json(organizations(state)),
  )

  app.get(
    '/api/v1/appliances/:appliance',
    documented({
      summary: 'One appliance: its copies of patches, what it was seen to have, its part in installs.',
      parameters,
      answers: { 200: fleet.ApplianceDetail },
    }),
    (c) => {
      const found = namedAppliance(state, c.req.param('appliance'))
      return isRefusal(found) ? answerRefusal(c, found, log) : c.json(applianceDetail(state, found))
    },
  )

  app.patch(
    '/api/v1/appliances/:appliance',
    documented({
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

  async function change(
    c: AppContext,
    command: (peer: ApplianceRecord['peer'], actor: string) => Command,
  ): Promise<Response> {
    const found = namedAppliance(state, c.req.param('appliance') ?? '')
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const reply = await serviceCenter.carryOut(command(found.peer, c.get('visitor').actor))
    if (isRefusal(reply)) return answerRefusal(c, reply, log)
    return c.json(applianceDetail(state, everEnrolled(state, found.peer) ?? found))
  }
}

export function namedAppliance(state: ServiceCenterState, reference: string): ApplianceRecord | Refusal {
  const shown = reference.slice(0, 100)
  return findAppliance(state, reference) ?? refuse('not_found', `there is no appliance ${shown}`)
}
