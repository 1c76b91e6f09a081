/**
 * Moves the records of a Service Center from the embedded database into a PostgreSQL, or back. No node may run. What they come from is left
 * as it was: the embedded one is moved aside, a PostgreSQL stays where it is.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Dialect, Kysely } from 'kysely'
import { lockDataFolder } from '../../../agent/shell/data-folder-lock.ts'
import { syncFolder } from '../../../agent/shell/durable-file.ts'
import { checkTrail } from '../check-trail.ts'
import { type Copied, copyRecords } from '../database/copy-records.ts'
import { databaseExists, databaseFile } from '../database/embedded-file.ts'
import { forgetDatabase, noteDatabase, notedDatabase } from '../database/noted-database.ts'
import { PostgresDatabase } from '../database/postgresql/postgres-database.ts'
import type { Schema } from '../database/schema.ts'
import { sqliteDialect } from '../database/sqlite-database.ts'
import { type KeySeeds, readKeySeeds } from '../keys.ts'
import type { Repository } from '../ports.ts'
import { openRepository } from '../repository.ts'
import { BackupError, DATABASE_NAME } from './backup-contents.ts'
import { giveToOwner } from './give-to-owner.ts'
import { moveDatabaseAside } from './move-aside.ts'
import { peersOf } from './sealed-keys.ts'

const UNFINISHED = '.migrate-unfinished'

export type Migrated = {
  readonly copied: readonly Copied[]
  /** How many entries the trail has, each of which follows the one before it. */
  readonly trail: number
  /** Where the embedded database was moved to; null for one that was made. */
  readonly aside: string | null
}

export type MigrateOptions = {
  readonly folder: string
  readonly nowMs: number
  progress(table: string, rows: number): void
}

/** Throws a sentence; then the folder still belongs to its embedded database, and nothing is in the other. */
export async function migrateToPostgres(url: string, { folder, nowMs, progress }: MigrateOptions): Promise<Migrated> {
  const seeds = await keysOf(folder)
  lockDataFolder(folder)
  if ((await notedDatabase(folder)) !== null || !databaseExists(folder))
    throw new BackupError(`${folder} has no database of its own that could be moved`)
  const { signing: root, mesh } = peersOf(seeds)
  const embedded = await openRepository({ folder, root, mesh, isNew: false, proven: true })
  const trail = await intactTrail(embedded, nowMs).finally(() => embedded.close())
  const postgres = await PostgresDatabase.open(url)
  try {
    if (!(await postgres.isEmpty()))
      throw new BackupError(`the database ${postgres.name} has records already: make an empty one with createdb`)
    // Makes the tables; it is closed with the database.
    await openRepository({ folder, postgres, root, mesh })
    const copied = await withEmbedded(folder, (from) => copyRecords(from, over(postgres.dialect()), progress))
    const aside = await moveDatabaseAside(folder, nowMs)
    await noteDatabase(folder, url)
    await giveToOwner(path.join(folder, 'database.json'))
    return { copied, trail, aside }
  } finally {
    await postgres.close()
  }
}

/** Throws a sentence; then the folder still belongs to its PostgreSQL. */
export async function migrateToEmbedded({ folder, nowMs, progress }: MigrateOptions): Promise<Migrated> {
  const seeds = await keysOf(folder)
  lockDataFolder(folder)
  const url = await notedDatabase(folder)
  if (url === null) throw new BackupError(`the database of ${folder} is the embedded one already`)
  if (existsSync(databaseFile(folder))) throw new BackupError(`${databaseFile(folder)} is there: move it away first`)
  const unfinished = path.join(folder, UNFINISHED)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  const postgres = await PostgresDatabase.open(url)
  try {
    const leader = await postgres.leader()
    if (leader !== null) throw new BackupError(`${leader} leads: stop all nodes first`)
    const { signing: root, mesh } = peersOf(seeds)
    const trail = await intactTrail(await openRepository({ folder, postgres, root, mesh, isNew: false }), nowMs)
    await (await openRepository({ folder: unfinished, root, mesh })).close()
    const copied = await withEmbedded(unfinished, (into) => copyRecords(over(postgres.dialect()), into, progress))
    await rename(path.join(unfinished, DATABASE_NAME), databaseFile(folder))
    await syncFolder(folder)
    await giveToOwner(databaseFile(folder))
    await forgetDatabase(folder)
    return { copied, trail, aside: null }
  } finally {
    await postgres.close()
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function keysOf(folder: string): Promise<KeySeeds> {
  const seeds = await readKeySeeds(folder)
  if (seeds === null) throw new BackupError(`${folder} has no keys: name the data folder of the controller with --data`)
  return seeds
}

/** How many entries it has. */
async function intactTrail(repository: Repository, nowMs: number): Promise<number> {
  const { chain, broken } = await checkTrail({ repository, nowMs })
  if (broken !== null) throw new BackupError(`the trail is broken, and nothing was copied: ${broken.reason}`)
  return chain.entries
}

async function withEmbedded<Result>(
  folder: string,
  use: (database: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  const embedded = over(sqliteDialect(databaseFile(folder)))
  try {
    return await use(embedded)
  } finally {
    await embedded.destroy()
  }
}

function over(dialect: Dialect): Kysely<Schema> {
  return new Kysely<Schema>({ dialect })
}
