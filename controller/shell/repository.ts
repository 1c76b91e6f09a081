/**
 * The one module that reads and writes the database. It decides nothing about the fleet: it keeps records exactly as
 * the core made them. What a promise has resolved for is durable, and a commit is all or nothing, whenever the process
 * is killed. Several processes may hold the same file: the controller, and the commands that make tokens.
 */
import { Kysely, type Transaction } from 'kysely'
import type { InstallId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { type Refusal, RefusedError } from '../../protocol/refusals.ts'
import type { Change, StatementRecord, TokenRecord } from '../core/records.ts'
import { databaseFile } from './database/embedded-file.ts'
import { migrate } from './database/migrations.ts'
import { loadPatchRules } from './database/patch-rules.ts'
import { type Alone, PeopleTables } from './database/people-tables.ts'
import type { PostgresDatabase } from './database/postgresql/postgres-database.ts'
import {
  accessRecord,
  accessRow,
  applianceRecord,
  baselineRecord,
  installRecord,
  limitsRecord,
  patchRecord,
  plain,
  receiptRecord,
  statementRecord,
  targetRecord,
  tokenRecord,
  windowRecord,
} from './database/rows.ts'
import type { Schema } from './database/schema.ts'
import { sqliteDialect } from './database/sqlite-database.ts'
import { readTrail, readTrailAfter } from './database/trail-table.ts'
import { loadTrust } from './database/trust-tables.ts'
import { nextTokenPosition, writeChange } from './database/write-change.ts'
import type { AccessRecord, ChainedEntry, KeptAnswer, People, Repository, TrailEntry, TrailQuery } from './ports.ts'

/** For how long, and how many of one owner, answers to requests with an Idempotency-Key are kept. */
const ANSWER_LIFETIME_MS = 24 * 3600 * 1000
const MAX_ANSWERS_KEPT = 500

/** The settings that name the keys this database belongs to. */
export const ROOT_SETTING = 'root'
const MESH_SETTING = 'mesh-identity'

export type RepositoryOptions = {
  readonly folder: string
  /** The database where it is not the embedded one of the folder. */
  readonly postgres?: PostgresDatabase | null
  /** The peer id of the key that signs publications. */
  readonly root: PeerId
  /** That of the key by which appliances know whom they dial, where it is known. */
  readonly mesh?: PeerId
  /** Whether it may be one that belongs to no keys yet; it may, where nobody says otherwise. */
  readonly isNew?: boolean
  /** Reads every page first, which takes about a second for a million rows. */
  readonly proven?: boolean
}

/**
 * Opens the database of a data folder, or makes it. Throws a sentence for a database that is damaged, newer than this
 * release or of other keys.
 */
export async function openRepository(options: RepositoryOptions): Promise<SqlRepository> {
  const { folder, postgres = null, root, proven } = options
  const file = postgres?.name ?? databaseFile(folder)
  const dialect = postgres?.dialect() ?? sqliteDialect(file, { proven: proven ?? false })
  const repository = new SqlRepository(new Kysely<Schema>({ dialect }), root, postgres)
  try {
    await repository.prepare(options)
    return repository
  } catch (error) {
    await repository.close()
    const why = error instanceof Error ? error.message : String(error)
    if (why.startsWith('The database ')) throw error
    throw new Error(`The database ${file} cannot be used: ${why}.`, { cause: error })
  }
}

export class SqlRepository implements Repository {
  readonly #database: Kysely<Schema>
  readonly #root: PeerId
  readonly #postgres: PostgresDatabase | null
  readonly people: People

  constructor(database: Kysely<Schema>, root: PeerId, postgres: PostgresDatabase | null = null) {
    this.#database = database
    this.#root = root
    this.#postgres = postgres
    this.people = new PeopleTables(database, this.#alone)
  }

  /** Brings the tables to this release and binds a new database to its keys. */
  async prepare({ mesh, isNew = true }: Pick<RepositoryOptions, 'mesh' | 'isNew'> = {}): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await migrate(transaction)
      if (!isNew && (await readSetting(transaction, ROOT_SETTING)) === undefined)
        throw new Error('it is empty, and the folder "keys" had another. Restore both from the same backup')
      await belongTo(transaction, { setting: ROOT_SETTING, key: this.#root, what: 'signing key' })
      if (mesh !== undefined) await belongTo(transaction, { setting: MESH_SETTING, key: mesh, what: 'mesh identity' })
    })
  }

  /** In one transaction, so that the records belong together. */
  load(): Promise<Change[]> {
    return this.#database.transaction().execute(async (transaction) => {
      const patches = await transaction.selectFrom('patches').selectAll().orderBy('uploadedAt').execute()
      const installs = await transaction.selectFrom('installs').selectAll().orderBy('startedAt').execute()
      const receipts = await transaction.selectFrom('receipts').selectAll().execute()
      const ownCopies = await transaction.selectFrom('ownCopies').selectAll().execute()
      const detections = await transaction.selectFrom('detections').selectAll().execute()
      const targets = await transaction.selectFrom('targets').selectAll().execute()
      const limits = await transaction.selectFrom('limits').selectAll().execute()
      const baselines = await transaction.selectFrom('baselines').selectAll().execute()
      const windows = await transaction.selectFrom('windows').selectAll().execute()
      const rosters = await transaction.selectFrom('rosters').selectAll().execute()
      return [
        ...(await loadSlots(transaction)),
        ...patches.map((row): Change => ({ table: 'patches', row: patchRecord(row, this.#root) })),
        ...receipts.map((row): Change => ({ table: 'receipts', row: receiptRecord(row) })),
        ...ownCopies.map((row): Change => ({ table: 'ownCopies', row: plain(row) })),
        ...detections.map((row): Change => ({ table: 'detections', row: plain(row) })),
        ...installs.map((row): Change => ({ table: 'installs', row: installRecord(row) })),
        ...targets.map((row): Change => ({ table: 'targets', row: targetRecord(row) })),
        ...limits.map((row): Change => ({ table: 'limits', row: limitsRecord(row) })),
        ...baselines.map((row): Change => ({ table: 'baselines', row: baselineRecord(row) })),
        ...(await loadPatchRules(transaction)),
        ...(await loadTrust(transaction)),
        ...windows.map((row): Change => ({ table: 'windows', row: windowRecord(row) })),
        ...rosters.map(({ dataCenter, version }): Change => ({ table: 'rosters', row: { dataCenter, version } })),
      ]
    })
  }

  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    const write = async (transaction: Transaction<Schema>): Promise<void> => {
      for (const change of changes) await writeChange(transaction, change)
    }
    if (this.#postgres === null) await this.#database.transaction().execute(write)
    else await this.#postgres.lastingly(this.#database, write)
  }

  /**
   * `judge` sees every token and appliance while nobody else can add one, so two commands at the same moment cannot
   * both get one name or one role. What it refuses is thrown as a `RefusedError` and nothing is stored.
   */
  async issueToken(
    token: TokenRecord,
    judge: (slots: readonly Change[]) => Refusal | null = () => null,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const refusal = judge(await loadSlots(transaction))
      if (refusal !== null) throw new RefusedError(refusal)
      const position = await nextTokenPosition(transaction)
      await transaction
        .insertInto('tokens')
        .values({ ...token, position })
        .execute()
    })
  }

  async tokensAfter(position: number): Promise<{ position: number; tokens: TokenRecord[] }> {
    const query = this.#database.selectFrom('tokens').selectAll().where('position', '>', position).orderBy('position')
    const rows = await this.#read(() => query.execute())
    return { position: rows.at(-1)?.position ?? position, tokens: rows.map(tokenRecord) }
  }

  readSetting(key: string): Promise<string | undefined> {
    return this.#read(() => readSetting(this.#database, key))
  }

  writeSetting(key: string, value: string): Promise<void> {
    return this.#alone((database) => writeSetting(database, key, value))
  }

  /** Forgets what has expired by the way, so the table stays small. */
  async addAccess(access: AccessRecord): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('access').where('expiresAt', '<=', access.createdAt).execute()
      await transaction.insertInto('access').values(accessRow(access)).execute()
    })
  }

  async findAccess(secretHash: Sha256): Promise<AccessRecord | undefined> {
    const query = this.#database.selectFrom('access').selectAll().where('secretHash', '=', secretHash)
    const row = await query.executeTakeFirst()
    return row === undefined ? undefined : accessRecord(row)
  }

  async takeAccess(secretHash: Sha256): Promise<AccessRecord | undefined> {
    const row = await this.#alone((database) =>
      database.deleteFrom('access').where('secretHash', '=', secretHash).returningAll().executeTakeFirst(),
    )
    return row === undefined ? undefined : accessRecord(row)
  }

  async statements({ install, patch }: { install: InstallId; patch: Sha256 }): Promise<StatementRecord[]> {
    const rows = await this.#database
      .selectFrom('statements')
      .selectAll()
      .where('patch', '=', patch)
      .where((where) => where.or([where('install', '=', install), where('install', 'is', null)]))
      .orderBy('heardAt')
      .orderBy('digest')
      .execute()
    return rows.map(statementRecord)
  }

  trail(query: TrailQuery): Promise<TrailEntry[]> {
    return this.#read(() => readTrail(this.#database, query))
  }

  trailAfter(position: number | null, limit: number): Promise<ChainedEntry[]> {
    return this.#read(() => readTrailAfter(this.#database, position, limit))
  }

  async findAnswer(request: { owner: Sha256; key: string; nowMs: number }): Promise<KeptAnswer | undefined> {
    const { owner, key, nowMs } = request
    const query = this.#database.selectFrom('answers').selectAll().where('owner', '=', owner).where('key', '=', key)
    const row = await query.where('keptAt', '>', nowMs - ANSWER_LIFETIME_MS).executeTakeFirst()
    return row === undefined ? undefined : plain(row)
  }

  async keepAnswer(answer: KeptAnswer): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const { owner, keptAt } = answer
      await transaction
        .deleteFrom('answers')
        .where('keptAt', '<=', keptAt - ANSWER_LIFETIME_MS)
        .execute()
      const newest = transaction
        .selectFrom('answers')
        .select('key')
        .where('owner', '=', owner)
        .orderBy('keptAt', 'desc')
      const others = transaction.deleteFrom('answers').where('owner', '=', owner)
      await others.where('key', 'not in', newest.limit(MAX_ANSWERS_KEPT - 1)).execute()
      const insert = transaction.insertInto('answers').values(answer)
      await insert.onConflict((conflict) => conflict.columns(['owner', 'key']).doUpdateSet(answer)).execute()
    })
  }

  /** A statement that is a transaction by itself; only in one that begins with the fence is it known who leads. */
  readonly #alone: Alone = (statement) =>
    this.#postgres === null ? statement(this.#database) : this.#database.transaction().execute(statement)

  /** For what asks again and again by itself: it is not ended by a connection that is. */
  #read<Read>(read: () => Promise<Read>): Promise<Read> {
    return this.#postgres === null ? read() : this.#postgres.patiently(read)
  }

  async close(): Promise<void> {
    if (this.#postgres === null) await this.#database.destroy()
    else await this.#postgres.close()
  }
}

/** The records that decide whether a token may be issued. */
async function loadSlots(transaction: Transaction<Schema>): Promise<Change[]> {
  const tokens = await transaction.selectFrom('tokens').selectAll().orderBy('position').execute()
  const appliances = await transaction.selectFrom('appliances').selectAll().execute()
  return [
    ...tokens.map((row): Change => ({ table: 'tokens', row: tokenRecord(row) })),
    ...appliances.map((row): Change => ({ table: 'appliances', row: applianceRecord(row) })),
  ]
}

/** A release that did not note the key has used it, too. */
async function belongTo(
  database: Kysely<Schema>,
  { setting, key, what }: { setting: string; key: PeerId; what: string },
): Promise<void> {
  const known = await readSetting(database, setting)
  if (known === undefined) await writeSetting(database, setting, key)
  else if (known !== key) {
    throw new Error(
      `it belongs to the ${what} ${known}, and the folder "keys" holds ${key}. ` +
        'Restore the folder "keys" and the database from the same backup',
    )
  }
}

async function readSetting(database: Kysely<Schema>, key: string): Promise<string | undefined> {
  const row = await database.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}

async function writeSetting(database: Kysely<Schema>, key: string, value: string): Promise<void> {
  await database
    .insertInto('settings')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
