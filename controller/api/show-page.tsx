/**
 * Answers with a page, as the one who asked may see it.
 */
import type { Child } from 'hono/jsx'
import { ReaderContext } from '../page/reader.tsx'
import type { AppContext } from './context.ts'

export function showPage(c: AppContext, page: Child): Response | Promise<Response> {
  const { actor: name, role, organizations, isFirst } = c.var.visitor
  return c.html(<ReaderContext.Provider value={{ name, role, organizations, isFirst }}>{page}</ReaderContext.Provider>)
}
