/**
 * The addresses of the pages about appliances. Their forms are in appliance-forms.ts.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import {
  applianceDetail,
  chosenAppliances,
  inventory,
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
import { APPLIANCES, ENROLL } from '../page/words.ts'
import { namedAppliance } from './appliances.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { InventoryQuery } from './fleet-schemas.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'

const PageQuery = InventoryQuery.extend({
  page: z.coerce.number().int().min(1).default(1),
  perPage: z.coerce
    .number()
    .refine((rows) => PER_PAGE.some((one) => one === rows), `is not one of ${PER_PAGE.join(', ')}`)
    .default(PER_PAGE[0]),
})
/** Of the newest entries of an appliance's history. */
const SHOWN_HISTORY = 100

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
    const all = inventory(state, query).size
    const words = inventoryWords(state, query)
    return showPage(c, <AppliancesPage {...{ rows, all, query, words }} total={chosen.length} />)
  })

  app.get(ENROLL, permitted('enroll'), (c) => enrollPage(c))

  app.get(`${APPLIANCES}/:appliance`, permitted('read'), (c) => {
    const found = namedAppliance(c.var.serviceCenter.state, c.req.param('appliance'))
    return isRefusal(found) ? answerRefusal(c, found, log) : appliancePage(c, found)
  })

  async function appliancePage(c: AppContext, { peer, name }: ApplianceRecord): Promise<Response> {
    const { visitor, serviceCenter } = c.var
    const { state } = serviceCenter
    const about = { about: [name, peer], organizations: visitor.organizations, limit: SHOWN_HISTORY }
    const history = may(visitor, 'read-trail') ? await repository.trail(about) : null
    const record = everEnrolled(state, peer)
    if (record === undefined) throw new Error(`the appliance ${peer} was there a moment ago`)
    return showPage(c, <AppliancePage {...{ appliance: applianceDetail(state, record), history }} />)
  }
}

export function enrollPage(c: AppContext, made?: Made): Response | Promise<Response> {
  return showPage(c, <EnrollPage open={openTokens(c.var.serviceCenter.state)} made={made} />)
}
