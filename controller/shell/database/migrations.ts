/**
 * How the tables come into being and change from release to release. A migration that was released is never edited:
 * a change is a new one, with a name that sorts after all others. They run together in one transaction, so a process
 * that is killed in the middle has changed nothing.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { appendOnlyTrail } from './append-only-trail.ts'
import { firstRelease } from './first-release.ts'
import { mended, phaseTimes, targetTimes, together, waveSoaks } from './later-columns.ts'
import { exposure, retention } from './patch-rule-tables.ts'
import type { Schema } from './schema.ts'
import { policies, publishers } from './trust-tables.ts'

export const MIGRATIONS: Record<string, Migration> = {
  '0001-first-release': { up: firstRelease },
  '0002-limits': { up: limits },
  '0003-answers': { up: answers },
  '0004-people': { up: people },
  '0005-places': { up: places },
  '0006-by-whom': { up: byWhom },
  '0007-append-only-trail': { up: appendOnlyTrail },
  '0008-passkeys': { up: passkeys },
  '0009-publishers': { up: publishers },
  '0010-looked': { up: looked },
  '0011-copies': { up: copies },
  '0012-held-keys': { up: heldKeys },
  '0013-ledger-losses': { up: ledgerLosses },
  '0014-windows': { up: windows },
  '0015-waves': { up: waves },
  '0016-statements': { up: statements },
  '0017-baselines': { up: baselines },
  '0018-wave-soaks': { up: waveSoaks },
  '0019-target-times': { up: targetTimes },
  '0020-together': { up: together },
  '0021-mended': { up: mended },
  '0022-phase-times': { up: phaseTimes },
  '0024-retention': { up: retention },
  '0026-exposure': { up: exposure },
  '0027-policies': { up: policies },
}

/** One that this release does not know, so that a newer one has written the database. */
export function newerMigration(applied: readonly string[]): string | undefined {
  return applied.find((name) => !Object.hasOwn(MIGRATIONS, name))
}

/** Throws a sentence for a database that a newer release has written. */
export async function migrate(transaction: Transaction<Schema>): Promise<void> {
  const newer = newerMigration(await appliedMigrations(transaction))
  if (newer !== undefined) {
    throw new Error(
      `it was written by a newer release of patchmesh (it knows ${newer}, this release does not): ` +
        'start that release, or restore the backup from before the upgrade',
    )
  }
  const migrator = new Migrator({ db: transaction, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function appliedMigrations(transaction: Transaction<Schema>): Promise<string[]> {
  const tables = await transaction.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const rows = await transaction
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  return rows.map(({ name }) => name)
}

/** What people allow patches to take of the WAN, by Data Center; an empty place is the Service Center's own uplink. */
async function limits(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('limits')
    .addColumn('place', 'text', (column) => column.primaryKey())
    .addColumn('downBitsPerSecond', 'bigint')
    .addColumn('upBitsPerSecond', 'bigint')
    .addColumn('quietHours', 'text', (column) => column.notNull())
    .addColumn('trades', 'integer', (column) => column.notNull())
    .execute()
}

/** What was answered to requests that carried an Idempotency-Key. */
async function answers(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('answers')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('body', 'blob', (column) => column.notNull())
    .addColumn('keptAt', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('answers_key', ['owner', 'key'])
    .execute()
  await database.schema.createIndex('answers_by_time').on('answers').column('keptAt').execute()
}

/**
 * Accounts; whose a session is, and what it and an API token may do. Whatever got in before had every right, and keeps
 * it. The trail says from where, and of which organization.
 */
async function people(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('accounts')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('organizations', 'text')
    .addColumn('passwordHash', 'text')
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('disabledAt', 'bigint')
    .addColumn('signedInAt', 'bigint')
    .execute()
  const access = () => schema.alterTable('access')
  await access()
    .addColumn('role', 'text', (column) => column.notNull().defaultTo('owner'))
    .execute()
  await access().addColumn('organizations', 'text').execute()
  await access().addColumn('account', 'text').execute()
  await access()
    .addColumn('usedAt', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await access()
    .addColumn('origin', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await schema.createIndex('access_by_account').on('access').column('account').execute()
  const audit = () => schema.alterTable('audit')
  await audit()
    .addColumn('organization', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await audit()
    .addColumn('origin', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await schema.createIndex('audit_by_actor').on('audit').columns(['actor', 'position']).execute()
  await schema.createIndex('audit_by_action').on('audit').columns(['action', 'position']).execute()
}

/** How often an install was set going, and in which wave a target was ordered; of earlier ones nobody knows the wave. */
async function waves(database: Kysely<unknown>): Promise<void> {
  const alter = (table: string) => database.schema.alterTable(table)
  for (const table of ['installs', 'targets']) {
    await alter(table)
      .addColumn('run', 'integer', (column) => column.notNull().defaultTo(1))
      .execute()
  }
  await alter('targets').addColumn('wave', 'integer').execute()
}

/** What was signed about installs, from this release on. */
async function statements(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('statements')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('peer', 'text', (column) => column.notNull())
    .addColumn('patch', 'text', (column) => column.notNull())
    .addColumn('install', 'text')
    .addColumn('heardAt', 'bigint', (column) => column.notNull())
    .addColumn('envelope', 'blob', (column) => column.notNull())
    .execute()
  await database.schema.createIndex('statements_by_patch').on('statements').columns(['patch', 'install']).execute()
}

/** Who uploaded a patch and who started an install; of those that were there before nobody knows. */
async function byWhom(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('patches').addColumn('uploadedBy', 'text').execute()
  await database.schema.alterTable('installs').addColumn('startedBy', 'text').execute()
}

/** Keys in people's devices that sign them in, and who may sign in with these alone. */
async function passkeys(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('passkeys')
    .addColumn('credential', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('userHandle', 'text', (column) => column.notNull())
    .addColumn('publicKey', 'blob', (column) => column.notNull())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('usedAt', 'bigint')
    .execute()
  await database.schema
    .alterTable('accounts')
    .addColumn('passkeyOnly', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}

/** Maintenance windows and blackouts, and installs that may begin outside of them, as all did that were there before. */
async function windows(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('windows')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('window', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .alterTable('installs')
    .addColumn('outsideWindows', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}

/** What each place shall have; none was set before. */
async function baselines(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('baselines')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('baseline', 'text', (column) => column.notNull())
    .execute()
}

/** When an appliance looked again at what is installed; those that were there before have not said so yet. */
async function looked(database: Kysely<unknown>): Promise<void> {
  for (const column of ['lookedAt', 'lookedCounter']) {
    await database.schema
      .alterTable('appliances')
      .addColumn(column, 'bigint', (added) => added.notNull().defaultTo(0))
      .execute()
  }
}

/** When an appliance noticed that its ledger was lost; none of those that were there before has said so. */
async function ledgerLosses(database: Kysely<unknown>): Promise<void> {
  for (const column of ['ledgerLostAt', 'ledgerLostCounter']) {
    await database.schema
      .alterTable('appliances')
      .addColumn(column, 'bigint', (added) => added.notNull().defaultTo(0))
      .execute()
  }
}

/** Receipts are taken back and signed anew, and the Service Center proves its own copies. */
async function copies(database: Kysely<unknown>): Promise<void> {
  const receipts = () => database.schema.alterTable('receipts')
  await receipts()
    .addColumn('counter', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await receipts()
    .addColumn('wrong', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await database.schema
    .createTable('ownCopies')
    .addColumn('sha256', 'text', (column) => column.primaryKey())
    .addColumn('provenAt', 'bigint', (column) => column.notNull())
    .addColumn('wrong', 'text', (column) => column.notNull())
    .execute()
}

/** Since when a key is held that two machines use. */
async function heldKeys(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('appliances').addColumn('heldAt', 'bigint').execute()
}

/** Appliances are retired and renamed, and a name is free again when its appliance is retired. */
async function places(database: Kysely<unknown>): Promise<void> {
  const schema = database.schema
  await schema.alterTable('tokens').addColumn('replaces', 'text').execute()
  await schema.alterTable('appliances').renameTo('appliances_before').execute()
  await schema
    .createTable('appliances')
    .addColumn('peer', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('organization', 'text', (column) => column.notNull())
    .addColumn('dataCenter', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('group', 'text', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('enrolledAt', 'bigint', (column) => column.notNull())
    .addColumn('membership', 'blob', (column) => column.notNull())
    .addColumn('addresses', 'text', (column) => column.notNull())
    .addColumn('orderSequence', 'bigint', (column) => column.notNull())
    .addColumn('lastSeenAt', 'bigint', (column) => column.notNull())
    .addColumn('membershipAt', 'bigint', (column) => column.notNull())
    .addColumn('retiredAt', 'bigint')
    .execute()
  const kept = sql.raw(
    'peer, name, organization, "dataCenter", kind, role, "group", epoch, "enrolledAt", membership, addresses, ' +
      '"orderSequence", "lastSeenAt", "enrolledAt", null',
  )
  await sql`insert into appliances select ${kept} from appliances_before`.execute(database)
  await schema.dropTable('appliances_before').execute()
  await schema
    .createIndex('appliances_by_name')
    .on('appliances')
    .column('name')
    .unique()
    .where(sql.ref('retiredAt'), 'is', null)
    .execute()
}
