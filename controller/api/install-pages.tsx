/**
 * The page on which somebody confirms an install. Where what was confirmed is not so any more when it is asked for, it is
 * shown anew, with what is so now; nothing is installed that nobody has seen.
 */
import { randomUUID } from 'node:crypto'
import { httpStatus, isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { namedPatch } from '../core/named-patch.ts'
import { identityOf } from '../core/patch-identity.ts'
import { patchDetail } from '../core/patch-views.ts'
import { mayGoFirst } from '../core/rollout/path.ts'
import { planInstall } from '../core/rollout/planning.ts'
import { appliancesInScope } from '../core/rollout/starting.ts'
import { previewOf } from '../core/views.ts'
import { ConfirmationPage } from '../page/confirmation-page.tsx'
import { SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { param } from './forms.ts'
import { firstIn, InstallChoice, planIsFor } from './install-choice.ts'
import { firstOf } from './patches.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'

export function addInstallPages(app: App, { log }: RouteDependencies): void {
  app.get(`${SYSTEM_PATCHES}/:patch/install`, permitted('install'), (c) => {
    const choice = readQuery(c, InstallChoice)
    if (isRefusal(choice)) return answerRefusal(c, choice, log)
    const page = confirmationPage(c, choice, null)
    return isRefusal(page) ? answerRefusal(c, page, log) : showPage(c, page)
  })
}

/** What is asked in place of what was refused, where there is still something to ask. */
export function askAgain(c: AppContext, choice: InstallChoice, refusal: Refusal): Response | Promise<Response> | null {
  if (refusal.refused !== 'changed_meanwhile') return null
  const page = confirmationPage(c, choice, refusal.message)
  return isRefusal(page) ? null : showPage(c, page, httpStatus(refusal.refused))
}

function confirmationPage(c: AppContext, choice: InstallChoice, changed: string | null) {
  const { organization: organizations, dataCenter, allowOutage, outsideWindows, waveSoakMinutes } = choice
  const { state } = c.var.serviceCenter
  const record = namedPatch(state, param(c, 'patch'))
  if (isRefusal(record)) return record
  const scope = appliancesInScope(state, { organizations, dataCenter })
  if (isRefusal(scope)) return scope
  const first = firstOf(state, record, firstIn(choice))
  if (isRefusal(first)) return first
  const preview = previewOf(state, record, scope, { dataCenter, first })
  const { queued, notApplicable, hindered, withoutPeer, outsideWindows: waiting } = preview
  const notNow = new Set(
    [...queued, ...notApplicable, ...hindered, ...withoutPeer, ...waiting].map(({ appliance }) => appliance),
  )
  const ready = scope.map(({ name }): string => name).filter((name) => !notNow.has(name))
  const ids = first.map(({ sha256 }) => sha256)
  const settings = { allowOutage, outsideWindows, waveSoakSeconds: 60 * waveSoakMinutes }
  const plan = planInstall(state, record, { organizations, dataCenter, ...settings, first: ids })
  const confirmation = {
    ...{ patch: patchDetail(state, record), organizations, dataCenter, preview, plan, ready, changed },
    ...{ first: first.map(identityOf), others: mayGoFirst(state, record, first, scope).map(identityOf) },
    ...{ allowOutage, outsideWindows, waveSoakMinutes },
    shown: planIsFor({ first: ids, add: '', waveSoakMinutes }),
  }
  return <ConfirmationPage {...confirmation} once={randomUUID()} />
}
