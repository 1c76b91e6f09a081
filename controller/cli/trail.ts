/**
 * `patchmesh trail list|export`: who did what, when, from where, and how it ended. An export reads page after page, so it
 * is as long as the trail.
 */
import { printableJson } from '../../protocol/printable.ts'
import { csvHeading, csvOf } from '../core/trail-csv.ts'
import type { TrailFilters } from './client-requests.ts'
import { defineCommand, UsageError } from './command.ts'
import { readableTime } from './quantities.ts'
import { CONNECTION_OPTIONS, connect, SERVER_OPTIONS } from './service-center-client.ts'
import { table } from './terminal.ts'

const FILTERS = {
  who: { type: 'string', value: 'NAME', about: 'only what this person or API token did' },
  action: { type: 'string', value: 'ACTION', about: 'only this, such as install' },
  from: { type: 'string', value: 'DAY', about: 'from this day on, such as 2026-11-23 (UTC)' },
  to: { type: 'string', value: 'DAY', about: 'up to the end of this day' },
  text: { type: 'string', value: 'TEXT', about: 'only entries with this text anywhere' },
} as const
const FILTER_USAGE = '[--who NAME] [--action ACTION] [--from DAY] [--to DAY] [--text TEXT]'
/** As many as the API gives at once. */
const PAGE = 1000

export const listTrail = defineCommand({
  name: 'trail list',
  operations: ['listTrail'],
  summary: 'Lists the newest entries of the trail',
  usage: `${FILTER_USAGE} [--limit N]`,
  options: {
    ...FILTERS,
    limit: { type: 'string', value: 'N', about: 'at most so many (default 50)' },
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh trail list --action install --from 2026-11-01',
  async run({ options, show }) {
    const limit = Number(options.limit ?? 50)
    if (!Number.isInteger(limit) || limit < 1 || limit > PAGE) throw new UsageError(`--limit takes 1 to ${PAGE}`)
    const page = await connect(options).trail({ ...filtersOf(options), limit: String(limit) })
    const rows = page.entries.map(({ at, actor, action, subject, organization, outcome, origin }) => [
      ...[readableTime(at), actor, action, subject, organization ?? '', outcome, origin],
    ])
    const headings = ['WHEN', 'WHO', 'ACTION', 'OF WHAT', 'ORGANIZATION', 'RESULT', 'FROM WHERE']
    return show(page, () => table(headings, rows, 'No entry matches.'))
  },
})

export const exportTrail = defineCommand({
  name: 'trail export',
  operations: ['exportTrail'],
  summary: 'Prints the whole trail, newest first: one JSON object on a line, or CSV',
  usage: `[--csv | --json] ${FILTER_USAGE}`,
  options: {
    csv: { type: 'boolean', about: 'print CSV instead' },
    json: { type: 'boolean', about: 'print JSON, as without it' },
    ...FILTERS,
    ...CONNECTION_OPTIONS,
  },
  example: 'patchmesh trail export --csv > trail.csv',
  async run({ options, terminal }) {
    const { csv, json } = options
    if (csv === true && json === true) throw new UsageError('--csv and --json do not go together')
    const client = connect(options)
    if (csv === true) terminal.print(csvHeading().trimEnd())
    let before: string | undefined
    do {
      const page = await client.trail({ ...filtersOf(options), limit: String(PAGE), before })
      for (const entry of page.entries)
        terminal.print(csv === true ? csvOf(entry).trimEnd() : printableJson(JSON.stringify(entry)))
      before = page.next === null ? undefined : String(page.next)
    } while (before !== undefined)
    return 0
  },
})

function filtersOf({ who, action, from, to, text }: TrailFilters): TrailFilters {
  return { who, action, from, to, text }
}
