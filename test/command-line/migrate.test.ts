/**
 * `patchmesh migrate`: what the Service Center knows, from its folder into a PostgreSQL and back, with nothing lost on the way.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openLog } from '../../agent/shell/log.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { PostgresDatabase } from '../../controller/shell/database/postgresql/postgres-database.ts'
import { placeKeySeeds } from '../../controller/shell/keys.ts'
import { openData } from '../../controller/shell/open-data.ts'
import { everyRecord } from '../contracts/sample-records.ts'
import { DEADLINE } from '../support/eventually.ts'
import { Postgres } from '../support/postgres.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { patchmesh } from './run-patchmesh.ts'

/** Those that the sample records are signed with. */
const SEEDS = { signing: new Uint8Array(32).fill(1), meshIdentity: new Uint8Array(32).fill(2) }
const ENTRIES = 450
const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-migrate-'))
let postgres: Postgres
let made = 0

before(async () => {
  postgres = await Postgres.start()
})
after(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

test('an address that is none is a sentence', async () => {
  const { status, stderr } = await migrate(folder, 'nonsense')
  assert.equal(status, 2)
  assert.match(stderr, /is not postgresql:\/\/USER@HOST:PORT\/NAME/)
})

const migrate = (data: string, to: string) => patchmesh(['migrate', '--data', data, '--to', to, '--json'])

/** A record of each table that the core has, a person, a setting, and more entries of the trail than are copied at once. */
async function filled(): Promise<string> {
  const data = path.join(folder, `center-${++made}`)
  mkdirSync(path.join(data, 'keys'), { recursive: true })
  writeFileSync(path.join(data, 'keys/new'), '')
  await placeKeySeeds(data, SEEDS)
  const { repository } = await openData(data)
  await repository.commit(everyRecord())
  const ana = { key: 'ana', name: 'Ana', role: 'owner', organizations: null, passwordHash: 'x' } as const
  const times = { createdAt: 1, disabledAt: null, signedInAt: null }
  await repository.people.alterAccount('ana', () => ({ ...ana, passkeyOnly: false, ...times }))
  const row = { at: 1, actor: 'Ana', action: 'a', subject: "a 'quoted' Ünïcode \\ 字 🚀", outcome: 'line\nline' }
  await repository.commit(Array.from({ length: ENTRIES }, () => ({ table: 'audit', row }) as const))
  await repository.writeSetting('odd', '')
  await repository.close()
  return data
}

async function whatIsKnown(data: string): Promise<unknown> {
  const { repository } = await openData(data)
  const changes = await repository.load()
  const known = {
    records: changes.map((change) => JSON.stringify(change)).sort(),
    people: await repository.people.accounts(),
    trail: await repository.trailAfter(null, 10_000),
    setting: await repository.readSetting('odd'),
  }
  await repository.close()
  return known
}

test('moves all there is into a PostgreSQL, and all of it back', DEADLINE, async () => {
  const data = await filled()
  const before = await whatIsKnown(data)
  const { status, stdout, stderr } = await migrate(data, await postgres.newDatabase())
  assert.equal(status, 0, stderr)
  const told = JSON.parse(stdout)
  assert.equal(told.rows.accounts, 1)
  assert.ok(told.rows.audit >= ENTRIES)
  assert.equal(told.trail, told.rows.audit)
  assert.equal(existsSync(databaseFile(data)), false)
  assert.ok(readdirSync(told.aside).includes('patchmesh.sqlite'))
  assert.deepEqual(await whatIsKnown(data), before)

  const back = await migrate(data, 'sqlite')
  assert.equal(back.status, 0, back.stderr)
  assert.deepEqual(JSON.parse(back.stdout).rows, told.rows)
  assert.equal(existsSync(path.join(data, 'database.json')), false)
  assert.deepEqual(await whatIsKnown(data), before)
})

test('refuses a database with records, and leaves the folder with its own', DEADLINE, async () => {
  const url = await postgres.newDatabase()
  assert.equal((await migrate(await filled(), url)).status, 0)
  const data = await filled()
  const { status, stderr } = await migrate(data, url)
  assert.equal(status, 1)
  assert.match(stderr, /has records already: make an empty one with createdb/)
  assert.ok(existsSync(databaseFile(data)))
})

test('refuses to go back while a node leads, and names it', DEADLINE, async () => {
  const url = await postgres.newDatabase()
  const data = await filled()
  assert.equal((await migrate(data, url)).status, 0)
  const database = await PostgresDatabase.open(url)
  const log = openLog('controller', 'error')
  const lead = await database.lead({ node: 'north', log, waits: () => {}, lost: () => {} })
  const { status, stderr } = await migrate(data, 'sqlite')
  assert.equal(status, 1)
  assert.match(stderr, /north leads: stop all nodes first/)
  await lead.release()
  await database.close()
  assert.equal((await migrate(data, 'sqlite')).status, 0)
})

test('refuses a trail that is broken, and what is not to be moved', DEADLINE, async () => {
  const data = await filled()
  tamperTrail(data, "update audit set subject = 'nothing' where position = 7")
  const url = await postgres.newDatabase()
  const broken = await migrate(data, url)
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /the trail is broken, and nothing was copied: entry 7 does not follow entry 6/)
  assert.equal((await migrate(await filled(), url)).status, 0, 'nothing was written there')
  assert.ok(existsSync(databaseFile(data)), 'the folder belongs to its own database still')
  const again = await migrate(data, 'sqlite')
  assert.match(again.stderr, /is the embedded one already/)
  const wrong = await migrate(data, 'postgresql://ana:secret@127.0.0.1/x')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /has a password: put it into PGPASSWORD/)
})
