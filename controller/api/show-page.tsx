/**
 * Answers with a page, as the one who asked may see it.
 */
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ReaderContext } from '../page/reader.tsx'
import type { AppContext } from './context.ts'

export function showPage(c: AppContext, page: Child, status: ContentfulStatusCode = 200): Response | Promise<Response> {
  const { actor: name, role, organizations, isFirst } = c.var.visitor
  const reader = { name, role, organizations, isFirst }
  return c.html(<ReaderContext.Provider value={reader}>{page}</ReaderContext.Provider>, status)
}
