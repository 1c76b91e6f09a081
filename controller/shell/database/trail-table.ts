/**
 * Reads the trail: a page of entries, the newest first; or all of it in the order in which it was written. Nothing here
 * or elsewhere changes or removes one.
 */
import { type Kysely, sql } from 'kysely'
import type { OrganizationName } from '../../../protocol/identifiers.ts'
import type { ChainedEntry, TrailEntry, TrailQuery } from '../ports.ts'
import { trailEntry } from './rows.ts'
import type { Schema } from './schema.ts'

const SEARCHED = ['actor', 'action', 'subject', 'outcome', 'organization', 'origin'] as const

export async function readTrail(database: Kysely<Schema>, query: TrailQuery): Promise<TrailEntry[]> {
  const { who, about, action, since, until, text, organizations, before, limit } = query
  const visible = organizations === null ? database.selectFrom('audit').selectAll() : entriesOf(database, organizations)
  let rows = database.selectFrom(visible.as('audit')).selectAll()
  if (who !== undefined) rows = rows.where('actor', '=', who)
  if (about !== undefined)
    rows = rows.where((where) => where.or([where('subject', 'in', about), where('actor', 'in', about)]))
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (since !== undefined) rows = rows.where('at', '>=', since)
  if (until !== undefined) rows = rows.where('at', '<=', until)
  if (before !== undefined) rows = rows.where('position', '<', before)
  if (text !== undefined) {
    const pattern = `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`
    rows = rows.where((where) =>
      where.or(SEARCHED.map((column) => sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`)),
    )
  }
  const found = (await rows.orderBy('position', 'desc').limit(limit).execute()).map(trailEntry)
  return organizations === null ? found : found.map((entry) => ({ ...entry, hash: null }))
}

/** Numbered as if there were no others: gaps would tell how many there are. */
function entriesOf(database: Kysely<Schema>, organizations: readonly OrganizationName[]) {
  return database
    .selectFrom('audit')
    .where('organization', 'in', [...organizations])
    .select(['at', 'actor', 'action', 'subject', 'outcome', 'organization', 'origin', 'hash'])
    .select(sql<number>`row_number() over (order by position)`.as('position'))
}

export async function readTrailAfter(
  database: Kysely<Schema>,
  position: number | null,
  limit: number,
): Promise<ChainedEntry[]> {
  const rows = database.selectFrom('audit').selectAll().orderBy('position').limit(limit)
  return (await (position === null ? rows : rows.where('position', '>', position)).execute()).map(trailEntry)
}
