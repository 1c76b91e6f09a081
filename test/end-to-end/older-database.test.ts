/**
 * A database that is older than what it has told, since its newest transactions were lost with its `-wal`, or since an
 * older file was put back: it is whole and starts, and the log and the trail say what is missing.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'

const TRAIL = { who: undefined, from: undefined, to: undefined, text: undefined, limit: '100' }
const SAID = /^the database is an older one, or another: its trail has no entry (\d+) of 20\d\d-/
let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
})
after(() => fleet.stop())

function folder(): string {
  return join(fleet.folder, 'service-center')
}

/** What is acknowledged is in the trail, and the trail's head is noted beside the database. */
async function personAdded(name: string): Promise<void> {
  await fleet.api.addPerson({ name, role: 'owner', organizations: null })
  const { head } = await fleet.api.verifyTrail(undefined)
  await eventually('the head of the trail is noted', () =>
    readFileSync(join(folder(), 'trail-head.json'), 'utf8').includes(head),
  )
}

/** Whoever else has it open keeps the old files. */
async function killed(): Promise<void> {
  fleet.serviceCenter.kill('SIGKILL')
  await eventually('it is gone', () => !fleet.serviceCenter.running)
  const file = databaseFile(folder())
  for (const name of [file, `${file}-wal`]) {
    copyFileSync(name, `${name}.renewed`)
    renameSync(`${name}.renewed`, name)
  }
  rmSync(`${file}-shm`)
}

async function notices(): Promise<string[]> {
  const { entries } = await fleet.api.trail({ ...TRAIL, action: 'notice-database' })
  return entries.map(({ outcome }) => outcome)
}

test(
  'R5: a database of which the -wal was emptied says that its newest entries are missing, once',
  DEADLINE,
  async () => {
    await personAdded('in the file')
    const database = new DatabaseSync(databaseFile(folder()))
    database.exec('pragma wal_checkpoint(truncate)')
    database.close()
    await personAdded('in the log of writes')
    await killed()
    const wal = `${databaseFile(folder())}-wal`
    assert.ok(statSync(wal).size > 0)
    truncateSync(wal)
    await fleet.restartServiceCenter()
    const [outcome = ''] = await eventually('the trail says it', async () => {
      const said = await notices()
      return said.length > 0 && said
    })
    assert.match(outcome, SAID)
    assert.match(fleet.serviceCenter.log, /the database is an older one, or another/)
    assert.ok((await fleet.api.people()).every(({ name }) => name !== 'in the log of writes'))
    await personAdded('afterwards')
    await fleet.restartServiceCenter()
    await personAdded('after that')
    assert.equal((await notices()).length, 1)
  },
)

test('R5: a database after kill -9 of which nothing was lost says nothing', DEADLINE, async () => {
  const before = await notices()
  await personAdded('killed')
  await killed()
  await fleet.restartServiceCenter()
  await personAdded('after the kill')
  assert.deepEqual(await notices(), before)
  assert.equal((await fleet.api.verifyTrail(undefined)).intact, true)
})
