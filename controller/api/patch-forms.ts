/**
 * What the forms about patches ask for: withdraw, install, extend, cancel, pause and resume an install, and give up an
 * interrupted upload.
 */
import { z } from 'zod'
import { ApplianceName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { namedPatch } from '../core/named-patch.ts'
import { title } from '../core/patch-identity.ts'
import { SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { addForm, leadTo, param } from './forms.ts'
import { InstallChoice, installOf, notShown } from './install-choice.ts'
import { askAgain } from './install-pages.tsx'
import { NoBody, names, PatchReference, ticked, WithdrawBody } from './schemas.ts'

const ExtendForm = z.strictObject({ appliance: names(ApplianceName) })
const ResumeForm = z.strictObject({ retryFailed: ticked })

export function addPatchForms(app: App, dependencies: RouteDependencies): void {
  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/withdraw`, {
    allow: 'withdraw',
    fields: WithdrawBody,
    asks: (body, c) => ({ method: 'DELETE', path: ['patches', param(c, 'patch')], body }),
    page: patchPage,
    done: (c) => leadTo(c, SYSTEM_PATCHES),
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/start`, {
    allow: 'install',
    fields: InstallChoice,
    before: notShown,
    asks: (choice, c) => ({ method: 'POST', path: ['installs'], body: installOf(choice, param(c, 'patch')) }),
    page: patchPage,
    refused: (c, refusal, choice) => askAgain(c, choice, refusal),
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/cancel/:install`, {
    allow: 'cancel',
    fields: NoBody,
    asks: (_, c) => ({ method: 'POST', path: ['installs', param(c, 'install'), 'cancel'] }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/pause/:install`, {
    allow: 'cancel',
    fields: NoBody,
    asks: (_, c) => ({ method: 'POST', path: ['installs', param(c, 'install'), 'pause'] }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/extend/:install`, {
    allow: 'install',
    fields: ExtendForm,
    asks: ({ appliance: appliances }, c) => ({
      method: 'POST',
      path: ['installs', param(c, 'install'), 'extend'],
      body: { appliances },
    }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/resume/:install`, {
    allow: 'install',
    fields: ResumeForm,
    asks: (body, c) => ({ method: 'POST', path: ['installs', param(c, 'install'), 'resume'], body }),
    page: patchPage,
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/discard-upload`, {
    allow: 'upload',
    fields: z.strictObject({ upload: PatchReference }),
    asks: ({ upload }) => ({ method: 'DELETE', path: ['uploads', upload] }),
    page: () => SYSTEM_PATCHES,
  })
}

/** By its name and version, or as it was asked for where there is none. */
export function patchPage(c: AppContext): string {
  const asked = param(c, 'patch')
  const record = namedPatch(c.var.serviceCenter.state, asked)
  return isRefusal(record)
    ? `${SYSTEM_PATCHES}/${encodeURIComponent(asked)}`
    : `${SYSTEM_PATCHES}/${encodeURIComponent(title(record))}`
}
