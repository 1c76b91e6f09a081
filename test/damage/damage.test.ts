/**
 * Damaged fleets, judged from outside: the judge finds everything that it can find when it is planted, and nothing in drawn
 * ones.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import type { Fleet } from '../../simulator/processes/fleet.ts'
import { flipByte } from '../support/damage.ts'
import { eventually } from '../support/eventually.ts'
import { renew } from './damage-file.ts'
import { type Damage, drawDamages, inWords } from './draw.ts'
import { type Acknowledged, FINDINGS, type Finding, judge } from './judge.ts'
import { begin, damaged, MENDED_WITHIN_MS, runFleet, startFleet } from './run-fleet.ts'

/** Of the 500 that `npm run damage -- --count 500` runs. */
const DRAWN = 4

test('damages are drawn from their seed alone', () => {
  for (let seed = 1; seed <= 50; seed++) assert.deepEqual(drawDamages(seed, 20), drawDamages(seed, 20))
})

test(`nothing is found in the first ${DRAWN} drawn damages`, async () => {
  const { steps } = await runFleet({ seed: 1, damages: drawDamages(1, DRAWN) })
  assert.equal(steps.length, DRAWN)
  const found = steps.flatMap(({ damage, complaints }) =>
    complaints.map(({ finding, sentence }) => `${inWords(damage)}: ${finding}: ${sentence}`),
  )
  assert.deepEqual(found, [])
})

describe('the judge of damaged fleets finds', () => {
  let work: string
  let fleet: Fleet
  let acknowledged: Acknowledged
  const planted = new Set<Finding>()
  before(async () => {
    work = mkdtempSync(join(tmpdir(), 'patchmesh-damage-'))
    ;({ fleet, acknowledged } = await startFleet(work))
    await begin(fleet, acknowledged, { work, number: 1 })
    assert.deepEqual(await judge(fleet, acknowledged, MENDED_WITHIN_MS), [])
  })
  after(async () => {
    await fleet.stop()
    rmSync(work, { recursive: true })
  })

  async function finds(finding: Finding): Promise<void> {
    planted.add(finding)
    await eventually(`${finding} is found`, async () =>
      (await judge(fleet, acknowledged, 0)).some((complaint) => complaint.finding === finding),
    )
  }

  const anyPatch = (): string => [...acknowledged.patches.keys()][0] ?? assert.fail('there is no patch')

  test('a counted copy of which a byte is another', async () => {
    const file = join(fleet.folderOf('rome-1'), 'store', anyPatch())
    flipByte(file, 5_000)
    await finds('counted-not-right')
    flipByte(file, 5_000)
  })

  test('a copy of the Service Center that is gone', async () => {
    const file = join(fleet.folder, 'service-center', 'store', anyPatch())
    renameSync(file, `${file}.away`)
    await finds('not-mended')
    renameSync(`${file}.away`, file)
  })

  test('an appliance that is not there', async () => {
    fleet.daemon('rome-1').kill('SIGKILL')
    await finds('not-reachable')
    await fleet.startAgent('rome-1')
    assert.deepEqual(await judge(fleet, acknowledged, MENDED_WITHIN_MS), [])
  })

  const OF_A_DATABASE: Damage = { victim: 'service-center', place: 'patchmesh.sqlite-wal', way: 'empty', word: 1 }
  const OF_AN_AGENT: Damage = { victim: 'paris-2', place: 'enrollment', way: 'empty', word: 1 }

  test('a patch that was deleted because no record knew it', async () => {
    const mischief = (folder: string): void => rmSync(join(folder, 'store', anyPatch()))
    await findsAtStart('file-deleted', OF_A_DATABASE, mischief)
    assert.deepEqual(await judge(fleet, acknowledged, MENDED_WITHIN_MS), [])
  })

  test('a daemon that does not start though it was done what it said', async () => {
    const mischief = (folder: string): void => renameSync(join(folder, 'identity'), join(folder, 'elsewhere'))
    await findsAtStart('does-not-start', OF_AN_AGENT, mischief)
    const folder = fleet.folderOf('paris-2')
    renameSync(join(folder, 'elsewhere'), join(folder, 'identity'))
    await fleet.startAgent('paris-2')
  })

  test('a daemon that does not start and does not say what to do', async () => {
    const mischief = (folder: string): void => {
      renameSync(join(folder, 'store'), join(folder, 'elsewhere'))
      writeFileSync(join(folder, 'store'), '')
    }
    await findsAtStart('refused-without-words', { ...OF_AN_AGENT, way: 'nothing' }, mischief)
    const folder = fleet.folderOf('paris-2')
    rmSync(join(folder, 'store'))
    renameSync(join(folder, 'elsewhere'), join(folder, 'store'))
    await fleet.startAgent('paris-2')
  })

  async function findsAtStart(finding: Finding, damage: Damage, mischief: (folder: string) => void): Promise<void> {
    planted.add(finding)
    const { complaints } = await damaged(fleet, damage, { work, earlier: work, mischief })
    assert.ok(
      complaints.some((complaint) => complaint.finding === finding),
      JSON.stringify(complaints),
    )
  }

  test('a patch, a person, an install and entries of the trail that are lost', async () => {
    await fleet.serviceCenter.stop()
    const file = databaseFile(join(fleet.folder, 'service-center'))
    for (const name of [file, `${file}-wal`]) if (existsSync(name)) renew(name)
    rmSync(`${file}-shm`, { force: true })
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    for (const { name } of database.prepare("select name from sqlite_schema where type = 'trigger'").all())
      database.exec(`drop trigger "${String(name)}"`)
    for (const table of ['patches', 'receipts', 'targets', 'installs', 'accounts', 'audit'])
      database.exec(`delete from ${table}`)
    database.close()
    await fleet.restartServiceCenter()
    for (const finding of ['patch-lost', 'person-lost', 'install-lost', 'trail-lost'] as const) await finds(finding)
  })

  test('whatever it can find', () => assert.deepEqual([...planted].sort(), [...FINDINGS].sort()))
})
