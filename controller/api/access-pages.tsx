/**
 * The addresses of the pages about access: people, API tokens, the trail, and one's own account. Their forms are in
 * access-forms.ts.
 */
import type { z } from 'zod'
import { hint, isRefusal } from '../../protocol/refusals.ts'
import type { TrailVerification } from '../core/access-views.ts'
import { may } from '../core/permissions.ts'
import { organizations } from '../core/views.ts'
import { ApiTokensPage } from '../page/api-tokens-page.tsx'
import { FirstOwnerPage } from '../page/first-owner-page.tsx'
import type { Passkeys } from '../page/passkeys-card.tsx'
import { PeoplePage } from '../page/people-page.tsx'
import { PersonPage } from '../page/person-page.tsx'
import type { Secret } from '../page/secret-card.tsx'
import { TrailPage } from '../page/trail-page.tsx'
import { API_TOKENS, FIRST_OWNER, PEOPLE, TRAIL, YOUR_ACCOUNT } from '../page/words.ts'
import { type YourAccount, YourAccountPage } from '../page/your-account-page.tsx'
import { trailVerification } from '../shell/check-trail.ts'
import { passkeyHost } from '../shell/passkeys.ts'
import { accountKey, unknownPerson } from '../shell/people.ts'
import { TRAIL_PAGE, TrailPageQuery } from './access-schemas.ts'
import { accountView, sessionViews } from './account.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { entityTag } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { passkeyViews } from './passkeys.ts'
import { changeable, personViews } from './people.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'
import { tokenViews } from './tokens.ts'
import { trailPage as trailEntries } from './trail.ts'

export function addAccessPageRoutes(app: App, dependencies: RouteDependencies): void {
  const { repository, log } = dependencies

  app.get(PEOPLE, permitted('manage-access'), (c) => peoplePage(c, dependencies))

  app.get(`${PEOPLE}/:person`, permitted('manage-access'), (c) => personPage(c, dependencies))

  app.get(API_TOKENS, permitted('manage-access'), (c) => apiTokensPage(c, dependencies))

  app.get(FIRST_OWNER, permitted('manage-access'), (c) => showPage(c, <FirstOwnerPage />))

  app.get(TRAIL, permitted('read-trail'), (c) => {
    const query = readQuery(c, TrailPageQuery)
    return isRefusal(query) ? answerRefusal(c, query, log) : trailPage(c, dependencies, query)
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

export async function peoplePage(c: AppContext, dependencies: RouteDependencies, made?: Secret): Promise<Response> {
  const people = await personViews(dependencies)
  return showPage(c, <PeoplePage {...{ people, made }} organizations={organizationNames(c)} />)
}

export async function personPage(c: AppContext, dependencies: RouteDependencies, made?: Secret): Promise<Response> {
  const name = c.req.param('person') ?? ''
  const person = (await personViews(dependencies)).find((one) => accountKey(one.name) === accountKey(name))
  if (person === undefined) return answerRefusal(c, unknownPerson(name), dependencies.log)
  const seen = entityTag(changeable(person))
  return showPage(c, <PersonPage {...{ person, seen, made }} organizations={organizationNames(c)} />)
}

export async function apiTokensPage(c: AppContext, dependencies: RouteDependencies, made?: Secret): Promise<Response> {
  const tokens = await tokenViews(dependencies)
  return showPage(c, <ApiTokensPage {...{ tokens, made }} organizations={organizationNames(c)} />)
}

/** `checked` is what was just asked for; otherwise the newest check is shown. */
export async function trailPage(
  c: AppContext,
  { repository, trailWatch }: RouteDependencies,
  { before, ...filters }: z.output<typeof TrailPageQuery>,
  checked?: TrailVerification,
): Promise<Response> {
  const { visitor } = c.var
  const days = { from: filters.from || undefined, to: filters.to || undefined }
  const entries = await trailEntries(repository, visitor, { ...filters, ...days, before, limit: TRAIL_PAGE })
  const [newest] = await repository.trail({ organizations: null, limit: 1 })
  const last = trailWatch.last === null ? null : trailVerification(trailWatch.last)
  const chain = may(visitor, 'verify-trail') ? { head: newest?.hash ?? null, checked: checked ?? last } : null
  return showPage(c, <TrailPage {...entries} {...{ filters, chain }} />)
}

function addingPasskeys(c: AppContext, password: YourAccount['password']): Passkeys['adding'] {
  const host = passkeyHost(`http://${c.req.header('host')}`)
  if (isRefusal(host)) return { not: `${host.message}. ${hint(host.refused)}` }
  if (password === 'none') return { not: 'only a person who has signed in with an account has passkeys' }
  return { with: password === 'set' ? 'password' : 'session' }
}

/** The organizations that a person or a token can be limited to. */
function organizationNames(c: AppContext): string[] {
  return organizations(c.var.serviceCenter.state).map(({ name }) => name)
}
