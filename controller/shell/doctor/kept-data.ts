/**
 * The keys and the database of a Service Center, looked at without changing them: where the embedded database is closed not
 * even the files beside it come into being.
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { attention, type Finding, right, wrong } from '../../../agent/shell/doctor/finding.ts'
import { inWords } from '../../../agent/shell/sqlite-file.ts'
import { databaseExists, databaseFile } from '../database/embedded-file.ts'
import { newerMigration } from '../database/migrations.ts'
import { notedDatabase } from '../database/noted-database.ts'
import { PostgresDatabase } from '../database/postgresql/postgres-database.ts'
import { embeddedDatabase } from '../database/sqlite-database.ts'
import { readKeySeeds } from '../keys.ts'

export const START = 'systemctl start patchmesh-controller, or see its log'

export async function keysFinding(folder: string): Promise<Finding> {
  const mend = "restore the folder keys from a backup (operator's guide, Backing up and restoring)"
  const seeds = await readKeySeeds(folder).catch((error: Error) => error)
  if (seeds instanceof Error) return wrong('keys', seeds.message, mend)
  if (seeds !== null) return right('keys', 'both are there and whole')
  if (!databaseExists(folder) && (await notedDatabase(folder)) === null)
    return attention('keys', 'none yet: the first start makes them', START)
  return wrong('keys', 'both are missing, and every appliance trusts them', mend)
}

export async function databaseFinding(folder: string, runs: boolean): Promise<Finding> {
  const url = await notedDatabase(folder).catch((error: Error) => error)
  if (url instanceof Error) return wrong('database', url.message, 'see docs/data-folders.md')
  return url === null ? embeddedFinding(folder, runs) : postgresFinding(url)
}

/** It answers, is of a version that does, and has something in it. */
async function postgresFinding(url: string): Promise<Finding> {
  const opened = await PostgresDatabase.open(url).catch((error: Error) => error)
  if (opened instanceof Error)
    return wrong('database', opened.message, 'see whether PostgreSQL runs there and lets us in')
  try {
    if (!(await opened.isEmpty())) return right('database', `${opened.name} answers`)
    return attention('database', `${opened.name} is empty: the first start makes its tables`, START)
  } finally {
    await opened.close()
  }
}

function embeddedFinding(folder: string, runs: boolean): Finding {
  if (!databaseExists(folder)) return attention('database', 'none yet: the first start makes it', START)
  const file = databaseFile(folder)
  // Only its controller may look at what it had not finished; it does so at its start.
  if (!runs && existsSync(`${file}-wal`)) {
    const detail = 'it was not closed, since its controller was killed; the next start reads all of it'
    return attention('database', detail, START)
  }
  const address = pathToFileURL(file)
  if (!runs) address.searchParams.set('immutable', '1')
  const mend = "restore it from a backup (operator's guide, Backing up and restoring)"
  try {
    return inWords(embeddedDatabase(file), () => {
      const database = new DatabaseSync(address, { readOnly: true })
      try {
        const word = String(database.prepare('pragma quick_check(1)').get()?.quick_check)
        if (word !== 'ok') return wrong('database', `it is damaged (${word.replaceAll(/\s+/g, ' ')})`, mend)
        const applied = database.prepare('select name from kysely_migration').all()
        const newer = newerMigration(applied.map(({ name }) => String(name)))
        if (newer === undefined) return right('database', `whole, and of this release (${applied.length} steps)`)
        const detail = `it was written by a newer release (it knows ${newer})`
        return wrong('database', detail, 'start that release, or restore the backup from before the upgrade')
      } finally {
        database.close()
      }
    })
  } catch (error) {
    return wrong('database', (error as Error).message, mend)
  }
}
