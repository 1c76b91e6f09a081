/**
 * API tokens over HTTP: who has one, making one with a role, limits and an end, and taking one back. The token itself is
 * in one answer and nowhere else.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import type { TokenView } from '../core/access-views.ts'
import { accessId, isLive, newAccess } from '../shell/access.ts'
import { wrongStanding } from '../shell/people.ts'
import type { AccessRecord } from '../shell/ports.ts'
import * as schemas from './access-schemas.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import type { OpenStreams } from './open-streams.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'

const allow = 'manage-access'
const DAY_MS = 24 * 3600 * 1000

export function addTokenRoutes(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  const { log, repository, clock } = dependencies

  app.get(
    '/api/v1/api-tokens',
    documented({
      operation: 'listApiTokens',
      allow,
      summary: 'The API tokens that there are.',
      answers: { 200: schemas.TokenView.array() },
    }),
    async (c) => c.json(await tokenViews(dependencies)),
  )

  app.post(
    '/api/v1/api-tokens',
    documented({
      operation: 'makeApiToken',
      allow,
      summary: 'Makes an API token; it is told once.',
      body: schemas.TokenBody,
      answers: { 201: schemas.NewToken },
    }),
    async (c) => {
      const body = await readJson(c, schemas.TokenBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { name, role, organizations, days } = body
      const wrong = wrongStanding({ role, organizations })
      if (wrong !== null) return answerRefusal(c, wrong, log)
      const whose = { kind: 'api-token', name, role, organizations } as const
      const { secret, access } = newAccess({ ...whose, lifetimeMs: days * DAY_MS, nowMs: clock() })
      await repository.addAccess(access)
      await c.var.note({ action: 'make API token', subject: `${accessId(access)} ${name}`, outcome: role })
      return c.json({ ...tokenView(access), token: secret }, 201)
    },
  )

  app.delete(
    '/api/v1/api-tokens/:token',
    documented({
      operation: 'revokeApiToken',
      allow,
      summary: 'Takes an API token back; it opens nothing any more.',
      parameters: { token: 'The id of an API token.' },
      answers: { 200: schemas.Done },
    }),
    async (c) => {
      const wanted = c.req.param('token')
      const found = (await repository.people.access('api-token')).find((token) => accessId(token) === wanted)
      if (found === undefined) {
        return answerRefusal(c, refuse('not_found', `there is no API token ${wanted.slice(0, 40)}`), log)
      }
      await repository.takeAccess(found.secretHash)
      streams.endAll(found.secretHash)
      await c.var.note({ action: 'revoke API token', subject: `${wanted} ${found.name}`, outcome: 'done' })
      return c.json({ done: true })
    },
  )
}

export async function tokenViews({ repository, clock }: RouteDependencies): Promise<TokenView[]> {
  const tokens = await repository.people.access('api-token')
  return tokens.filter((token) => isLive(token, clock())).map(tokenView)
}

function tokenView(token: AccessRecord): TokenView {
  const { name, role, organizations, createdAt, expiresAt, usedAt, origin } = token
  return {
    id: accessId(token),
    name,
    role,
    organizations: organizations === null ? null : [...organizations],
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    usedAt: origin === '' ? null : new Date(usedAt).toISOString(),
    origin,
  }
}
