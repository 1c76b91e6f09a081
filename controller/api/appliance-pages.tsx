/**
 * The addresses of the pages about appliances. Their forms are sent to the same addresses and answered with a page, so
 * they need no script; what they ask for is what the API asks for.
 */
import { z } from 'zod'
import { hint, httpStatus, isRefusal, type Refusal } from '../../protocol/refusals.ts'
import {
  applianceDetail,
  chosenAppliances,
  inventoryRows,
  inventoryWords,
  openTokens,
} from '../core/appliance-views.ts'
import { may } from '../core/permissions.ts'
import type { ApplianceRecord } from '../core/records.ts'
import { everEnrolled } from '../core/state.ts'
import { AppliancePage } from '../page/appliance-page.tsx'
import { AppliancesPage, PER_PAGE } from '../page/appliances-page.tsx'
import { EnrollPage, type Made } from '../page/enroll-page.tsx'
import { APPLIANCES, applianceAddress, ENROLL } from '../page/words.ts'
import { slotOf } from '../topology/topology.ts'
import { MAX_TOPOLOGY_BYTES } from '../topology/topology-file.ts'
import { namedAppliance } from './appliances.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { issueAll, issueOne } from './enrollment.ts'
import { answerRefusal } from './errors.ts'
import { EnrollBody, InventoryQuery, RenameBody } from './fleet-schemas.ts'
import { leadTo } from './forms.ts'
import { permitted } from './permitted.ts'
import { readForm, readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'

const PageQuery = InventoryQuery.extend({
  page: z.coerce.number().int().min(1).default(1),
  perPage: z.coerce
    .number()
    .refine((rows) => PER_PAGE.some((one) => one === rows), `is not one of ${PER_PAGE.join(', ')}`)
    .default(PER_PAGE[0]),
})
const TopologyForm = z.strictObject({ file: z.string().optional(), text: z.string().optional() })
const RevokeForm = z.strictObject({ id: z.string().max(100) })
const RetireForm = z.strictObject({ sure: z.literal('yes', 'is not ticked') })
/** Both fields of the form may hold a whole topology, and a form wraps each in a few lines. */
const MAX_TOPOLOGY_FORM_BYTES = 2 * MAX_TOPOLOGY_BYTES + 4096
/** Of the newest entries of an appliance's history. */
export const SHOWN_HISTORY = 100

export function addAppliancePageRoutes(app: App, { repository, log }: RouteDependencies): void {
  app.get(APPLIANCES, permitted('read'), (c) => {
    const { state } = c.var.serviceCenter
    const asked = readQuery(c, PageQuery)
    if (isRefusal(asked)) return answerRefusal(c, asked, log)
    const chosen = chosenAppliances(state, asked)
    const pages = Math.max(1, Math.ceil(chosen.length / asked.perPage))
    const query = { ...asked, page: Math.min(asked.page, pages) }
    const from = (query.page - 1) * query.perPage
    const rows = inventoryRows(state, chosen.slice(from, from + query.perPage))
    const all = (query.members === 'now' ? state.appliances : state.retired).size
    return showPage(c, <AppliancesPage {...{ rows, all, query }} total={chosen.length} words={inventoryWords(state)} />)
  })

  app.get(ENROLL, permitted('enroll'), (c) => enrollPage(c, {}))

  app.post(ENROLL, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const body = await readForm(c, EnrollBody)
    if (isRefusal(body)) return enrollPage(c, { refused: body })
    const issued = await issueOne(serviceCenter, body, visitor.actor)
    return isRefusal(issued)
      ? enrollPage(c, { refused: issued, filled: body })
      : enrollPage(c, { made: { tokens: [issued] } })
  })

  app.post(`${ENROLL}/topology`, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const form = await readForm(c, TopologyForm, MAX_TOPOLOGY_FORM_BYTES)
    if (isRefusal(form)) return enrollPage(c, { refused: form })
    const text = form.file ?? form.text ?? ''
    const tokens = await issueAll(serviceCenter, text, visitor.actor)
    if (isRefusal(tokens)) return enrollPage(c, { refused: tokens, filled: { text } })
    const { made, ...others } = tokens
    return enrollPage(c, { made: { tokens: made, ...others } })
  })

  app.post(`${ENROLL}/revoke`, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const form = await readForm(c, RevokeForm)
    if (isRefusal(form)) return enrollPage(c, { refused: form })
    const { actor } = visitor
    const enrollingPeer = form.id as ApplianceRecord['peer']
    const reply = await serviceCenter.carryOut({ kind: 'revoke-token', actor, enrollingPeer })
    return isRefusal(reply) ? enrollPage(c, { refused: reply }) : leadTo(c, ENROLL)
  })

  app.get(`${APPLIANCES}/:appliance`, permitted('read'), (c) => {
    const found = namedAppliance(c.var.serviceCenter.state, c.req.param('appliance'))
    return isRefusal(found) ? answerRefusal(c, found, log) : appliancePage(c, found)
  })

  app.post(`${APPLIANCES}/:appliance/rename`, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const found = namedAppliance(serviceCenter.state, c.req.param('appliance'))
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const form = await readForm(c, RenameBody)
    if (isRefusal(form)) return appliancePage(c, found, form)
    const { actor } = visitor
    const command = { kind: 'rename-appliance', actor, appliance: found.peer, name: form.name } as const
    const reply = await serviceCenter.carryOut(command)
    return isRefusal(reply) ? appliancePage(c, found, reply) : leadTo(c, addressOf(c, found))
  })

  app.post(`${APPLIANCES}/:appliance/retire`, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const found = namedAppliance(serviceCenter.state, c.req.param('appliance'))
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const form = await readForm(c, RetireForm)
    if (isRefusal(form)) return appliancePage(c, found, form)
    const { actor } = visitor
    // The form says what is lost with the last member, and it was ticked.
    const command = { kind: 'retire-appliance', actor, appliance: found.peer, lastMember: true } as const
    const reply = await serviceCenter.carryOut(command)
    return isRefusal(reply) ? appliancePage(c, found, reply) : leadTo(c, addressOf(c, found))
  })

  app.post(`${APPLIANCES}/:appliance/replace`, permitted('enroll'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const found = namedAppliance(serviceCenter.state, c.req.param('appliance'))
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const issued = await issueOne(serviceCenter, slotOf(found), visitor.actor, found.peer)
    return isRefusal(issued) ? appliancePage(c, found, issued) : enrollPage(c, { made: { tokens: [issued] } })
  })

  // Whoever loads the answer to a form again, or an open page that keeps itself up to date, finds what it was about.
  for (const part of ['topology', 'revoke'])
    app.get(`${ENROLL}/${part}`, permitted('enroll'), (c) => c.redirect(ENROLL, 303))
  for (const part of ['rename', 'retire', 'replace'])
    app.get(`${APPLIANCES}/:appliance/${part}`, permitted('read'), (c) => {
      const found = namedAppliance(c.var.serviceCenter.state, c.req.param('appliance') ?? '')
      return isRefusal(found) ? answerRefusal(c, found, log) : c.redirect(addressOf(c, found), 303)
    })

  type Answer = { made?: Made; refused?: Refusal; filled?: Record<string, string> }

  function enrollPage(c: AppContext, { made, refused, filled }: Answer): Response | Promise<Response> {
    const open = openTokens(c.var.serviceCenter.state)
    const page = <EnrollPage open={open} made={made} refused={worded(refused)} filled={filled} />
    return showPage(c, page, refused === undefined ? 200 : httpStatus(refused.refused))
  }

  async function appliancePage(c: AppContext, { peer, name }: ApplianceRecord, refused?: Refusal): Promise<Response> {
    const { visitor, serviceCenter } = c.var
    const { state } = serviceCenter
    const about = { about: [name, peer], organizations: visitor.organizations, limit: SHOWN_HISTORY }
    const history = may(visitor, 'read-trail') ? await repository.trail(about) : null
    const record = everEnrolled(state, peer)
    if (record === undefined) throw new Error(`the appliance ${peer} was there a moment ago`)
    const page = <AppliancePage {...{ appliance: applianceDetail(state, record), history }} refused={worded(refused)} />
    return showPage(c, page, refused === undefined ? 200 : httpStatus(refused.refused))
  }

  /** By its name of now; of a retired one, by its key. */
  function addressOf(c: AppContext, { peer }: ApplianceRecord): string {
    const now = everEnrolled(c.var.serviceCenter.state, peer)
    return applianceAddress({ name: now?.name ?? peer, peer, retiredAt: now?.retiredAt ?? null })
  }
}

function worded(refused: Refusal | undefined) {
  return refused === undefined ? undefined : { message: refused.message, hint: hint(refused.refused) }
}
