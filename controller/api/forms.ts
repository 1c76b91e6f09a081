/**
 * The forms of the pages. Each asks for what an operation of the API does, so it is handed to that operation as the
 * request that it stands for: same session, same permission, same trail. What comes back is a page: the one that the form
 * stands on, one that shows what was made, or the refusal. They need no script; where scripts run, forms.js sends them,
 * so that what was typed stays where it is refused.
 */
import type { z } from 'zod'
import { sha256Hex } from '../../protocol/hashing.ts'
import { isRefusal, type Refusal, type RefusalCode, refuse } from '../../protocol/refusals.ts'
import type { Permission } from '../core/permissions.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal, wantsPage } from './errors.ts'
import { permitted } from './permitted.ts'
import { readForm } from './read-request.ts'

/** A request to the API. */
export type Asked = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /api/v1, in plain words. */
  path: readonly string[]
  query?: Record<string, string>
  body?: unknown
  /** Instead of JSON: the text of a file. */
  file?: string
  headers?: Record<string, string>
}

type PageForm<Fields> = {
  /** What the operation takes; it is asked for there again. */
  allow: Permission
  fields: z.ZodType<Fields>
  /** Of the whole form; what suffices for text fields if it is not given. */
  maxBytes?: number
  /** Why it is not asked for at all, or null. */
  before?: (fields: Fields) => Refusal | null
  asks: (fields: Fields, c: AppContext) => Asked
  /** The page that the form stands on: there it leads, and whoever loads its address again. */
  page: (c: AppContext) => string
  /** What is shown instead when it is done, given what the API answered. */
  done?: (c: AppContext, answer: unknown, fields: Fields) => Response | Promise<Response>
  /** What is shown in place of this refusal; null for the sentence that it is. */
  refused?: (c: AppContext, refusal: Refusal, fields: Fields) => Response | Promise<Response> | null
}

export function addForm<Fields>(app: App, { log }: RouteDependencies, path: string, form: PageForm<Fields>): void {
  app.post(path, permitted(form.allow), async (c) => {
    const fields = await readForm(c, form.fields, form.maxBytes)
    if (isRefusal(fields)) return answerRefusal(c, fields, log)
    const answer = form.before?.(fields) ?? (await askApi(app, c, once(c, form.asks(fields, c))))
    if (isRefusal(answer)) return form.refused?.(c, answer, fields) ?? answerRefusal(c, answer)
    return form.done === undefined ? leadTo(c, form.page(c)) : form.done(c, answer.json, fields)
  })
  // A page is registered before its forms.
  const isPage = app.routes.some((route) => route.method === 'GET' && route.path === path)
  if (!isPage) app.get(path, permitted(form.allow), (c) => c.redirect(form.page(c), 303))
}

/** A form whose address says `once` asks for the same thing once, however often it is sent. */
function once(c: AppContext, asked: Asked): Asked {
  const shown = /^[\w-]{1,100}$/.exec(c.req.query('once') ?? '')?.[0]
  if (shown === undefined) return asked
  const what = sha256Hex(Buffer.from(JSON.stringify(asked.body ?? {})))
  return { ...asked, headers: { ...asked.headers, 'Idempotency-Key': `${shown}.${what}` } }
}

/** A part of the address that a form was sent to. */
export function param(c: AppContext, name: string): string {
  return c.req.param(name) ?? ''
}

/** Where whoever sent a form goes on; forms.js is told, because it would follow a redirect as who it was before. */
export function leadTo(c: AppContext, address: string): Response {
  return wantsPage(c) ? c.redirect(address, 303) : c.json({ leadsTo: address })
}

type Refused = { error: { code: RefusalCode; message: string; requestId: string } }

/** What the API answers to the visitor, or why it does not. */
async function askApi(
  app: App,
  c: AppContext,
  { method, path, query, body = {}, file, headers = {} }: Asked,
): Promise<{ json: unknown } | Refusal> {
  const asked = { method, address: `/api/v1/${path.map(encodeURIComponent).join('/')}?${new URLSearchParams(query)}` }
  const type = file === undefined ? 'application/json' : 'text/plain'
  const sent = { headers: { ...headers, 'content-type': type }, body: file ?? JSON.stringify(body) }
  const answer = await passOn(app, c, method === 'GET' ? asked : { ...asked, ...sent })
  if (answer.ok) return { json: answer.status === 204 ? null : ((await answer.json()) as unknown) }
  const { error } = (await answer.json()) as Refused
  // It is in the log with this one.
  c.set('requestId', error.requestId)
  // What is wrong with the request is wrong with a field.
  const refused = error.code === 'bad_request' ? 'bad_field' : error.code
  return refuse(refused, error.message)
}

type PassedOn = { method: string; address: string; headers?: Record<string, string>; body?: string | URLSearchParams }

/** Another request of the same visitor. The cookies that it is answered with are theirs too. */
export async function passOn(app: App, c: AppContext, { address, headers, ...sent }: PassedOn): Promise<Response> {
  const url = new URL(address, c.req.url)
  const answer = await app.request(url, { ...sent, headers: { ...visitorsHeaders(c), ...headers } }, c.env)
  for (const cookie of answer.headers.getSetCookie()) c.header('Set-Cookie', cookie, { append: true })
  return answer
}

/** Of the request that the form came with: who sent it and from where, not what it holds. */
const OF_THE_VISITOR = [
  'authorization',
  'cookie',
  'forwarded',
  'host',
  'origin',
  'patchmesh-person',
  'sec-fetch-site',
  'user-agent',
  'x-forwarded-for',
] as const

function visitorsHeaders(c: AppContext): Record<string, string> {
  return Object.fromEntries(
    OF_THE_VISITOR.flatMap((name) => {
      const value = c.req.header(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
