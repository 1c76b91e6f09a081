/**
 * The addresses of the pages about access: people, API tokens, the trail, and one's own account.
 */
import { hint, isRefusal } from '../../protocol/refusals.ts'
import { organizations } from '../core/views.ts'
import { ApiTokensPage } from '../page/api-tokens-page.tsx'
import { FirstOwnerPage } from '../page/first-owner-page.tsx'
import type { Passkeys } from '../page/passkeys-card.tsx'
import { PeoplePage } from '../page/people-page.tsx'
import { TrailPage } from '../page/trail-page.tsx'
import { API_TOKENS, FIRST_OWNER, PEOPLE, TRAIL, YOUR_ACCOUNT } from '../page/words.ts'
import { type YourAccount, YourAccountPage } from '../page/your-account-page.tsx'
import { passkeyHost } from '../shell/passkeys.ts'
import { TRAIL_PAGE, TrailPageQuery } from './access-schemas.ts'
import { accountView, sessionViews } from './account.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { passkeyViews } from './passkeys.ts'
import { personViews } from './people.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'
import { tokenViews } from './tokens.ts'
import { trailPage } from './trail.ts'

export function addAccessPageRoutes(app: App, dependencies: RouteDependencies): void {
  const { repository, log } = dependencies

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
    const { before, ...filters } = query
    const days = { from: filters.from || undefined, to: filters.to || undefined }
    const page = await trailPage(repository, c.var.visitor, { ...filters, ...days, before, limit: TRAIL_PAGE })
    return showPage(c, <TrailPage {...page} filters={filters} />)
  })

  app.get(YOUR_ACCOUNT, permitted('own-account'), async (c) => {
    const { visitor } = c.var
    const account = visitor.account === null ? undefined : await repository.people.findAccount(visitor.account)
    const password = account === undefined ? 'none' : account.passwordHash === null ? 'missing' : 'set'
    const sessions = await sessionViews(dependencies, visitor)
    const passkeys = {
      passkeys: await passkeyViews(dependencies, visitor),
      ...{ adding: addingPasskeys(c, password), isOnlyWay: account?.passkeyOnly === true },
    }
    return showPage(c, <YourAccountPage account={accountView(visitor)} {...{ sessions, passkeys, password }} />)
  })
}

function addingPasskeys(c: AppContext, password: YourAccount['password']): Passkeys['adding'] {
  const host = passkeyHost(`http://${c.req.header('host')}`)
  if (isRefusal(host)) return { not: `${host.message}. ${hint(host.refused)}` }
  if (password === 'none') return { not: 'only a person who has signed in with an account has passkeys' }
  return { with: password === 'set' ? 'password' : 'session' }
}

/** The organizations that a person or a token can be limited to. */
function names(c: AppContext): string[] {
  return organizations(c.var.serviceCenter.state).map(({ name }) => name)
}
