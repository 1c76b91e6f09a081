/**
 * People over HTTP: adding one, changing what one may do, a new sign-in link, removing. Nobody is ever told another's
 * password: whoever is added gets a link that works once, and chooses one.
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { NewLink, PersonView } from '../core/access-views.ts'
import { isLive, makeAccess } from '../shell/access.ts'
import { weakness } from '../shell/passwords.ts'
import { accountKey, addPerson, changePerson, removePerson, unknownPerson } from '../shell/people.ts'
import type { AccessRecord, AccountRecord, PasskeyRecord } from '../shell/ports.ts'
import * as schemas from './access-schemas.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { staleMatch } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import type { OpenStreams } from './open-streams.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'
import { NoBody } from './schemas.ts'

const allow = 'manage-access'
const parameters = { person: 'The name of an account.' }
/** Long enough to be sent to somebody who reads it tomorrow. */
const LINK_LIFETIME_MS = 48 * 3600 * 1000

export function addPeopleRoutes(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  const { log, repository, clock, passwords } = dependencies
  const { people } = repository

  app.get(
    '/api/v1/people',
    documented({
      operation: 'listPeople',
      allow,
      summary: 'Everybody who has an account.',
      answers: { 200: schemas.PersonView.array() },
    }),
    async (c) => c.json(await personViews(dependencies)),
  )

  app.post(
    '/api/v1/people',
    documented({
      operation: 'addPerson',
      allow,
      summary: 'Adds a person; without a password they get a sign-in link, which is told once.',
      body: schemas.PersonBody,
      answers: { 201: schemas.NewPerson },
    }),
    async (c) => {
      const body = await readJson(c, schemas.PersonBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const passwordHash = body.password === undefined ? null : await acceptable(body.password, body.name)
      if (isRefusal(passwordHash)) return answerRefusal(c, passwordHash, log)
      const added = await addPerson(people, { ...body, passwordHash, nowMs: clock() })
      const outcome = isRefusal(added) ? added.refused : limitsText(added)
      await c.var.note({ action: 'add person', subject: body.name, outcome })
      if (isRefusal(added)) return answerRefusal(c, added, log)
      if ((await people.accounts()).length === 1) await endSessionsOfNobody(c)
      const link = passwordHash === null ? await newLink(c, added) : { signInLink: null, expiresAt: null }
      return c.json({ person: personView(added, { sessions: [], passkeys: [] }), ...link }, 201)
    },
  )

  app.patch(
    '/api/v1/people/:person',
    documented({
      operation: 'changePerson',
      allow,
      summary: 'Changes what a person may do; their sessions end.',
      parameters,
      headers: {
        'If-Match': 'The tag of what may be changed, as it was seen: refused with 412 when it is not so any more.',
      },
      body: schemas.PersonChangeBody,
      answers: { 200: schemas.PersonView },
    }),
    async (c) => {
      const body = await readJson(c, schemas.PersonChangeBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const name = c.req.param('person')
      const staleFor = (account: AccountRecord) => staleMatch(c, changeable(personView(account, NOTHING_OPEN)))
      const refused = end(await changePerson(people, name, body, { nowMs: clock(), staleFor }))
      const account = await people.findAccount(accountKey(name))
      const done = account === undefined ? 'done' : limitsText(account)
      await c.var.note({ action: 'change person', subject: account?.name ?? name, outcome: refused?.refused ?? done })
      if (refused !== null || account === undefined) return answerRefusal(c, refused ?? unknownPerson(name), log)
      return c.json(personView(account, { sessions: [], passkeys: await people.passkeys() }))
    },
  )

  app.post(
    '/api/v1/people/:person/sign-in-link',
    documented({
      operation: 'makeSignInLink',
      allow,
      summary: 'A new sign-in link, told once; the password, the passkeys and the sessions that there were end.',
      parameters,
      body: NoBody,
      answers: { 201: schemas.NewLink },
    }),
    async (c) => {
      const body = await readJson(c, NoBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const name = c.req.param('person')
      const refused = end(await changePerson(people, name, { passwordHash: null }, { nowMs: clock() }))
      await c.var.note({ action: 'new sign-in link', subject: name, outcome: refused?.refused ?? 'done' })
      const account = await people.findAccount(accountKey(name))
      if (refused !== null || account === undefined) return answerRefusal(c, refused ?? unknownPerson(name), log)
      return c.json(await newLink(c, account), 201)
    },
  )

  app.delete(
    '/api/v1/people/:person',
    documented({
      operation: 'removePerson',
      allow,
      summary: 'Removes a person; their sessions end.',
      parameters,
      answers: { 200: schemas.Done },
    }),
    async (c) => {
      const name = c.req.param('person')
      const refused = end(await removePerson(people, name))
      await c.var.note({ action: 'remove person', subject: name, outcome: refused?.refused ?? 'done' })
      return refused === null ? c.json({ done: true }) : answerRefusal(c, refused, log)
    },
  )

  /** Open event streams of sessions that have ended end with them. */
  function end(done: { ended: AccessRecord['secretHash'][] } | Refusal): Refusal | null {
    if (isRefusal(done)) return done
    for (const secretHash of done.ended) streams.endAll(secretHash)
    return null
  }

  /** Whoever came in with a printed link had every right while there was no account; who makes the first one stays. */
  async function endSessionsOfNobody(c: AppContext): Promise<void> {
    for (const { account, secretHash } of await people.access('session')) {
      if (account !== null || secretHash === c.var.visitor.secretHash) continue
      await repository.takeAccess(secretHash)
      streams.endAll(secretHash)
    }
  }

  function acceptable(password: string, name: string): Promise<string | Refusal> {
    const why = weakness(password, name)
    return why === null ? passwords.hash(password) : Promise.resolve(refuse('weak_password', `the password ${why}`))
  }

  async function newLink(c: AppContext, { name, key, role, organizations }: AccountRecord): Promise<NewLink> {
    const nowMs = clock()
    const whose = { kind: 'sign-in-link', name, account: key, role, organizations } as const
    const link = await makeAccess(repository, { ...whose, lifetimeMs: LINK_LIFETIME_MS, nowMs })
    // Only a host that is ours gets this far.
    const address = new URL('/sign-in', `${dependencies.secureCookies ? 'https' : 'http'}://${c.req.header('host')}`)
    address.searchParams.set('link', link)
    return { signInLink: address.href, expiresAt: new Date(nowMs + LINK_LIFETIME_MS).toISOString() }
  }
}

const NOTHING_OPEN = { sessions: [], passkeys: [] }

/** What an Owner changes of a person; what else there is of them changes by itself. */
export function changeable({ role, organizations, state, passkeyOnly }: PersonView) {
  return { role, organizations, disabled: state === 'disabled', passkeyOnly }
}

export async function personViews({ repository, clock }: RouteDependencies): Promise<PersonView[]> {
  const { people } = repository
  const [accounts, all, passkeys] = await Promise.all([people.accounts(), people.access('session'), people.passkeys()])
  const sessions = all.filter((session) => isLive(session, clock()))
  return accounts.map((account) => personView(account, { sessions, passkeys }))
}

function personView(
  account: AccountRecord,
  { sessions, passkeys }: { sessions: readonly AccessRecord[]; passkeys: readonly PasskeyRecord[] },
): PersonView {
  const { name, key, role, organizations, passwordHash, passkeyOnly, disabledAt, createdAt, signedInAt } = account
  const hasKey = passwordHash !== null || passkeys.some((passkey) => passkey.account === key)
  return {
    name,
    role,
    organizations: organizations === null ? null : [...organizations],
    state: disabledAt !== null ? 'disabled' : hasKey ? 'active' : 'invited',
    passkeyOnly,
    createdAt: new Date(createdAt).toISOString(),
    signedInAt: signedInAt === null ? null : new Date(signedInAt).toISOString(),
    sessions: sessions.filter((session) => session.account === key).length,
  }
}

function limitsText({ role, organizations, passkeyOnly, disabledAt }: AccountRecord): string {
  const where = organizations === null ? '' : ` for ${organizations.join(', ')}`
  return `${role}${where}${passkeyOnly ? ', passkeys only' : ''}${disabledAt === null ? '' : ', disabled'}`
}
