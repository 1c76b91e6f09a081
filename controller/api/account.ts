/**
 * One's own account over HTTP: who one is, one's password, and one's sessions. An Owner sees and ends those of everybody.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import type { AccountView, SessionView } from '../core/access-views.ts'
import { ALL_PERMISSIONS, may } from '../core/permissions.ts'
import { accessId, isLive } from '../shell/access.ts'
import { weakness } from '../shell/passwords.ts'
import { changePerson } from '../shell/people.ts'
import type { AccessRecord, AccountRecord } from '../shell/ports.ts'
import { openSession } from '../shell/sign-in.ts'
import { giveSession } from './access-control.ts'
import * as schemas from './access-schemas.ts'
import { clientAddress } from './client-address.ts'
import type { App, AppContext, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal } from './errors.ts'
import type { OpenStreams } from './open-streams.ts'
import { documented } from './openapi.ts'
import { notProved, ownAccount } from './own-account.ts'
import { readJson } from './read-request.ts'

const allow = 'own-account'

export function addAccountRoutes(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  const { log, repository, clock, passwords } = dependencies
  const { people } = repository

  app.get(
    '/api/v1/account',
    documented({
      operation: 'showAccount',
      allow,
      summary: 'Who asks, and what for that is allowed.',
      answers: { 200: schemas.AccountView },
    }),
    (c) => c.json(accountView(c.var.visitor)),
  )

  app.post(
    '/api/v1/account/password',
    documented({
      operation: 'changePassword',
      allow,
      summary: "Sets one's own password; the current one is asked for where there is one. Other sessions end.",
      body: schemas.PasswordBody,
      answers: { 200: schemas.Done },
    }),
    async (c) => {
      const body = await readJson(c, schemas.PasswordBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const refused = await setPassword(c, body)
      await c.var.note({ action: 'set password', subject: c.var.visitor.actor, outcome: refused?.refused ?? 'done' })
      return refused === null ? c.json({ done: true }) : answerRefusal(c, refused, log)
    },
  )

  app.get(
    '/api/v1/sessions',
    documented({
      operation: 'listSessions',
      allow,
      summary: "One's own sessions; an Owner's answer has those of everybody.",
      answers: { 200: schemas.SessionView.array() },
    }),
    async (c) => c.json(await sessionViews(dependencies, c.var.visitor)),
  )

  app.delete(
    '/api/v1/sessions/:session',
    documented({
      operation: 'endSession',
      allow,
      summary: 'Ends a session at once.',
      parameters: { session: 'The id of a session.' },
      answers: { 200: schemas.Done },
    }),
    async (c) => {
      const wanted = c.req.param('session')
      const found = (await visibleSessions(dependencies, c.var.visitor)).find((session) => accessId(session) === wanted)
      if (found === undefined) {
        return answerRefusal(c, refuse('not_found', `there is no session ${wanted.slice(0, 40)}`), log)
      }
      await repository.takeAccess(found.secretHash)
      streams.endAll(found.secretHash)
      await c.var.note({ action: 'end session', subject: `${wanted} of ${found.name}`, outcome: 'done' })
      return c.json({ done: true })
    },
  )

  async function setPassword(c: AppContext, wanted: { current?: string | undefined; password: string }) {
    const account = await ownAccount(c, dependencies, 'a password')
    if (isRefusal(account)) return account
    const refused = await notProved(c, dependencies, account, wanted.current ?? '')
    if (refused !== null) return refused
    const why = weakness(wanted.password, account.name)
    if (why !== null) return refuse('weak_password', `the password ${why}`)
    const passwordHash = await passwords.hash(wanted.password)
    if (isRefusal(passwordHash)) return passwordHash
    const { secretHash: session } = c.var.visitor
    const done = await changePerson(people, account.name, { passwordHash }, { nowMs: clock(), session })
    if (isRefusal(done)) return done
    const origin = clientAddress(c, dependencies)
    const isStill = (now: AccountRecord) => now.passwordHash === passwordHash
    const opened = await openSession(dependencies, { ...account, passwordHash }, { origin, isStill })
    if (opened !== undefined) await giveSession(c, dependencies, opened)
    for (const ended of done.ended) streams.endAll(ended)
    return null
  }
}

export function accountView(visitor: Visitor): AccountView {
  const { actor: name, role, organizations, kind } = visitor
  const permissions = ALL_PERMISSIONS.filter((permission) => may(visitor, permission))
  return { name, role, organizations: organizations === null ? null : [...organizations], kind, may: permissions }
}

export async function sessionViews(dependencies: RouteDependencies, visitor: Visitor): Promise<SessionView[]> {
  return (await visibleSessions(dependencies, visitor)).map((session) => ({
    id: accessId(session),
    name: session.name,
    startedAt: new Date(session.createdAt).toISOString(),
    usedAt: new Date(session.usedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    origin: session.origin,
    isThis: session.secretHash === visitor.secretHash,
  }))
}

async function visibleSessions({ repository, clock }: RouteDependencies, visitor: Visitor): Promise<AccessRecord[]> {
  const live = (await repository.people.access('session')).filter((session) => isLive(session, clock()))
  if (may(visitor, 'manage-access')) return live
  return live.filter(({ account, secretHash }) =>
    visitor.account === null ? secretHash === visitor.secretHash : account === visitor.account,
  )
}
