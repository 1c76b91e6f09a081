/**
 * `patchmesh migrate`: from the embedded database to a PostgreSQL that several nodes can share, and back.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { type Migrated, migrateToEmbedded, migrateToPostgres } from '../shell/backup/migrate-database.ts'
import { DatabaseUrl } from '../shell/database/noted-database.ts'
import { defineCommand, parsed, required } from './command.ts'
import { DATA_OPTION, namedData } from './data-folder.ts'
import { ProgressLine } from './progress-line.ts'

const EMBEDDED = 'sqlite'

export const migrate = defineCommand({
  name: 'migrate',
  summary: 'Moves what the Service Center knows into a PostgreSQL, or back into the folder',
  usage: '--to URL|sqlite [--data DIR]',
  options: {
    to: { type: 'string', value: 'WHERE', about: 'postgresql://USER@HOST:PORT/NAME, an empty database; or sqlite' },
    ...DATA_OPTION,
    ...outputOptions('{"to","rows","trail","aside"}'),
  },
  remarks: [
    'No node may run. All of it is read again on the other side before the folder belongs to it. Where it came from stays: the database of the\n' +
      'folder goes to replaced-TIME beside it, a PostgreSQL is left as it is. The password is in PGPASSWORD or PGPASSFILE.',
  ],
  example: 'patchmesh migrate --to postgresql://patchmesh@db.example.com/patchmesh --data ./center',
  async run({ options, terminal, show }) {
    const to = required('to', options.to)
    const url = to === EMBEDDED ? null : parsed('to', to, DatabaseUrl)
    const folder = await namedData(options.data)
    const line = new ProgressLine(terminal)
    const progress = (table: string, rows: number): void => line.update(() => `copied ${rows} rows of ${table}`)
    const given = { folder, nowMs: Date.now(), progress }
    const migrated = url === null ? await migrateToEmbedded(given) : await migrateToPostgres(url, given)
    line.end()
    return show(asJson(to, migrated), () => lines(to, migrated))
  },
})

function asJson(to: string, { copied, trail, aside }: Migrated) {
  return { to, rows: Object.fromEntries(copied.map(({ table, rows }) => [table, rows])), trail, aside }
}

function lines(to: string, { copied, trail, aside }: Migrated): string[] {
  const rows = copied.reduce((sum, one) => sum + one.rows, 0)
  return [
    `${rows} rows of ${copied.length} tables are in ${to}, read again and the same; the trail has ${trail} entries and is intact`,
    ...(aside === null ? [] : [`the database that was in the folder is in ${aside}`]),
    to === EMBEDDED
      ? 'start the controller without --database now'
      : 'start the controller now; it finds the database by itself',
  ]
}
