/**
 * What the forms about access ask for: people and their sign-in links, API tokens, one's own password, passkeys and sessions,
 * the first Owner, and a check of the trail. A secret that was made is shown on the page that answers, once.
 */
import { z } from 'zod'
import { OrganizationName } from '../../protocol/identifiers.ts'
import type { NewLink, NewPerson, NewToken, TrailVerification } from '../core/access-views.ts'
import { API_TOKENS, FIRST_OWNER, PEOPLE, personAddress, SYSTEM_PATCHES, TRAIL, YOUR_ACCOUNT } from '../page/words.ts'
import { apiTokensPage, peoplePage, personPage, trailPage } from './access-pages.tsx'
import { PasswordBody, PersonBody, TokenBody, TrailPageQuery, VerificationForm } from './access-schemas.ts'
import type { App, RouteDependencies } from './context.ts'
import { SeenTag } from './entity-tags.ts'
import { addForm, leadTo, param, passOn } from './forms.ts'
import { NoBody, names, ticked } from './schemas.ts'

const allow = 'manage-access'
const rights = {
  role: PersonBody.shape.role,
  scope: z.enum(['all', 'chosen']),
  organization: names(OrganizationName),
}
const MEANT = { path: ['organizations'], error: 'some are chosen, and all of them as well' }
const PersonForm = z.strictObject({ name: PersonBody.shape.name, ...rights }).refine(oneOfBoth, MEANT)
const ChangeForm = z
  .strictObject({ ...rights, seen: SeenTag, disabled: ticked, passkeyOnly: ticked })
  .refine(oneOfBoth, MEANT)
const TokenForm = z
  .strictObject({ name: TokenBody.shape.name, ...rights, days: z.coerce.number() })
  .refine(oneOfBoth, MEANT)
const FirstOwnerForm = z.strictObject({ name: PersonBody.shape.name, password: PasswordBody.shape.password })

export function addAccessForms(app: App, dependencies: RouteDependencies): void {
  addForm(app, dependencies, PEOPLE, {
    allow,
    fields: PersonForm,
    asks: (form) => ({ method: 'POST', path: ['people'], body: limited(form) }),
    page: () => PEOPLE,
    done: (c, answer) => {
      const { person, signInLink } = answer as NewPerson
      return peoplePage(c, dependencies, linkFor(person.name, signInLink ?? ''))
    },
  })

  addForm(app, dependencies, `${PEOPLE}/:person`, {
    allow,
    fields: ChangeForm,
    asks: ({ seen, ...form }, c) => ({
      ...{ method: 'PATCH', path: ['people', param(c, 'person')], body: limited(form) },
      headers: { 'If-Match': seen },
    }),
    page: () => PEOPLE,
  })

  addForm(app, dependencies, `${PEOPLE}/:person/sign-in-link`, {
    allow,
    fields: NoBody,
    asks: (_, c) => ({ method: 'POST', path: ['people', param(c, 'person'), 'sign-in-link'] }),
    page: (c) => personAddress(param(c, 'person')),
    done: (c, answer) => personPage(c, dependencies, linkFor(param(c, 'person'), (answer as NewLink).signInLink)),
  })

  addForm(app, dependencies, `${PEOPLE}/:person/remove`, {
    allow,
    fields: NoBody,
    asks: (_, c) => ({ method: 'DELETE', path: ['people', param(c, 'person')] }),
    page: () => PEOPLE,
  })

  addForm(app, dependencies, API_TOKENS, {
    allow,
    fields: TokenForm,
    asks: (form) => ({ method: 'POST', path: ['api-tokens'], body: limited(form) }),
    page: () => API_TOKENS,
    done: (c, answer) => {
      const { name, token: text } = answer as NewToken
      return apiTokensPage(c, dependencies, { title: `The API token ${name}`, text, what: 'token' })
    },
  })

  addForm(app, dependencies, `${API_TOKENS}/:token/revoke`, {
    allow,
    fields: NoBody,
    asks: (_, c) => ({ method: 'DELETE', path: ['api-tokens', param(c, 'token')] }),
    page: () => API_TOKENS,
  })

  addForm(app, dependencies, TRAIL, {
    allow: 'verify-trail',
    fields: VerificationForm,
    asks: ({ head }) => ({ method: 'GET', path: ['trail', 'verification'], query: head === undefined ? {} : { head } }),
    page: () => TRAIL,
    done: (c, answer) => trailPage(c, dependencies, TrailPageQuery.parse({}), answer as TrailVerification),
  })

  addForm(app, dependencies, `${YOUR_ACCOUNT}/password`, {
    allow: 'own-account',
    fields: PasswordBody,
    asks: (body) => ({ method: 'POST', path: ['account', 'password'], body }),
    page: () => YOUR_ACCOUNT,
    done: (c) => leadTo(c, SYSTEM_PATCHES),
  })

  addForm(app, dependencies, `${YOUR_ACCOUNT}/passkeys/:passkey/remove`, {
    allow: 'own-account',
    fields: NoBody,
    asks: (_, c) => ({ method: 'DELETE', path: ['passkeys', param(c, 'passkey')] }),
    page: () => YOUR_ACCOUNT,
  })

  addForm(app, dependencies, `${YOUR_ACCOUNT}/sessions/:session/end`, {
    allow: 'own-account',
    fields: NoBody,
    asks: (_, c) => ({ method: 'DELETE', path: ['sessions', param(c, 'session')] }),
    page: () => YOUR_ACCOUNT,
  })

  addForm(app, dependencies, FIRST_OWNER, {
    allow,
    fields: FirstOwnerForm,
    asks: (form) => ({ method: 'POST', path: ['people'], body: { ...form, role: 'owner' } }),
    page: () => FIRST_OWNER,
    done: async (c, _, form) => {
      const signedIn = await passOn(app, c, { method: 'POST', address: '/sign-in', body: new URLSearchParams(form) })
      return leadTo(c, signedIn.status === 303 ? SYSTEM_PATCHES : '/sign-in')
    },
  })
}

type Rights = { scope: 'all' | 'chosen'; organization: string[] }

/** Whoever ticked organizations meant a limit, so both together are refused and not guessed. */
function oneOfBoth({ scope, organization }: Rights): boolean {
  return scope === 'chosen' || organization.length === 0
}

function limited<Form extends Rights>({ scope, organization, ...form }: Form) {
  return { ...form, organizations: scope === 'all' ? null : organization }
}

function linkFor(name: string, text: string) {
  return { title: `A sign-in link for ${name}, to hand on`, text, what: 'link' }
}
