/**
 * What the forms about patches ask for: withdraw, install, cancel an install, and give up an interrupted upload.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { patchAddress, SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { addForm, leadTo } from './forms.ts'
import { namedPatch } from './patches.ts'
import { InstallBody, NoBody, names, PatchReference, ticked, WithdrawBody } from './schemas.ts'

const InstallForm = z.strictObject({
  organization: names(InstallBody.shape.organizations.element),
  dataCenter: InstallBody.shape.dataCenter,
  allowOutage: ticked,
})

export function addPatchForms(app: App, dependencies: RouteDependencies): void {
  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/withdraw`, {
    allow: 'withdraw',
    fields: WithdrawBody,
    asks: (body, c) => ({ method: 'DELETE', address: `/api/v1/patches/${named(c)}`, body }),
    page: patchPage,
    done: (c) => leadTo(c, SYSTEM_PATCHES),
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/start`, {
    allow: 'install',
    fields: InstallForm,
    asks: ({ organization: organizations, ...scope }, c) => ({
      method: 'POST',
      address: '/api/v1/installs',
      body: { patch: c.req.param('patch'), organizations, ...scope },
    }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/cancel/:install`, {
    allow: 'cancel',
    fields: NoBody,
    asks: (_, c) => ({
      method: 'POST',
      address: `/api/v1/installs/${encodeURIComponent(c.req.param('install') ?? '')}/cancel`,
    }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/discard-upload`, {
    allow: 'upload',
    fields: z.strictObject({ upload: PatchReference }),
    asks: ({ upload }) => ({ method: 'DELETE', address: `/api/v1/uploads/${encodeURIComponent(upload)}` }),
    page: () => SYSTEM_PATCHES,
  })
}

function named(c: AppContext): string {
  return encodeURIComponent(c.req.param('patch') ?? '')
}

/** By its name and version, or as it was asked for where there is none. */
function patchPage(c: AppContext): string {
  const record = namedPatch(c.var.serviceCenter.state, c.req.param('patch') ?? '')
  return isRefusal(record) ? `${SYSTEM_PATCHES}/${named(c)}` : patchAddress(record.publication)
}
