/**
 * R5 and R6: records that are lost or older than what they speak of, with real processes. Nothing that is whole is deleted
 * for it, nothing that lies on the disk is pulled again, and everybody is told.
 */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { databaseFile } from '../../controller/shell/repository.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
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
  await fleet.until(
    '1/1 again, of which nothing came over the WAN',
    async () => ({ patch: await fleet.api.patch(id), dataCenters: await fleet.api.dataCenters() }),
    ({ patch, dataCenters }) =>
      patch.replications.complete === 1 && dataCenters.every(({ wanBytes }) => wanBytes === 0),
  )
})

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
