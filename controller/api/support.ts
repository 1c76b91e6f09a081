/**
 * Support bundles over HTTP: one file about an install or an appliance, for whoever looks for what went wrong.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { title } from '../core/patch-identity.ts'
import { may } from '../core/permissions.ts'
import { gather, type Subject } from '../shell/support/gathering.ts'
import { BUNDLE_FORMATS, packed } from '../shell/support/packing.ts'
import { namedAppliance } from './appliances.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { namedInstall } from './installs.ts'
import { documented, NAMED_INSTALL } from './openapi.ts'
import { readQuery } from './read-request.ts'

const SupportQuery = z.strictObject({
  format: z.enum(BUNDLE_FORMATS).default('tar.zst'),
  names: z.enum(['pseudonyms', 'keep']).default('pseudonyms').describe('keep: people are called by their names.'),
})

export function addSupportRoutes(app: App, { repository, machine, clock, log }: RouteDependencies): void {
  app.get(
    '/api/v1/installs/:id/support-bundle',
    documented({
      operation: 'fetchInstallSupport',
      allow: 'make-support-bundle',
      summary: 'Everything that helps to see what went wrong with an install, without secrets, as one archive.',
      parameters: NAMED_INSTALL,
      query: SupportQuery,
      answers: { 200: 'archive' },
    }),
    (c) => {
      const install = namedInstall(c, c.req.param('id'))
      if (isRefusal(install)) return answerRefusal(c, install, log)
      const patch = c.var.serviceCenter.state.patches.get(install.patch)
      const name = `install ${install.id} of ${patch === undefined ? install.patch : title(patch)}`
      return bundle(c, { kind: 'install', install }, { name, id: install.id })
    },
  )

  app.get(
    '/api/v1/appliances/:appliance/support-bundle',
    documented({
      operation: 'fetchApplianceSupport',
      allow: 'make-support-bundle',
      summary: 'Everything that helps to see what is wrong with an appliance, without secrets, as one archive.',
      parameters: { appliance: 'A name or a peer id.' },
      query: SupportQuery,
      answers: { 200: 'archive' },
    }),
    (c) => {
      const appliance = namedAppliance(c.var.serviceCenter.state, c.req.param('appliance'))
      if (isRefusal(appliance)) return answerRefusal(c, appliance, log)
      const { name, peer: id } = appliance
      return bundle(c, { kind: 'appliance', appliance }, { name: `appliance ${name}`, id })
    },
  )

  async function bundle(
    c: AppContext,
    subject: Subject,
    { name, id }: { name: string; id: string },
  ): Promise<Response> {
    const query = readQuery(c, SupportQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const { serviceCenter, visitor } = c.var
    const keepsNames = query.names === 'keep'
    const { organizations } = visitor
    const mayReadTrail = may(visitor, 'read-trail')
    const parts = await gather(
      { serviceCenter, repository, machine },
      { subject, keepsNames, mayReadTrail, organizations },
    )
    const file = await packed(parts, { about: name, madeAt: new Date(clock()), keepsNames }, query.format)
    await c.var.note({ action: 'support-bundle', subject: id, outcome: `${file.byteLength} bytes` })
    c.header('Content-Type', query.format === 'tar.zst' ? 'application/zstd' : 'application/gzip')
    c.header('Content-Disposition', `attachment; filename="patchmesh-support-${id}.${query.format}"`)
    return c.body(new Uint8Array(file))
  }
}
