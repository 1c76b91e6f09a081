/**
 * Reads the trail: a page of entries, the newest first. Nothing here or elsewhere changes or removes one.
 */
import { type Kysely, sql } from 'kysely'
import type { TrailEntry, TrailQuery } from '../ports.ts'
import { trailEntry } from './rows.ts'
import type { Schema } from './schema.ts'

const SEARCHED = ['actor', 'action', 'subject', 'outcome', 'organization', 'origin'] as const

export async function readTrail(database: Kysely<Schema>, query: TrailQuery): Promise<TrailEntry[]> {
  const { who, about, action, since, until, text, organizations, before, limit } = query
  let rows = database.selectFrom('audit').selectAll()
  if (who !== undefined) rows = rows.where('actor', '=', who)
  if (about !== undefined)
    rows = rows.where((where) => where.or([where('subject', 'in', about), where('actor', 'in', about)]))
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (since !== undefined) rows = rows.where('at', '>=', since)
  if (until !== undefined) rows = rows.where('at', '<=', until)
  if (before !== undefined) rows = rows.where('position', '<', before)
  if (organizations !== null) rows = rows.where('organization', 'in', [...organizations])
  if (text !== undefined) {
    const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`
    rows = rows.where((where) =>
      where.or(SEARCHED.map((column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`)),
    )
  }
  return (await rows.orderBy('position', 'desc').limit(limit).execute()).map(trailEntry)
}
