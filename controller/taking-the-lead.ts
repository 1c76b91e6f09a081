/**
 * What a controller does before it serves where its database is PostgreSQL: it waits for the database, and until this node leads, and
 * answers meanwhile that it stands by. Who leads and loses that ends its process, and whoever supervises it starts it anew.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../agent/shell/log.ts'
import type { Supervisor } from '../agent/shell/supervisor.ts'
import { signingKeyFromSeed } from '../protocol/trust/envelope.ts'
import { serveHttp } from './api/http-server.ts'
import { createStandby } from './api/standby.ts'
import { isAway } from './shell/database/postgresql/away.ts'
import type { Leadership } from './shell/database/postgresql/leadership.ts'
import { PostgresDatabase } from './shell/database/postgresql/postgres-database.ts'
import { readKeySeeds } from './shell/keys.ts'
import { ROOT_SETTING } from './shell/repository.ts'

const TRY_AGAIN_MS = 1_000
const SAY_MS = 10_000

export type StandbyOptions = {
  readonly url: string
  /** The data folder, which must have the keys that the records belong to. */
  readonly folder: string
  /** By which people know this node. */
  readonly node: string
  readonly http: Omit<Parameters<typeof serveHttp>[1], 'limits'>
  readonly secureCookies: boolean
  readonly log: Log
  readonly watched: Supervisor
  readonly lost: (error: Error) => void
}

export async function takeTheLead(options: StandbyOptions): Promise<{ postgres: PostgresDatabase; lead: Leadership }> {
  const { url, node, log, watched } = options
  let reason = 'waits for its database'
  const app = createStandby({ reason: () => reason, log, secureCookies: options.secureCookies })
  const server = await serveHttp(app, options.http)
  const waits = (why: string): void => {
    reason = why
    watched.ready(why)
    process.stderr.write(`${node} ${why}\n`)
  }
  const postgres = await opened(url, log, waits)
  const lost = (why: string): void => options.lost(new Error(`${node} does not lead any more: ${why}`))
  const mayLead = (): Promise<void> => refuseOtherKeys(options.folder, postgres)
  const lead = await postgres.lead({ node, log, mayLead, waits, lost })
  await server.close()
  log.info({ node, epoch: lead.epoch, database: postgres.name }, 'leads')
  return { postgres, lead }
}

/** A node that stood by without them would be found out when it is needed. */
async function refuseOtherKeys(folder: string, postgres: PostgresDatabase): Promise<void> {
  const root = await postgres.setting(ROOT_SETTING)
  if (root === null) return
  const seeds = await readKeySeeds(folder)
  if (seeds !== null && signingKeyFromSeed(seeds.signing).peer === root) return
  throw new Error(
    `The folder ${folder} has ${seeds === null ? 'no keys' : 'other keys'}, and the database ${postgres.name} belongs to ${root}. ` +
      'Bring the keys of the other node: patchmesh keys seal writes them to a file there, and patchmesh keys place puts them here.',
  )
}

/** What does not pass by itself is thrown. */
async function opened(url: string, log: Log, waits: (reason: string) => void): Promise<PostgresDatabase> {
  for (let saidAt = Number.NEGATIVE_INFINITY; ; ) {
    try {
      return await PostgresDatabase.open(url)
    } catch (error) {
      if (!(error instanceof Error) || !isAway(error)) throw error
      if (performance.now() - saidAt > SAY_MS) {
        saidAt = performance.now()
        log.warn({ err: error }, 'waits for its database')
        waits(`waits for its database: ${error.message}`)
      }
    }
    await pause(TRY_AGAIN_MS)
  }
}
