/**
 * The trail over HTTP: who did what, when, from where, and how it ended; a page at a time, or all of it as a file. Who is
 * limited to organizations sees what concerns these.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import type { TrailPage, TrailView } from '../core/access-views.ts'
import { csvHeading, csvOf } from '../core/trail-csv.ts'
import { trailVerification } from '../shell/check-trail.ts'
import type { Repository, TrailEntry, TrailQuery } from '../shell/ports.ts'
import * as schemas from './access-schemas.ts'
import type { App, AppContext, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { readQuery } from './read-request.ts'

const allow = 'read-trail'
const EXPORTED_AT_ONCE = 1000
const DAY_MS = 24 * 3600 * 1000

export function addTrailRoutes(app: App, { repository, trailWatch, log }: RouteDependencies): void {
  app.get(
    '/api/v1/trail',
    documented({
      operation: 'listTrail',
      allow,
      summary: 'Who did what, when and from where, and how it ended; the newest first.',
      query: schemas.TrailQuery,
      answers: { 200: schemas.TrailPage },
    }),
    async (c) => {
      const query = readQuery(c, schemas.TrailQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      return c.json(await trailPage(repository, c.var.visitor, query))
    },
  )

  app.get(
    '/api/v1/trail/export',
    documented({
      operation: 'exportTrail',
      allow,
      summary: 'All of it as a file: one JSON object on a line, or CSV.',
      query: schemas.ExportQuery,
      answers: { 200: schemas.TrailView },
    }),
    (c) => {
      const query = readQuery(c, schemas.ExportQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      return exported(c, repository, query)
    },
  )

  app.get(
    '/api/v1/trail/verification',
    documented({
      operation: 'verifyTrail',
      allow: 'verify-trail',
      summary: 'Checks now that every entry follows the one before it, and tells the hash of the newest.',
      query: schemas.VerificationQuery,
      answers: { 200: schemas.TrailVerification },
    }),
    async (c) => {
      const query = readQuery(c, schemas.VerificationQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      return c.json(trailVerification(await trailWatch.check(query.head), query.head))
    },
  )
}

type Filters = Omit<(typeof schemas.ExportQuery)['_output'], 'format'>

export async function trailPage(
  repository: Repository,
  visitor: Visitor,
  { limit, before, ...filters }: Filters & { limit: number; before?: number | undefined },
): Promise<TrailPage> {
  const rows = await repository.trail({ ...trailQuery(visitor, filters), before, limit: limit + 1 })
  const entries = rows.slice(0, limit)
  return { entries: entries.map(trailView), next: rows.length > limit ? (entries.at(-1)?.position ?? null) : null }
}

function trailQuery({ organizations }: Visitor, { who, action, from, to, text }: Filters): Omit<TrailQuery, 'limit'> {
  const given = (value: string | undefined) => (value === '' ? undefined : value)
  return {
    who: given(who),
    action: given(action),
    text: given(text),
    since: from === undefined ? undefined : Date.parse(from),
    until: to === undefined ? undefined : Date.parse(to) + DAY_MS - 1,
    organizations,
  }
}

/** Read and sent a part at a time, so a long trail costs no memory. */
function exported(
  c: AppContext,
  repository: Repository,
  { format, ...filters }: Filters & { format: 'jsonl' | 'csv' },
) {
  const query = trailQuery(c.var.visitor, filters)
  const encoder = new TextEncoder()
  let before: number | undefined
  let isFirst = true
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const rows = await repository.trail({ ...query, before, limit: EXPORTED_AT_ONCE })
      before = rows.at(-1)?.position
      const heading = isFirst && format === 'csv' ? csvHeading() : ''
      isFirst = false
      const lines = rows.map(trailView).map(format === 'csv' ? csvOf : (view) => `${JSON.stringify(view)}\n`)
      const text = heading + lines.join('')
      if (text !== '') controller.enqueue(encoder.encode(text))
      if (rows.length < EXPORTED_AT_ONCE) controller.close()
    },
  })
  const type = format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson; charset=utf-8'
  return c.body(body, 200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="patchmesh-trail.${format}"`,
  })
}

function trailView({ at, ...entry }: TrailEntry): TrailView {
  const { position, actor, action, subject, organization, outcome, origin, hash } = entry
  return { position, at: new Date(at).toISOString(), actor, action, subject, organization, outcome, origin, hash }
}
