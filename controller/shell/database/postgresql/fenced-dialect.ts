/**
 * Kysely's PostgreSQL, with a fence: each transaction begins by raising the revision, in the row that a node which takes the lead
 * changes too. So one at a time writes, and whoever does not lead any more finds no row and can write nothing, however late it
 * notices. The commands beside a controller write as guests: in turn, whoever leads.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely'
import type { Connections } from './connect.ts'
import { LEASE_SECONDS } from './leadership.ts'

export class NotLeading extends Error {
  override readonly name = 'NotLeading'
}

/** The epoch in which this process leads; null for a guest. */
export type Fence = { epoch: number | null }

const RAISE = 'update leadership set revision = revision + 1 where id = 1'
/**
 * The server keeps the lock of a machine that died without a word until its connection ends, which may take hours; nobody else could
 * lead until then. So it takes back what whoever leads leaves open for as long as a lease.
 */
const RAISE_LEADING = `${RAISE} and epoch = $1
  returning set_config('idle_in_transaction_session_timeout', '${LEASE_SECONDS}s', true)`

export function fencedDialect(connections: Connections, fence: Fence): Dialect {
  const config = { pool: connections as never }
  const dialect = new PostgresDialect(config)
  dialect.createDriver = () => new FencedDriver(config, fence)
  return dialect
}

class FencedDriver extends PostgresDriver {
  readonly #fence: Fence

  constructor(config: ConstructorParameters<typeof PostgresDriver>[0], fence: Fence) {
    super(config)
    this.#fence = fence
  }

  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await super.beginTransaction(connection, settings)
    const { epoch } = this.#fence
    try {
      const query = epoch === null ? CompiledQuery.raw(RAISE) : CompiledQuery.raw(RAISE_LEADING, [epoch])
      const { numAffectedRows } = await connection.executeQuery(query)
      if (numAffectedRows !== 1n) throw new NotLeading('another node leads: this one writes nothing any more')
    } catch (error) {
      // Where that fails too, the connection is gone, and the transaction with it.
      await Promise.allSettled([super.rollbackTransaction(connection as never)])
      throw error
    }
  }
}
