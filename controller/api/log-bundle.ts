/**
 * All that is known about one appliance, as one file for whoever looks for what went wrong: what the Service Center
 * keeps of it, and the end of the log of its agent, if that answers. Nothing in it is a secret.
 */
import { redacted } from '../../protocol/redacted.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { applianceDetail } from '../core/appliance-views.ts'
import { everEnrolled } from '../core/state.ts'
import { namedAppliance } from './appliances.ts'
import type { App, AppDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'

const HISTORY_AT_MOST = 1000

export function addLogBundleRoute(app: App, { serviceCenter, repository, clock, log }: AppDependencies): void {
  const { state } = serviceCenter
  app.get(
    '/api/v1/appliances/:appliance/log-bundle',
    documented({
      summary: 'What is known about an appliance, and the last 256 KiB of the log of its agent, without secrets.',
      parameters: { appliance: 'A name or a peer id.' },
      answers: { 200: fleet.LogBundle },
    }),
    async (c) => {
      const found = namedAppliance(state, c.req.param('appliance'))
      if (isRefusal(found)) return answerRefusal(c, found, log)
      const { peer, name } = found
      const agent = await serviceCenter.inquire(peer)
      const detail = applianceDetail(state, everEnrolled(state, peer) ?? found)
      const installs = detail.installs.map((part) => ({ ...part, output: redacted(part.output) }))
      const history = await repository.trailOf([name, peer], HISTORY_AT_MOST)
      c.header('Content-Disposition', `attachment; filename="patchmesh-${peer}.json"`)
      return c.json({
        madeAt: new Date(clock()).toISOString(),
        appliance: { ...detail, installs },
        history: history.map(({ at, ...entry }) => ({ at: new Date(at).toISOString(), ...entry })),
        agent: agent.told
          ? { answered: true, reason: '', log: agent.log.split('\n').filter((line) => line !== '') }
          : { answered: false, reason: agent.reason, log: [] },
      })
    },
  )
}
