/**
 * The evidence of an install for one organization: as the file that can be checked anywhere, and as a page to read and
 * print, which shows what the same check has found.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import { writeEvidence } from '../../protocol/trust/evidence.ts'
import { judgeEvidence } from '../../protocol/trust/judge-evidence.ts'
import { installEvidence } from '../core/evidence.ts'
import { EvidencePage } from '../page/evidence-page.tsx'
import { INSTALLS } from '../page/words.ts'
import type { Repository } from '../shell/ports.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { namedInstall } from './installs.ts'
import { documented, NAMED_INSTALL } from './openapi.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { EvidenceFile, EvidenceQuery } from './schemas.ts'
import { showPage } from './show-page.tsx'

export function addEvidenceRoutes(app: App, { repository, log }: RouteDependencies): void {
  app.get(
    '/api/v1/installs/:id/evidence',
    documented({
      operation: 'exportEvidence',
      allow: 'read',
      summary:
        'Everything that was signed about an install for one organization, to be checked without the Service Center.',
      parameters: NAMED_INSTALL,
      query: EvidenceQuery,
      answers: { 200: EvidenceFile },
    }),
    async (c) => {
      const evidence = await requested(c, repository)
      if (isRefusal(evidence)) return answerRefusal(c, evidence, log)
      c.header('Content-Disposition', `attachment; filename="patchmesh-evidence-${c.req.param('id')}.json"`)
      return c.json(writeEvidence(evidence))
    },
  )

  app.get(`${INSTALLS}/:id/evidence`, permitted('read'), async (c) => {
    const evidence = await requested(c, repository)
    if (isRefusal(evidence)) return answerRefusal(c, evidence, log)
    return showPage(c, <EvidencePage findings={judgeEvidence(evidence, null)} />)
  })
}

async function requested(c: AppContext, repository: Repository) {
  const found = namedInstall(c, c.req.param('id') ?? '')
  if (isRefusal(found)) return found
  const query = readQuery(c, EvidenceQuery)
  if (isRefusal(query)) return query
  const statements = await repository.statements({ install: found.id, patch: found.patch })
  return installEvidence(c.var.serviceCenter.state, found, query.organization, statements)
}
