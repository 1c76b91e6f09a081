/**
 * R5 and R6: records that are lost or older than what they speak of, with real processes. Nothing that is whole is deleted
 * for it, nothing that lies on the disk is pulled again, and everybody is told.
 */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'

let fleet: Fleet
let work: string
before(async () => {
  work = mkdtempSync(join(tmpdir(), 'patchmesh-lost-'))
  fleet = await Fleet.start()
  const paris = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
  await fleet.add(slotOf({ ...paris, name: 'primary', role: 'primary' }))
  await fleet.reachable(['primary'])
})
after(async () => {
  await fleet.stop()
  rmSync(work, { recursive: true })
})

async function upload(name: string): Promise<string> {
  const out = join(work, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: 3_000_000, out })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    '1/1',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  return id
}

test('R6 an agent whose ledger is gone sets its copies aside, and counts them again without pulling them', async () => {
  const id = await upload('kept')
  const folder = fleet.folderOf('primary')
  await fleet.daemon('primary').stop()
  for (const name of readdirSync(folder)) if (name.startsWith('ledger.sqlite')) rmSync(join(folder, name))
  await fleet.startAgent('primary')
  const { log } = fleet.daemon('primary')
  assert.match(log, new RegExp(`"files":\\["${join(folder, 'unknown', id)}"\\].*the ledger does not know these files`))
  await eventually('it is a proven copy again', () => existsSync(join(folder, 'store', id)))
  assert.equal(existsSync(join(folder, 'unknown', id)), false)
  assert.match(fleet.daemon('primary').log, /"pieces":12,"of":12,"msg":"goes on with the pieces that are here"/)
  await fleet.until(
    '1/1 again',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
})

test('R6 an agent whose ledger is gone while an installer works is not heard before that has ended, and the other member of its pair does not begin', async () => {
  const org = { organization: 'Org', dataCenter: 'Paris', kind: 'tenant' } as const
  const members = ['one', 'other'] as const
  await fleet.add(slotOf({ ...org, name: 'one', role: 'secondary' }))
  await fleet.add(slotOf({ ...org, name: 'other', role: 'primary' }))
  await fleet.reachable([...members])
  const out = join(work, 'held.patch')
  await writeControlledBundle({ out, name: 'held', waits: true, restart: 'service' })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    '1/1',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  await fleet.api.startInstall({ patch: id, organizations: ['Org'], dataCenter: 'Paris', allowOutage: false })
  const root = (name: string): string => join(fleet.folderOf(name), 'root')
  await eventually('the installer is at work', () => existsSync(join(root('one'), 'attempts')))
  fleet.daemon('one').kill('SIGKILL')
  await eventually('the agent is gone', () => !fleet.daemon('one').running)
  for (const name of readdirSync(fleet.folderOf('one')))
    if (name.startsWith('ledger.sqlite')) rmSync(join(fleet.folderOf('one'), name))
  const started = fleet.startAgent('one')
  await eventually('it waits for the installer', () =>
    /an install that the ledger does not know is at work/.test(fleet.daemon('one').log),
  )
  assert.equal(existsSync(join(root('other'), 'attempts')), false)
  for (const name of members) writeFileSync(join(root(name), 'go'), '')
  await started
  await fleet.reachable([...members])
  assert.equal(existsSync(join(root('one'), 'opt/held/version')), true, 'it was let go on to its end')
  assert.equal(readFileSync(join(root('one'), 'attempts'), 'utf8'), 'run\n', 'and never started anew')
})

// The last: the fleet cannot make tokens beside a database that was replaced.
test('R5 a Service Center with an older database sets aside what that does not know, and takes it back when it is uploaded again', async () => {
  const folder = join(fleet.folder, 'service-center')
  const backup = join(work, 'backup.sqlite')
  const database = new DatabaseSync(databaseFile(folder))
  database.exec(`vacuum into '${backup}'`)
  database.close()
  const id = await upload('after-the-backup')
  await fleet.serviceCenter.stop()
  for (const end of ['', '-wal', '-shm']) rmSync(`${databaseFile(folder)}${end}`, { force: true })
  cpSync(backup, databaseFile(folder))
  await fleet.restartServiceCenter()
  assert.match(
    fleet.serviceCenter.log,
    /"files":\["\S+\/unknown\/[0-9a-f]{64}"\].*the database does not know these files/,
  )
  assert.deepEqual(readdirSync(join(folder, 'unknown')), [id])
  assert.equal(await upload('after-the-backup'), id)
  assert.deepEqual(readdirSync(join(folder, 'unknown')), [])
})
