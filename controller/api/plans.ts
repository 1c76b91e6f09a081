/**
 * The plan of an install over HTTP: made for whoever asks, and compared with what is so now when somebody starts it.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { namedPatch, namedPatches } from '../core/named-patch.ts'
import { title } from '../core/patch-identity.ts'
import type { PatchRecord } from '../core/records.ts'
import { confirmationOf } from '../core/rollout/confirming.ts'
import type { InstallPlan, PlanWanted } from '../core/rollout/install-plan.ts'
import { notAsPlanned } from '../core/rollout/plan-changes.ts'
import { planInstall } from '../core/rollout/planning.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented, NAMED_PATCH } from './openapi.ts'
import { InstallPlan as Plan, PlanQuery } from './plan-schemas.ts'
import { readQuery } from './read-request.ts'

export function addPlanRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/patches/:patch/install-plan',
    documented({
      operation: 'planInstall',
      allow: 'read',
      summary: 'The plan of an install: its waves, pairs and members in order, who waits and why, and what may fail.',
      parameters: NAMED_PATCH,
      query: PlanQuery,
      answers: { 200: Plan },
    }),
    (c) => {
      const query = readQuery(c, PlanQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const { organization: organizations, first: named, ...wanted } = query
      const { state } = c.var.serviceCenter
      const record = namedPatch(state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const first = namedPatches(state, named)
      if (isRefusal(first)) return answerRefusal(c, first, log)
      const plan = planInstall(state, record, { ...wanted, organizations, first })
      return isRefusal(plan) ? answerRefusal(c, plan, log) : c.json(plan)
    },
  )
}

/** What is confirmed by a plan that still holds; it names the appliances, so that nothing comes in between. */
export function asPlanned(
  state: ServiceCenterState,
  record: PatchRecord,
  { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, first }: PlanWanted,
  planned: InstallPlan,
): Sha256 | Refusal {
  if (planned.patch.id !== record.sha256)
    return refuse('bad_request', `the plan is for another file than ${title(record)}: make it anew`)
  const whatIsFirst = planned.first.map(({ id }) => id)
  const asked = [[...new Set(organizations)], dataCenter, allowOutage, outsideWindows, waveSoakSeconds, first]
  const { organizations: whom, dataCenter: where } = planned
  const agreed = [whom, where, planned.allowOutage, planned.outsideWindows, planned.waveSoakSeconds, whatIsFirst]
  if (JSON.stringify(asked) !== JSON.stringify(agreed))
    return refuse(
      'bad_request',
      'the plan is for other organizations, another Data Center, another time between waves, other patches that go first, or allows something else',
    )
  const now = planInstall(state, record, { ...planned, first: whatIsFirst })
  if (isRefusal(now)) return now
  const peers = now.waves.flatMap(({ pairs }) => pairs.flatMap(({ members }) => members))
  return notAsPlanned(planned, now) ?? confirmationOf(record.sha256, peers)
}
