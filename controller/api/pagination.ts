/**
 * Long lists in pages. Without `limit` a list is whole; with it the answer names the next page in a `Link` header (RFC
 * 8288) with a cursor. A cursor holds the position of the last entry, so entries that come and go in between shift nothing. It
 * opens nothing: whoever makes one up sees what the list would have shown anyway, or is told that it is not one.
 */
import { z } from 'zod'
import { sha256Hex } from '../../protocol/hashing.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import type { AppContext, RequestLog } from './context.ts'
import { answerRefusal } from './errors.ts'
import { readQuery } from './read-request.ts'

const MAX_LIMIT = 1000
const A_LIMIT = `is not a whole number from 1 to ${MAX_LIMIT}`

export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, A_LIMIT)
    .transform(Number)
    .refine((limit) => limit <= MAX_LIMIT, A_LIMIT)
    .optional()
    .describe(`At most so many entries, up to ${MAX_LIMIT}; without it the whole list.`),
  cursor: z.string().max(2000).optional().describe('From the `Link` header of the page before.'),
})

/** Entries are listed by ascending position; no two have the same. */
export type Position = readonly (string | number)[]
const PositionText = z.array(z.union([z.string(), z.number()]))
type Listed<Entry> = {
  list: string
  /** Where the route has read its query itself. */
  page?: z.infer<typeof PageQuery>
  entries: readonly Entry[]
  positionOf(entry: Entry): Position
  /** What is answered of those that are on the page, where they are not views already. */
  views?(entries: readonly Entry[]): readonly object[]
  log: RequestLog
}

/** Answers with the page that the query asks for. */
export function answerList<Entry extends object>(c: AppContext, listed: Listed<Entry>): Response | Promise<Response> {
  const query = listed.page ?? readQuery(c, PageQuery)
  if (isRefusal(query)) return answerRefusal(c, query, listed.log)
  const { list, entries, positionOf, views = (shown) => shown } = listed
  c.header('Total-Count', String(entries.length))
  if (query.limit === undefined && query.cursor === undefined) return c.json(views(entries))
  const after = query.cursor === undefined ? [] : readCursor(list, query.cursor)
  if (isRefusal(after)) return answerRefusal(c, after, listed.log)
  const limit = query.limit ?? MAX_LIMIT
  const rest = entries
    .map((entry) => ({ entry, position: positionOf(entry) }))
    .filter(({ position }) => compare(position, after) > 0)
    .sort((left, right) => compare(left.position, right.position))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  if (last !== undefined && rest.length > page.length) {
    const next = new URL(c.req.url).searchParams
    next.set('limit', String(limit))
    next.set('cursor', cursorOf(list, last.position))
    c.header('Link', `<${c.req.path}?${next}>; rel="next"`)
  }
  return c.json(views(page.map(({ entry }) => entry)))
}

function cursorOf(list: string, position: Position): string {
  const text = JSON.stringify(position)
  return Buffer.from(`${sumOf(list, text)}${text}`).toString('base64url')
}

function readCursor(list: string, cursor: string): Position | Refusal {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [sum, position] = [text.slice(0, SUM_CHARACTERS), text.slice(SUM_CHARACTERS)]
  const parsed = parseStrictJson(Buffer.from(position), 'the cursor', 'bad_request')
  const read = isRefusal(parsed) ? undefined : PositionText.safeParse(parsed.json).data
  if (sum === sumOf(list, position) && read !== undefined) return read
  return refuse('bad_request', 'the query, cursor: is not one of this list')
}

const SUM_CHARACTERS = 16
/** Finds what was altered or belongs to another list. */
function sumOf(list: string, position: string): string {
  return sha256Hex(Buffer.from(`${list} ${position}`)).slice(0, SUM_CHARACTERS)
}

function compare(left: Position, right: Position): number {
  for (const [index, part] of left.entries()) {
    const other = right[index]
    if (other === undefined || part > other) return 1
    if (part < other) return -1
  }
  return 0
}
