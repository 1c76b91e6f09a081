/**
 * The page on which somebody confirms an install. Where what was confirmed is not so any more when it is asked for, it is
 * shown anew, with what is so now; nothing is installed that nobody has seen.
 */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { httpStatus, isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { namedPatch } from '../core/named-patch.ts'
import { identityOf } from '../core/patch-identity.ts'
import { patchDetail } from '../core/patch-views.ts'
import { planInstall } from '../core/rollout/planning.ts'
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import { appliancesInScope } from '../core/rollout/starting.ts'
import { installPreview } from '../core/views.ts'
import { ConfirmationPage } from '../page/confirmation-page.tsx'
import { SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { param } from './forms.ts'
import { firstOf } from './patches.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { PreviewQuery } from './schemas.ts'
import { showPage } from './show-page.tsx'

export function addInstallPages(app: App, { log }: RouteDependencies): void {
  app.get(`${SYSTEM_PATCHES}/:patch/install`, permitted('install'), (c) => {
    const query = readQuery(c, PreviewQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const page = confirmationPage(c, query, null)
    return isRefusal(page) ? answerRefusal(c, page, log) : showPage(c, page)
  })
}

type Scope = z.output<typeof PreviewQuery>

/** What is asked in place of what was refused, where there is still something to ask. */
export function askAgain(c: AppContext, scope: Scope, refusal: Refusal): Response | Promise<Response> | null {
  if (refusal.refused !== 'changed_meanwhile') return null
  const page = confirmationPage(c, scope, refusal.message)
  return isRefusal(page) ? null : showPage(c, page, httpStatus(refusal.refused))
}

function confirmationPage(
  c: AppContext,
  { organization: organizations, dataCenter, first: named }: Scope,
  changed: string | null,
) {
  const { state } = c.var.serviceCenter
  const record = namedPatch(state, param(c, 'patch'))
  if (isRefusal(record)) return record
  const scope = appliancesInScope(state, { organizations, dataCenter })
  if (isRefusal(scope)) return scope
  const first = firstOf(state, record, named)
  if (isRefusal(first)) return first
  const preview = installPreview(state, record, scope, { dataCenter, first })
  const { queued, notApplicable, hindered, withoutPeer, outsideWindows } = preview
  const notNow = new Set(
    [...queued, ...notApplicable, ...hindered, ...withoutPeer, ...outsideWindows].map(({ appliance }) => appliance),
  )
  const ready = scope.map(({ name }): string => name).filter((name) => !notNow.has(name))
  const settings = { allowOutage: false, outsideWindows: false, waveSoakSeconds: WAVE_SOAK_SECONDS.usual }
  const plan = planInstall(state, record, {
    ...{ organizations, dataCenter, ...settings },
    first: first.map(({ sha256 }) => sha256),
  })
  const confirmation = {
    ...{ patch: patchDetail(state, record), organizations, dataCenter, preview, plan, ready, changed },
    first: first.map(identityOf),
  }
  return <ConfirmationPage {...confirmation} once={randomUUID()} />
}
