/**
 * Copies all records from one database into another that has none, of either kind, and reads them again on the other side. Nothing is
 * changed where they come from.
 */
import { createHash } from 'node:crypto'
import { type Kysely, PostgresAdapter, sql, type Transaction } from 'kysely'
import type { Schema } from './schema.ts'
import { storableText } from './storable-text.ts'

const AT_ONCE = 200

type Table = keyof Schema
type Row = Readonly<Record<string, unknown>>

/** In an order in which nothing refers to what comes later; a table that is missing here does not compile. */
const TABLES: { readonly [Name in Table]: true } = {
  settings: true,
  tokens: true,
  appliances: true,
  patches: true,
  ownCopies: true,
  receipts: true,
  detections: true,
  installs: true,
  targets: true,
  rosters: true,
  limits: true,
  publishers: true,
  policies: true,
  authorizations: true,
  windows: true,
  baselines: true,
  advisories: true,
  dueDays: true,
  retention: true,
  pins: true,
  statements: true,
  audit: true,
  access: true,
  accounts: true,
  passkeys: true,
  answers: true,
}

export type Copied = { readonly table: Table; readonly rows: number }

/** Throws a sentence where what is read again on the other side is not the same; then nothing was copied. */
export async function copyRecords(
  from: Kysely<Schema>,
  to: Kysely<Schema>,
  progress: (table: Table, rows: number) => void,
): Promise<Copied[]> {
  return from.transaction().execute((source) =>
    to.transaction().execute(async (target) => {
      const copied: Copied[] = []
      // The keys that the other database was made with are among the settings.
      await target.deleteFrom('settings').execute()
      for (const table of Object.keys(TABLES) as Table[]) {
        const sent = new Digests()
        for await (const rows of readRows(source, table)) {
          for (const row of rows) sent.add(row)
          await target
            .insertInto(table)
            .values(rows as never)
            .execute()
          progress(table, sent.rows)
        }
        const arrived = new Digests()
        for await (const rows of readRows(target, table)) for (const row of rows) arrived.add(row)
        if (arrived.all() !== sent.all())
          throw new Error(
            `What was copied of the table ${table} is not the same on the other side: nothing was changed there`,
          )
        copied.push({ table, rows: sent.rows })
      }
      return copied
    }),
  )
}

/** Some at a time, so that a large table takes no more memory than a small one. The trail comes in its order. */
async function* readRows(database: Transaction<Schema>, table: Table): AsyncGenerator<Row[]> {
  const rows = database.selectFrom(table).selectAll()
  const query = table === 'audit' ? rows.orderBy(sql.ref('position')) : rows
  if (!(database.getExecutor().adapter instanceof PostgresAdapter)) {
    let some: Row[] = []
    for await (const row of query.stream()) {
      some.push({ ...(row as Row) })
      if (some.length === AT_ONCE) {
        yield some
        some = []
      }
    }
    if (some.length > 0) yield some
    return
  }
  await sql`declare copied no scroll cursor for ${query}`.execute(database)
  for (;;) {
    const fetched = await sql<Row>`fetch ${sql.raw(String(AT_ONCE))} from copied`.execute(database)
    if (fetched.rows.length > 0) yield fetched.rows
    if (fetched.rows.length < AT_ONCE) break
  }
  await sql`close copied`.execute(database)
}

/** A digest of rows that does not depend on their order, nor on that of their columns. */
class Digests {
  readonly #digests: string[] = []

  get rows(): number {
    return this.#digests.length
  }

  add(row: Row): void {
    const columns = Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1))
    const text = JSON.stringify(columns.map(([name, value]) => [name, comparable(value)]))
    this.#digests.push(createHash('sha256').update(text).digest('base64'))
  }

  all(): string {
    return createHash('sha256').update(this.#digests.sort().join()).digest('hex')
  }
}

/** A text is compared as a PostgreSQL stores it. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  return value instanceof Uint8Array ? ['bytes', Buffer.from(value).toString('base64')] : value
}
