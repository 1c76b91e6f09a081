/**
 * Open pages read themselves again whenever something has changed, hundreds of them at the same moment. What they get
 * is rendered once for all who see the same, and once again after the next change; and whoever has it already is told just
 * that. An open page asks with the header `Patchmesh-Refresh` and gets the main part alone, in which nothing is about the
 * person who reads it but their unfinished uploads. People who open a page get one of their own.
 */
import type { MiddlewareHandler } from 'hono'
import { acceptedEncoding, compress } from './compression.ts'
import type { AppContext, AppEnvironment, AppGiven } from './context.ts'
import { entityTag } from './entity-tags.ts'

/** Of different pages between two changes; more are rendered each for itself. */
const MAX_SHARED = 300
/** Little things change without a word, such as an age: nothing is given out for longer than this. */
const GIVEN_OUT_MS = 5_000

type Rendered = { tag: string; plain: Uint8Array; brotli: Uint8Array }

export function sharedRefreshes({
  serviceCenter,
  clock,
}: Pick<AppGiven, 'serviceCenter' | 'clock'>): MiddlewareHandler<AppEnvironment> {
  const shared = new Map<string, Promise<Rendered | null>>()
  let since = clock()
  // A change may be told a moment after it happened. What was rendered before it is told is never given out after.
  serviceCenter.subscribe(() => shared.clear())
  return async (c, next) => {
    if (c.req.header('patchmesh-refresh') === undefined) return next()
    if (clock() - since > GIVEN_OUT_MS) {
      shared.clear()
      since = clock()
    }
    const key = JSON.stringify([c.req.path, new URL(c.req.url).search, whatIsSeen(c)])
    const known = shared.get(key)
    if (known !== undefined) {
      const rendered = await known
      return rendered === null ? next() : answer(c, rendered)
    }
    const { promise, resolve } = Promise.withResolvers<Rendered | null>()
    if (shared.size < MAX_SHARED) shared.set(key, promise)
    let rendered: Rendered | null = null
    try {
      await next()
      if (c.res.status === 200) rendered = await render(await c.res.text())
    } finally {
      resolve(rendered)
      if (rendered === null) shared.delete(key)
    }
    if (rendered !== null) c.res = answer(c, rendered)
    return
  }
}

/** What the main part of a page depends on of its visitor; unfinished uploads are shown to whose they are. */
function whatIsSeen(c: AppContext): object {
  const { role, organizations, isFirst, actor } = c.var.visitor
  return { role, organizations, isFirst, unfinished: c.var.serviceCenter.uploads.of(actor) }
}

async function render(page: string): Promise<Rendered> {
  const main = page.slice(page.indexOf('<main'), page.indexOf('</main>') + '</main>'.length)
  const plain = Buffer.from(`<!doctype html>${main}`)
  return { tag: entityTag(main), plain, brotli: await compress(plain, 'br') }
}

function answer(c: AppContext, { tag, plain, brotli }: Rendered): Response {
  const headers = { 'Content-Type': 'text/html; charset=utf-8', ETag: tag, Vary: 'Accept-Encoding, Patchmesh-Refresh' }
  if (c.req.header('if-none-match') === tag) return new Response(null, { status: 304, headers })
  if (acceptedEncoding(c.req.header('accept-encoding')) !== 'br')
    return new Response(new Uint8Array(plain), { headers })
  return new Response(new Uint8Array(brotli), { headers: { ...headers, 'Content-Encoding': 'br' } })
}
