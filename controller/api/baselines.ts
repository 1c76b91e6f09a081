/**
 * Baselines over HTTP: who keeps to which, and setting and removing them. What a baseline brings about is decided in
 * controller/core/baselines/.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import { baselineViews } from '../core/baselines/baseline-views.ts'
import { namedPatch } from '../core/named-patch.ts'
import { BaselineBody, BaselineView } from './baseline-schemas.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'

const BASELINES = '/api/v1/baselines'

export function addBaselineRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    BASELINES,
    documented({
      operation: 'listBaselines',
      allow: 'read',
      summary: 'Every baseline, how many keep to it, and who does not, with the reason.',
      answers: { 200: BaselineView.array() },
    }),
    (c) => c.json(baselineViews(c.var.serviceCenter.state)),
  )

  app.put(
    BASELINES,
    documented({
      operation: 'setBaseline',
      allow: 'install',
      summary:
        'Sets what a kind of appliance of an organization in a Data Center shall have, in place of another version.',
      body: BaselineBody,
      answers: { 200: BaselineView.array() },
    }),
    (c) => change(c, 'set-baseline'),
  )

  app.delete(
    BASELINES,
    documented({
      operation: 'removeBaseline',
      allow: 'install',
      summary: 'Removes a baseline. Nothing that is installed changes.',
      body: BaselineBody,
      answers: { 200: BaselineView.array() },
    }),
    (c) => change(c, 'remove-baseline'),
  )

  async function change(c: AppContext, kind: 'set-baseline' | 'remove-baseline'): Promise<Response> {
    const body = await readJson(c, BaselineBody)
    if (isRefusal(body)) return answerRefusal(c, body, log)
    const { serviceCenter, visitor } = c.var
    const { patch: wanted, ...place } = body
    const patch = namedPatch(serviceCenter.state, wanted)
    if (isRefusal(patch)) return answerRefusal(c, patch, log)
    const reply = await serviceCenter.carryOut({ kind, actor: visitor.actor, place, patch: patch.sha256 })
    return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(baselineViews(serviceCenter.state))
  }
}
