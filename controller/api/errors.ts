/**
 * How everything that is refused or fails is answered: one shape for scripts, one page for people, and one line in the
 * log. A refusal is told in full; of a failure only the request id leaves the process, its stack goes to the log.
 */
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { isDiskFull } from '../../agent/shell/sqlite-file.ts'
import { hint, httpStatus, type Refusal, refuse } from '../../protocol/refusals.ts'
import { refusalPage } from '../page/refusal-page.tsx'
import type { App, AppContext, RequestLog } from './context.ts'
import { showPage } from './show-page.tsx'

export function answerRefusal(c: AppContext, refusal: Refusal, log?: RequestLog): Response | Promise<Response> {
  const { refused: code, message } = refusal
  const status: ContentfulStatusCode = httpStatus(code)
  const requestId = c.get('requestId')
  log?.info({ requestId, code, method: c.req.method, path: shortPath(c) }, `refused: ${message}`)
  if (status === 401) c.header('WWW-Authenticate', 'Bearer')
  if (wantsPage(c)) {
    const { pathname, search } = new URL(c.req.url)
    const isForm = c.req.method === 'POST'
    const isUnclaimed = c.get('isUnclaimed') === true
    const address = pathname + search
    const page = refusalPage({ code, message, hint: hint(code), requestId, address, isForm, isUnclaimed })
    return isSignedIn(c) ? showPage(c, page, status) : c.html(page, status)
  }
  return c.json({ error: { code, message, hint: hint(code), requestId } }, status)
}

/** Nobody has looked who asks where a request is refused before the gate. */
function isSignedIn(c: AppContext): boolean {
  const visitor: unknown = c.var.visitor
  return visitor !== undefined
}

/** A person's browser asks for a page; everything under /api/ and everything else that asks gets JSON. */
export function wantsPage(c: AppContext): boolean {
  return !c.req.path.startsWith('/api/') && (c.req.header('accept') ?? '').includes('text/html')
}

/** The last resort of the whole app: unknown addresses, and errors that nobody expected. */
export function addErrorAnswers(app: App, log: RequestLog): void {
  app.notFound((c) => answerRefusal(c, refuse('not_found', `there is nothing at ${c.req.method} ${shortPath(c)}`), log))
  app.onError((error, c) => {
    const { method } = c.req
    if (isDiskFull(error)) return answerRefusal(c, refuse('no_space', error.message), log)
    log.error({ requestId: c.get('requestId'), method, path: shortPath(c), error: describe(error) }, 'a request failed')
    return answerRefusal(c, refuse('internal', 'the Service Center could not answer this request'))
  })
}

/** Whoever asks chooses the path; of a long one the log and a sentence need only the beginning. */
function shortPath(c: AppContext): string {
  return c.req.path.slice(0, 300)
}

/** The error with its stack and the chain of its causes, for the log. */
function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describe(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
