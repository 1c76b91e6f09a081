/**
 * A PostgreSQL database as a place for the records of a Service Center: connected, of a version that does, prepared, and not one of
 * something else. Who opens it is a guest until it is told to lead.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Dialect, type Kysely, sql, type Transaction } from 'kysely'
import type { Log } from '../../../../agent/shell/log.ts'
import type { Schema } from '../schema.ts'
import { isAway, isConflict } from './away.ts'
import { type Connections, connectionsTo, inWords, nameOf, OLDEST_VERSION } from './connect.ts'
import { type Fence, fencedDialect } from './fenced-dialect.ts'
import { Leadership, takeTheLead } from './leadership.ts'

/** How long a guest tries; whoever leads tries for as long as its lease is good. */
const GUEST_TRIES_MS = 10_000
/** Well below the length of a lease, so that whoever leads knows in time. */
const LEASE_ANSWER_WITHIN_MS = 5_000
const TRY_AGAIN_MS = 200

/** Errors of PostgreSQL that say that somebody else has made the same at the same moment. */
const MADE_MEANWHILE = new Set(['23505', '42P07', '42710', '42P06'])

/** Made before the migrations, which begin with the fence as all transactions do. A domain lets them say `blob` here too. */
const PREPARE = [
  `do $$ begin
    if not exists (select from pg_type where typname = 'blob' and typnamespace = current_schema()::regnamespace)
    then create domain blob as bytea; end if;
  end $$`,
  `create table if not exists lease (id integer primary key check (id = 1), epoch bigint not null, holder text not null,
    "expiresAt" timestamptz not null)`,
  `create table if not exists leadership (id integer primary key check (id = 1), epoch bigint not null,
    revision bigint not null, "lastCommit" text not null)`,
  `insert into lease values (1, 0, '', '-infinity') on conflict do nothing`,
  `insert into leadership values (1, 0, 0, '') on conflict do nothing`,
]

export class PostgresDatabase {
  /** For sentences; without a password. */
  readonly name: string
  readonly #connections: Connections
  readonly #ofLease: Connections
  readonly #fence: Fence = { epoch: null }
  #leadership: Leadership | null = null
  /** Of the commit before. Only the name of the last one is kept, so the next waits until that of this one was found. */
  #written: Promise<unknown> = Promise.resolve()

  private constructor(url: string) {
    this.name = nameOf(url)
    this.#connections = connectionsTo(url)
    this.#ofLease = connectionsTo(url, { most: 1, patienceMs: 0, answerWithinMs: LEASE_ANSWER_WITHIN_MS })
  }

  /** Throws a sentence; `isAway` tells one that may pass by itself. */
  static async open(url: string): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(url)
    try {
      await database.#prepare()
      return database
    } catch (error) {
      await database.close()
      throw inWords(database.name, error)
    }
  }

  dialect(): Dialect {
    return fencedDialect(this.#connections, this.#fence)
  }

  /** Whether records of a Service Center are in it. */
  async isEmpty(): Promise<boolean> {
    const { rows } = await this.#connections.query(`select to_regclass('settings') is null as "isEmpty"`)
    return rows[0]?.['isEmpty'] === true
  }

  /** A setting of the records that are in it; null where there are none yet. */
  async setting(key: string): Promise<string | null> {
    if (await this.isEmpty()) return null
    const { rows } = await this.#connections.query('select value from settings where key = $1', [key])
    const value: unknown = rows[0]?.['value']
    return typeof value === 'string' ? value : null
  }

  /** Which node leads now, or null. */
  async leader(): Promise<string | null> {
    const { rows } = await this.#connections.query(
      'select holder from lease where id = 1 and "expiresAt" > clock_timestamp()',
    )
    const holder: unknown = rows[0]?.['holder']
    return typeof holder === 'string' ? holder : null
  }

  /** Resolves when this process leads. From then on it writes as who leads, and `lost` is called when it does not any more. */
  async lead(options: {
    node: string
    log: Log
    mayLead?: () => Promise<void>
    waits: (reason: string) => void
    lost: (reason: string) => void
  }): Promise<Leadership> {
    const { node, log, mayLead = async () => {}, waits, lost } = options
    const taken = await takeTheLead({ connections: this.#ofLease, node, log, mayLead, waits })
    this.#fence.epoch = taken.epoch
    this.#leadership = new Leadership({ connections: this.#ofLease, lead: taken, log, lost })
    return this.#leadership
  }

  /**
   * Does what `write` does once, though the database is away for a moment: a transaction of which no answer came is looked for,
   * by the name that it has left, before it is done again.
   */
  lastingly(database: Kysely<Schema>, write: (transaction: Transaction<Schema>) => Promise<void>): Promise<void> {
    const written = this.#written.then(() => this.#writeOnce(database, write))
    this.#written = Promise.allSettled([written])
    return written
  }

  async #writeOnce(
    database: Kysely<Schema>,
    write: (transaction: Transaction<Schema>) => Promise<void>,
  ): Promise<void> {
    const name = randomUUID()
    const givesUpMs = performance.now() + GUEST_TRIES_MS
    for (let tries = 0; ; tries++) {
      try {
        await database.transaction().execute(async (transaction) => {
          // Behind the fence, since the one without an answer may have been committed only now.
          if (tries > 0 && (await wasCommitted(transaction, name))) return
          await write(transaction)
          if (this.#leadership !== null)
            await sql`update leadership set "lastCommit" = ${name} where id = 1`.execute(transaction)
        })
        return
      } catch (error) {
        // A guest leaves no name, so it cannot find out whether what it wrote is there.
        const mayTry = this.#leadership === null ? performance.now() < givesUpMs : this.#leadership.holds
        const isRepeatable = isConflict(error) || (isAway(error) && this.#leadership !== null)
        if (!mayTry || !isRepeatable) throw inWords(this.name, error)
      }
      await pause(TRY_AGAIN_MS)
    }
  }

  /** What `read` gives, though the connection ends under it. */
  async patiently<Read>(read: () => Promise<Read>): Promise<Read> {
    const givesUpMs = performance.now() + GUEST_TRIES_MS
    for (;;) {
      try {
        return await read()
      } catch (error) {
        if (!isAway(error) || performance.now() > givesUpMs) throw inWords(this.name, error)
      }
      await pause(TRY_AGAIN_MS)
    }
  }

  async close(): Promise<void> {
    await this.#connections.end()
    await this.#ofLease.end()
  }

  async #prepare(): Promise<void> {
    const { rows } = await this.#connections.query('show server_version_num')
    const version = Number(rows[0]?.['server_version_num'])
    if (version < OLDEST_VERSION)
      throw new Error(`The database ${this.name} is PostgreSQL ${Math.floor(version / 10_000)}: 15 or later is needed.`)
    await this.#refuseForeign()
    for (const statement of PREPARE) {
      try {
        await this.#connections.query(statement)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && MADE_MEANWHILE.has(String(error.code)))) throw error
      }
    }
  }

  async #refuseForeign(): Promise<void> {
    const { rows } = await this.#connections.query(
      `select count(*)::integer as tables, bool_or(tablename = 'leadership') as ours from pg_tables where schemaname = current_schema()`,
    )
    const { tables, ours } = rows[0] ?? {}
    if (Number(tables) > 0 && ours !== true)
      throw new Error(
        `The database ${this.name} has tables of something else, and none of them was touched: make one for patchmesh alone (createdb).`,
      )
  }
}

async function wasCommitted(transaction: Transaction<Schema>, name: string): Promise<boolean> {
  const last = sql<{ lastCommit: string }>`select "lastCommit" from leadership where id = 1`
  return (await last.execute(transaction)).rows[0]?.lastCommit === name
}
