/**
 * The addresses of the pages about access: people, API tokens, the trail, and one's own account.
 */
import { hint, httpStatus, isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { may } from '../core/permissions.ts'
import { organizations } from '../core/views.ts'
import { ApiTokensPage } from '../page/api-tokens-page.tsx'
import { FirstOwnerPage } from '../page/first-owner-page.tsx'
import { PeoplePage } from '../page/people-page.tsx'
import { TrailPage } from '../page/trail-page.tsx'
import { API_TOKENS, FIRST_OWNER, PEOPLE, TRAIL, YOUR_ACCOUNT } from '../page/words.ts'
import { YourAccountPage } from '../page/your-account-page.tsx'
import { type TrailCheck, trailVerification } from '../shell/check-trail.ts'
import { TRAIL_PAGE, TrailPageQuery, VerificationForm } from './access-schemas.ts'
import { accountView, sessionViews } from './account.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { personViews } from './people.ts'
import { permitted } from './permitted.ts'
import { readForm, readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'
import { tokenViews } from './tokens.ts'
import { trailPage } from './trail.ts'

export function addAccessPageRoutes(app: App, dependencies: RouteDependencies): void {
  const { repository, trailWatch, log } = dependencies

  app.get(PEOPLE, permitted('manage-access'), async (c) =>
    showPage(c, <PeoplePage people={await personViews(dependencies)} organizations={names(c)} />),
  )

  app.get(API_TOKENS, permitted('manage-access'), async (c) =>
    showPage(c, <ApiTokensPage tokens={await tokenViews(dependencies)} organizations={names(c)} />),
  )

  app.get(FIRST_OWNER, permitted('manage-access'), (c) => showPage(c, <FirstOwnerPage />))

  app.get(TRAIL, permitted('read-trail'), async (c) => {
    const query = readQuery(c, TrailPageQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    return shownTrail(c, query, {})
  })

  app.post(TRAIL, permitted('verify-trail'), async (c) => {
    const form = await readForm(c, VerificationForm)
    const everything = TrailPageQuery.parse({})
    if (isRefusal(form)) return shownTrail(c, everything, { refused: form })
    return shownTrail(c, everything, { checked: await trailWatch.check(form.head) })
  })

  app.get(YOUR_ACCOUNT, permitted('own-account'), async (c) => {
    const { visitor } = c.var
    const account = visitor.account === null ? undefined : await repository.people.findAccount(visitor.account)
    const password = account === undefined ? 'none' : account.passwordHash === null ? 'missing' : 'set'
    const sessions = await sessionViews(dependencies, visitor)
    return showPage(c, <YourAccountPage account={accountView(visitor)} sessions={sessions} password={password} />)
  })

  async function shownTrail(
    c: AppContext,
    { before, ...filters }: (typeof TrailPageQuery)['_output'],
    { checked = trailWatch.last, refused }: { checked?: TrailCheck | null; refused?: Refusal },
  ): Promise<Response> {
    const { visitor } = c.var
    const days = { from: filters.from || undefined, to: filters.to || undefined }
    const page = await trailPage(repository, visitor, { ...filters, ...days, before, limit: TRAIL_PAGE })
    const [newest] = await repository.trail({ organizations: null, limit: 1 })
    const chain = {
      head: newest?.hash ?? null,
      checked: checked === null ? null : trailVerification(checked),
      refused: refused && { message: refused.message, hint: hint(refused.refused) },
    }
    const shown = may(visitor, 'verify-trail') ? chain : null
    const status = refused === undefined ? 200 : httpStatus(refused.refused)
    return showPage(c, <TrailPage {...page} filters={filters} chain={shown} />, status)
  }
}

/** The organizations that a person or a token can be limited to. */
function names(c: AppContext): string[] {
  return organizations(c.var.serviceCenter.state).map(({ name }) => name)
}
