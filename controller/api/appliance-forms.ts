/**
 * What the forms about appliances ask for: tokens for one or for a whole topology, taking one back; renaming, retiring
 * and replacing. A token is shown on the page that answers, once.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import type { ShownToken } from '../core/appliance-views.ts'
import { APPLIANCES, applianceAddress, ENROLL } from '../page/words.ts'
import { MAX_TOPOLOGY_BYTES } from '../topology/topology-file.ts'
import { enrollPage } from './appliance-pages.tsx'
import { namedAppliance } from './appliances.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import type { ShownTokens } from './enrollment.ts'
import { EnrollBody, RenameBody } from './fleet-schemas.ts'
import { addForm, leadTo, param } from './forms.ts'
import { NoBody, SureForm, ticked } from './schemas.ts'

const allow = 'enroll'
const TopologyForm = z.strictObject({ file: z.string().default(''), text: z.string().default('') })
/** A form that was shown while somebody was left to stand in does not say what is lost with the last member. */
const RetireForm = SureForm.extend({ lastMember: ticked })
const RevokeForm = z.strictObject({ id: z.string().max(100) })
type Moved = { name: string; peer: string; retiredAt: string | null }

export function addApplianceForms(app: App, dependencies: RouteDependencies): void {
  addForm(app, dependencies, ENROLL, {
    allow,
    fields: EnrollBody,
    asks: (body) => ({ method: 'POST', path: ['enrollment-tokens'], body }),
    page: () => ENROLL,
    done: (c, token) => enrollPage(c, { tokens: [token as ShownToken] }),
  })

  addForm(app, dependencies, `${ENROLL}/topology`, {
    allow,
    fields: TopologyForm,
    // Both fields may hold a whole topology, and a form wraps each in a few lines.
    maxBytes: 2 * MAX_TOPOLOGY_BYTES + 4096,
    asks: ({ file, text }) => ({
      method: 'POST',
      path: ['enrollment-tokens', 'topology'],
      file: file === '' ? text : file,
    }),
    page: () => ENROLL,
    done: (c, answer) => {
      const { made: tokens, ...others } = answer as ShownTokens
      return enrollPage(c, { tokens, ...others })
    },
  })

  addForm(app, dependencies, `${ENROLL}/revoke`, {
    allow,
    fields: RevokeForm,
    asks: ({ id }) => ({ method: 'DELETE', path: ['enrollment-tokens', id] }),
    page: () => ENROLL,
  })

  addForm(app, dependencies, `${APPLIANCES}/:appliance/rename`, {
    allow,
    fields: RenameBody,
    asks: (body, c) => ({ method: 'PATCH', path: ['appliances', param(c, 'appliance')], body }),
    page,
    done: (c, answer) => leadTo(c, applianceAddress(answer as Moved)),
  })

  addForm(app, dependencies, `${APPLIANCES}/:appliance/retire`, {
    allow,
    fields: RetireForm,
    asks: ({ lastMember }, c) => ({
      method: 'POST',
      path: ['appliances', param(c, 'appliance'), 'retire'],
      body: { lastMember },
    }),
    page,
    done: (c, answer) => leadTo(c, applianceAddress(answer as Moved)),
  })

  addForm(app, dependencies, `${APPLIANCES}/:appliance/trust`, {
    allow,
    fields: SureForm,
    asks: (_, c) => ({ method: 'POST', path: ['appliances', param(c, 'appliance'), 'trust'] }),
    page,
    done: (c, answer) => leadTo(c, applianceAddress(answer as Moved)),
  })

  addForm(app, dependencies, `${APPLIANCES}/:appliance/replace`, {
    allow,
    fields: NoBody,
    asks: (_, c) => ({ method: 'POST', path: ['appliances', param(c, 'appliance'), 'replacement-token'] }),
    page,
    done: (c, token) => enrollPage(c, { tokens: [token as ShownToken] }),
  })
}

function page(c: AppContext): string {
  const found = namedAppliance(c.var.serviceCenter.state, param(c, 'appliance'))
  return isRefusal(found) ? APPLIANCES : applianceAddress(found)
}
