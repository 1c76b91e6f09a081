/**
 * Connections to PostgreSQL, and its errors as sentences. Nothing here relies on a session: a pooler that gives each
 * transaction another connection will do. A query without an answer in time ends its connection, so that one which died without a
 * word holds nobody up for longer.
 */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { storableText } from '../storable-text.ts'
import { type Away, isAway } from './away.ts'

/** Reading all records of a large fleet, and an index over them, take their time; whether the lead is lost is known by the lease. */
const ANSWER_WITHIN_MS = 60_000
const CONNECT_WITHIN_MS = 3_000
/** For how long a connection is tried for, since a server that is started again is back within it. */
const PATIENCE_MS = 5_000
const TRY_AGAIN_MS = 200
const MAX_CONNECTIONS = 6
/** PostgreSQL's own numbers of types (pg_type.dat). */
const BYTEA = 17
const INT8 = 20

export const OLDEST_VERSION = 150_000

/** What Kysely's driver asks of a connection. */
type Query = (text: string, values?: readonly unknown[]) => Promise<pg.QueryResult>
export type Connection = { query: Query; release(): void; readonly processID: number | undefined }
export type Connections = { connect(): Promise<Connection>; end(): Promise<void>; query: Query }

/** Whole numbers as numbers, and bytes as plain arrays of bytes; everything else as pg gives it. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') => {
    if (Number(id) === INT8) return Number
    if (Number(id) === BYTEA) return (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
    return pg.types.getTypeParser(id, format)
  },
}

/** `url` without a password: that is in PGPASSWORD or in the file of PGPASSFILE. */
export function connectionsTo(
  url: string,
  { most = MAX_CONNECTIONS, patienceMs = PATIENCE_MS, answerWithinMs = ANSWER_WITHIN_MS } = {},
): Connections {
  const pool = new pg.Pool({
    connectionString: url,
    max: most,
    types: TYPES,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    query_timeout: answerWithinMs,
    application_name: 'patchmesh',
  })
  // Without these the process would end of a connection that does. Whoever uses it is told why.
  const ends: Ends = new WeakMap()
  pool.on('error', (error, client) => ends.set(client, error))
  pool.on('connect', (client) => client.on('error', (error) => ends.set(client, error)))
  const known = new WeakMap<pg.PoolClient, Connection>()
  const connect = async (): Promise<Connection> => {
    const client = await connected(pool, patienceMs)
    const connection = known.get(client) ?? connectionOf(client, ends)
    known.set(client, connection)
    return connection
  }
  const query: Query = async (text, values) => {
    const connection = await connect()
    try {
      return await connection.query(text, values)
    } finally {
      connection.release()
    }
  }
  // Whoever could not open what is in it has closed it, and so does whoever has asked for that.
  const end = async (): Promise<void> => {
    if (!pool.ending) await pool.end()
  }
  return { connect, query, end }
}

/** Nothing was asked yet, so trying again repeats nothing. */
async function connected(pool: pg.Pool, patienceMs: number): Promise<pg.PoolClient> {
  const givesUpMs = performance.now() + patienceMs
  for (;;) {
    try {
      return await pool.connect()
    } catch (error) {
      if (!isAway(error) || performance.now() > givesUpMs) throw error
    }
    await pause(TRY_AGAIN_MS)
  }
}

/** Why a connection has ended. */
type Ends = WeakMap<pg.ClientBase, Error>

function connectionOf(client: pg.PoolClient, ends: Ends): Connection {
  let isBroken = false
  return {
    processID: (client as unknown as { processID?: number }).processID,
    release: () => client.release(isBroken),
    async query(text, values = []) {
      // Whatever is asked would wait behind what got no answer.
      if (isBroken) throw ends.get(client) ?? new Error('Connection terminated')
      try {
        return await client.query(
          text,
          values.map((value) => (typeof value === 'string' ? storableText(value) : value)),
        )
      } catch (error) {
        isBroken ||= isAway(error)
        if (error instanceof Error) error.cause ??= ends.get(client)
        throw error
      }
    },
  }
}

/** `patchmesh@db.example.com:5432/patchmesh`. */
export function nameOf(url: string): string {
  const { host, port, user, database } = new pg.Client({ connectionString: url })
  return `${user}@${host}:${port}/${database}`
}

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong. Put the right one into PGPASSWORD, or into the file of PGPASSFILE',
  '28000': 'this user may not connect from here. Let it in with pg_hba.conf',
  '3D000': 'there is no such database. Make it: createdb --encoding UTF8 --owner USER NAME',
  '42501': 'this user may not make tables there. Make it the owner of the database',
  '25006': 'it can only be read: it is a standby, or is set so. Name the server that takes writes',
  '53100': 'the disk of its server is full. Make room there: then it goes on by itself',
  '53300': 'it has no connection left. Raise max_connections, or end who holds them',
}

/** An error of PostgreSQL, or of the way to it, as a sentence; others as they are. */
export function inWords(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  const known = WHAT_TO_DO[code]
  if (known === undefined && !isAway(error) && !/no password/.test(error.message)) return error
  const what = known ?? `it cannot be reached (${code || error.message}). Look whether it runs, and the way to it`
  const told = new Error(`The database ${name} fails: ${what}.`, { cause: error })
  return Object.assign(
    told,
    code === '53100' ? { code: 'ENOSPC' } : isAway(error) ? ({ isAway: true } satisfies Away) : {},
  )
}
