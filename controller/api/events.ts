/**
 * Server-sent events: which of the things a page shows have changed. An event carries no data, so it can leak nothing
 * and nothing is lost when several fall together: whoever hears it reads the page or the API again. A stream ends with
 * the session that opened it.
 */
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { refuse } from '../../protocol/refusals.ts'
import type { ServiceCenter, Topic } from '../shell/ports.ts'
import { isStillSignedIn } from './access-control.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { MAX_STREAMS, type OpenStreams } from './open-streams.ts'
import { documented } from './openapi.ts'

/** Below the idle timeouts of usual proxies; also how often a stream asks whether its session still holds. */
const KEEP_ALIVE_MS = 15_000

export function addEventRoute(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  app.get(
    '/api/v1/events',
    documented({
      operation: 'streamEvents',
      allow: 'read',
      summary: 'A stream of the events patches, installs and appliances: that something of it changed.',
      answers: { 200: 'event stream' },
    }),
    (c) => {
      const { visitor, serviceCenter } = c.var
      const bell = makeBell()
      const end = () => bell.ring('end')
      if (!streams.admit(visitor.secretHash, end)) {
        return answerRefusal(c, refuse('too_many', `${MAX_STREAMS} event streams of this session are open`))
      }
      const holds = () => isStillSignedIn(dependencies, visitor)
      return streamSSE(
        c,
        async (stream) => {
          stream.onAbort(end)
          try {
            await relay(stream, serviceCenter, bell, holds)
          } finally {
            streams.leave(visitor.secretHash, end)
          }
        },
        async (error) => dependencies.log.error({ error: error.stack }, 'an event stream failed'),
      )
    },
  )
}

type Ring = Topic | 'keep-alive' | 'end'
type Bell = { ring(what: Ring): void; heard(): Promise<ReadonlySet<Ring>> }

/** Collects what is rung until somebody listens; however often, each thing counts once. */
function makeBell(): Bell {
  let pending = new Set<Ring>()
  let wake: (() => void) | null = null
  return {
    ring(what) {
      pending.add(what)
      wake?.()
    },
    async heard() {
      if (pending.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = null
      }
      const heard = pending
      pending = new Set()
      return heard
    },
  }
}

async function relay(
  stream: SSEStreamingApi,
  serviceCenter: ServiceCenter,
  bell: Bell,
  holds: () => Promise<boolean>,
): Promise<void> {
  const unsubscribe = serviceCenter.subscribe((topic) => bell.ring(topic))
  const timer = setInterval(() => bell.ring('keep-alive'), KEEP_ALIVE_MS)
  try {
    await stream.write(': connected\n\n')
    while (!stream.aborted) {
      const heard = await bell.heard()
      if (heard.has('end')) return
      if (heard.has('keep-alive')) {
        if (!(await holds())) return
        await stream.write(': keep-alive\n\n')
      }
      for (const event of heard) if (event !== 'keep-alive') await stream.writeSSE({ event, data: '{}' })
    }
  } finally {
    clearInterval(timer)
    unsubscribe()
  }
}
