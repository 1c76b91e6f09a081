/**
 * Publishers over HTTP: who may sign which patches with which keys. What a change means for uploads is decided and
 * written into the trail in controller/core/publishers.ts.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import { Publisher } from '../../protocol/trust/publishers.ts'
import { namedPublisher, publisherView, publisherViews } from '../core/publishers.ts'
import { Done, PublisherView } from './access-schemas.ts'
import type { App, RouteDependencies } from './context.ts'
import { staleMatch } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { readJson } from './read-request.ts'

const allow = 'manage-publishers'
const parameters = { publisher: 'The name of a publisher.' }

export function addPublisherRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/publishers',
    documented({
      operation: 'listPublishers',
      allow,
      summary: 'Those whose signatures uploads need; where there are none, uploads need no signature.',
      answers: { 200: PublisherView.array() },
    }),
    (c) => c.json(publisherViews(c.var.serviceCenter.state)),
  )

  app.put(
    '/api/v1/publishers/:publisher',
    documented({
      operation: 'setPublisher',
      allow,
      summary: 'Lists a publisher, in place of the one of the same name; this concerns uploads from now on.',
      parameters,
      headers: {
        'If-Match': 'The tag of what was seen: refused with 412 when it is not so any more.',
        'If-None-Match': '`*`: refused with 412 when there is one of that name.',
      },
      body: Publisher,
      answers: { 200: PublisherView },
    }),
    async (c) => {
      const publisher = await readJson(c, Publisher)
      if (isRefusal(publisher)) return answerRefusal(c, publisher, log)
      const { serviceCenter, visitor } = c.var
      const wanted = c.req.param('publisher')
      if (publisher.name !== wanted) {
        const why = `the body is of ${publisher.name}, and the address of another`
        return answerRefusal(c, refuse('bad_request', why), log)
      }
      const listed = serviceCenter.state.publishers.get(publisher.name)
      const stale = staleMatch(c, listed ?? null)
      if (stale !== null) return answerRefusal(c, stale, log)
      const isNew = c.req.header('if-none-match') === '*'
      const isSeen = c.req.header('if-match') !== undefined
      // It may have changed until its turn comes.
      const instead = isNew ? { instead: null } : isSeen ? { instead: listed ?? null } : {}
      const reply = await serviceCenter.carryOut({ kind: 'set-publisher', actor: visitor.actor, publisher, ...instead })
      if (isRefusal(reply)) return answerRefusal(c, reply, log)
      return c.json(publisherView(serviceCenter.state, publisher))
    },
  )

  app.delete(
    '/api/v1/publishers/:publisher',
    documented({
      operation: 'removePublisher',
      allow,
      summary: 'Removes a publisher. After the last one uploads need no signature any more.',
      parameters,
      answers: { 200: Done },
    }),
    async (c) => {
      const { serviceCenter, visitor } = c.var
      const found = namedPublisher(serviceCenter.state, c.req.param('publisher'))
      if (isRefusal(found)) return answerRefusal(c, found, log)
      const { name } = found
      const reply = await serviceCenter.carryOut({ kind: 'remove-publisher', actor: visitor.actor, name })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json({ done: true })
    },
  )
}
