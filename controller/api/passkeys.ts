/**
 * Passkeys over HTTP: those of one's own account, one more, one less. An Owner sees and removes those of everybody, for a
 * device that was lost. Signing in with one is in sign-in.tsx.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import type { PasskeyView } from '../core/access-views.ts'
import { may } from '../core/permissions.ts'
import { addPasskey, offerPasskey, passkeyId } from '../shell/passkeys.ts'
import type { PasskeyRecord } from '../shell/ports.ts'
import * as schemas from './access-schemas.ts'
import type { App, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { notProved, ownAccount } from './own-account.ts'
import { readJson } from './read-request.ts'
import { pageOrigin } from './same-site.ts'

const allow = 'own-account'

export function addPasskeyRoutes(app: App, dependencies: RouteDependencies): void {
  const { log, repository } = dependencies
  const { people } = repository

  app.get(
    '/api/v1/passkeys',
    documented({
      operation: 'listPasskeys',
      allow,
      summary: "One's own passkeys; an Owner's answer has those of everybody.",
      answers: { 200: schemas.PasskeyView.array() },
    }),
    async (c) => c.json(await passkeyViews(dependencies, c.var.visitor)),
  )

  app.post(
    '/api/v1/passkeys/challenge',
    documented({
      operation: 'preparePasskey',
      allow,
      summary: 'What a browser needs to make a passkey; the current password is asked for where there is one.',
      body: schemas.PasskeyProofBody,
      answers: { 200: schemas.PasskeyOptions },
    }),
    async (c) => {
      const body = await readJson(c, schemas.PasskeyProofBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const account = await ownAccount(c, dependencies, 'passkeys')
      if (isRefusal(account)) return answerRefusal(c, account, log)
      const refused = await notProved(c, dependencies, account, body.current)
      if (refused !== null) {
        await c.var.noteRefusal({ action: 'add passkey', subject: account.name, outcome: refused.refused })
        return answerRefusal(c, refused, log)
      }
      const origin = pageOrigin(c, dependencies)
      if (isRefusal(origin)) return answerRefusal(c, origin, log)
      const options = await offerPasskey(dependencies, account, origin)
      return isRefusal(options) ? answerRefusal(c, options, log) : c.json(options)
    },
  )

  app.post(
    '/api/v1/passkeys',
    documented({
      operation: 'addPasskey',
      allow,
      summary: 'Adds a passkey that the browser has made.',
      body: schemas.PasskeyBody,
      answers: { 201: schemas.PasskeyView },
    }),
    async (c) => {
      const body = await readJson(c, schemas.PasskeyBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const account = await ownAccount(c, dependencies, 'passkeys')
      if (isRefusal(account)) return answerRefusal(c, account, log)
      const added = await addPasskey(dependencies, account, { ...body, session: c.var.visitor.secretHash })
      const outcome = isRefusal(added) ? added.refused : 'done'
      await c.var.note({ action: 'add passkey', subject: `${body.name} of ${account.name}`, outcome })
      return isRefusal(added) ? answerRefusal(c, added, log) : c.json(passkeyView(added, account.name), 201)
    },
  )

  app.delete(
    '/api/v1/passkeys/:passkey',
    documented({
      operation: 'removePasskey',
      allow,
      summary: 'Removes a passkey: it signs nobody in any more.',
      parameters: { passkey: 'The id of a passkey.' },
      answers: { 200: schemas.Done },
    }),
    async (c) => {
      const wanted = c.req.param('passkey')
      const found = (await visiblePasskeys(dependencies, c.var.visitor)).find((one) => passkeyId(one) === wanted)
      if (found === undefined) {
        return answerRefusal(c, refuse('not_found', `there is no passkey ${wanted.slice(0, 40)}`), log)
      }
      await people.removePasskey(found.credential)
      const whose = (await people.findAccount(found.account))?.name ?? found.account
      await c.var.note({ action: 'remove passkey', subject: `${found.name} of ${whose}`, outcome: 'done' })
      return c.json({ done: true })
    },
  )
}

export async function passkeyViews(dependencies: RouteDependencies, visitor: Visitor): Promise<PasskeyView[]> {
  const passkeys = await visiblePasskeys(dependencies, visitor)
  const accounts = await dependencies.repository.people.accounts()
  const names = new Map(accounts.map(({ key, name }) => [key, name]))
  return passkeys.map((passkey) => passkeyView(passkey, names.get(passkey.account) ?? passkey.account))
}

function passkeyView(passkey: PasskeyRecord, person: string): PasskeyView {
  const { name, host, createdAt, usedAt } = passkey
  return {
    ...{ id: passkeyId(passkey), name, person, host },
    addedAt: new Date(createdAt).toISOString(),
    usedAt: usedAt === null ? null : new Date(usedAt).toISOString(),
  }
}

async function visiblePasskeys({ repository }: RouteDependencies, visitor: Visitor): Promise<PasskeyRecord[]> {
  const passkeys = await repository.people.passkeys()
  return may(visitor, 'manage-access') ? passkeys : passkeys.filter(({ account }) => account === visitor.account)
}
