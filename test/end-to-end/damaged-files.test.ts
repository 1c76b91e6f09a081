/**
 * R11 and R5: every file that a daemon keeps and cannot do without, damaged in each way that a disk, a crash or a hand
 * knows, with real processes. The daemon does not start; one sentence names the file, what is wrong with it and what to
 * do; and nothing in the folder has been changed or deleted, so that who reads the sentence can still do it.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { encode } from '../../protocol/codec.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { policyFor } from '../../simulator/world/approving.ts'
import { type AgentEnd, refused, runAgent, runController } from '../support/agent-run.ts'
import { cut, empty, fillPages, fillWithText, flipByte, replaceByOtherDatabase } from '../support/damage.ts'
import { slotOf } from '../support/fleet-slots.ts'

/** The file, what happens to it, and what is said of it, behind its name. */
type Row = readonly [file: string, what: string, damage: (file: string) => void, says: RegExp]

const remove = (file: string): void => rmSync(file, { recursive: true })
const becomeFolder = (file: string): void => {
  remove(file)
  mkdirSync(file)
}

const RESTORE = 'Restore identity and enrollment from the same backup of .*, or make the appliance a new member: .*'
const MOVE_AWAY = 'Stop the agent, move the file away .* looks again at what is installed'
const BACKUP = 'Stop the controller, keep the file for examination and restore the newest backup'

const OTHER_FLEET = '12D3KooWGRUfUXZrSsYV9FQbRPvQjzYy2mVfM1nDhYJZVfG2oXKz' as PeerId
const OTHER_TRUST = encode({ version: 1, policy: policyFor(OTHER_FLEET), taken: [] })

const OF_AN_AGENT: readonly Row[] = [
  ['ledger.sqlite', 'has garbage pages', fillPages, new RegExp(`fails: it is damaged( \\(.*\\))?\\. ${MOVE_AWAY}`)],
  ['ledger.sqlite', 'lost its end', (file) => cut(file, -5000), new RegExp(`fails: it is damaged.*\\. ${MOVE_AWAY}`)],
  ['ledger.sqlite', 'is a text', fillWithText, new RegExp(`fails: it is not a database, .*\\. ${MOVE_AWAY}`)],
  ['ledger.sqlite', 'is of another program', replaceByOtherDatabase, new RegExp(`of something else\\. ${MOVE_AWAY}`)],
  ['ledger.sqlite', 'is a folder', becomeFolder, /fails: it cannot be opened. Give its folder and files to the user/],
  ['identity', 'has another byte', (file) => flipByte(file, 7), new RegExp(`is another key than .*\\. ${RESTORE}`)],
  ['identity', 'lost a byte', (file) => cut(file, -1), new RegExp(`31 bytes instead of 32\\. ${RESTORE}`)],
  ['identity', 'is empty', empty, new RegExp(`is damaged: it has 0 bytes instead of 32\\. ${RESTORE}`)],
  ['identity', 'is gone', remove, new RegExp(`is missing, and the enrollment beside it.*\\. ${RESTORE}`)],
  ['identity', 'is a folder', becomeFolder, new RegExp(`is a folder\\. ${RESTORE}`)],
  ['enrollment', 'is empty', empty, new RegExp(`is damaged: .*\\. ${RESTORE}`)],
  ['enrollment', 'lost its end', (file) => cut(file, -100), new RegExp(`is damaged: .*\\. ${RESTORE}`)],
  ['enrollment', 'is a text', fillWithText, new RegExp(`is damaged: .*\\. ${RESTORE}`)],
  ['enrollment', 'is a folder', becomeFolder, new RegExp(`is a folder\\. ${RESTORE}`)],
  ['trust', 'is empty', (file) => writeFileSync(file, ''), /is damaged: .*the ledger says the same/],
  ['trust', 'is a text', fillWithText, /is damaged: .*the ledger says the same/],
  [
    'trust',
    'is of another fleet',
    (file) => writeFileSync(file, OTHER_TRUST),
    /is damaged: policy 1 is for the fleet of/,
  ],
  ['lock', 'is a text', fillWithText, /is no lock\. Remove it, .* and start again: it holds nothing/],
]

const OF_THE_SERVICE_CENTER: readonly Row[] = [
  ['patchmesh.sqlite', 'has garbage pages', fillPages, new RegExp(`fails: it is damaged.*\\. ${BACKUP}`)],
  ['patchmesh.sqlite', 'lost its end', (file) => cut(file, -5000), new RegExp(`fails: it is damaged.*\\. ${BACKUP}`)],
  ['patchmesh.sqlite', 'is a text', fillWithText, new RegExp(`fails: it is not a database, .*\\. ${BACKUP}`)],
  ['patchmesh.sqlite', 'is of another program', replaceByOtherDatabase, new RegExp(`of something else\\. ${BACKUP}`)],
  ['patchmesh.sqlite', 'is gone', remove, /is missing, and .*keys\/signing .* are of .* Restore the database and the/],
  ['patchmesh.sqlite', 'is empty', empty, /is empty, and .*keys\/signing .* are of .* Restore the database and the/],
  ['keys/signing', 'has another byte', (file) => flipByte(file, 3), /belongs to the signing key .* the same backup/],
  ['keys/signing', 'lost a byte', (file) => cut(file, -1), /has 31 bytes instead of 32\. Restore it/],
  ['keys/signing', 'is empty', empty, /has 0 bytes instead of 32\. Restore it from a backup/],
  ['keys/signing', 'is gone', remove, /is missing, and every appliance trusts it\. Restore it from a backup/],
  [
    'keys/mesh-identity',
    'has another byte',
    (file) => flipByte(file, 30),
    /belongs to the mesh identity .* same backup/,
  ],
  ['keys/mesh-identity', 'is empty', empty, /has 0 bytes instead of 32\. Restore it from a backup/],
  ['keys/mesh-identity', 'is gone', remove, /is missing, and every appliance trusts it\. Restore it from a backup/],
  ['keys', 'are gone', remove, /mesh-identity is missing, and every appliance trusts it\. Restore it from a backup/],
  ['lock', 'is a text', fillWithText, /is no lock\. Remove it, .* and start again: it holds nothing/],
]

let fleet: Fleet
let work: string
before(async () => {
  work = mkdtempSync(join(tmpdir(), 'patchmesh-damaged-'))
  fleet = await Fleet.start()
  const paris = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
  await fleet.add(slotOf({ ...paris, name: 'primary', role: 'primary' }))
  const out = join(work, 'a.patch')
  await writeExampleBundle({ name: 'a', version: '1.0.0', bytes: 300_000, out })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    '1/1',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  await fleet.daemon('primary').stop()
  await fleet.serviceCenter.stop()
})
after(async () => {
  await fleet.stop()
  rmSync(work, { recursive: true })
})

/** The folder of a daemon that was stopped, once more. */
function copyOf(daemon: 'primary' | 'service-center'): string {
  const folder = mkdtempSync(join(work, 'data-'))
  cpSync(join(fleet.folder, daemon), folder, { recursive: true })
  if (daemon === 'primary') return folder
  // The fleet itself has the database open, so the last changes lie beside it.
  const database = new DatabaseSync(databaseFile(folder))
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  return folder
}

/** Every file with the digest of what is in it; but SQLite makes, and folds, what it keeps beside a database. */
function contentOf(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/-(?:wal|shm)$/.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ])
}

async function refuses(row: Row, folder: string, run: (words: string[]) => Promise<AgentEnd>): Promise<void> {
  const [file, , damage, says] = row
  damage(join(folder, file))
  const before = contentOf(folder)
  const end = await run(['--data', folder])
  refused(end, says)
  assert.ok(end.sentences[0]?.includes(join(folder, file === 'keys' ? 'keys/' : file.replace(/^keys\/.*/, ''))))
  assert.deepEqual(contentOf(folder), before, 'nothing of it was changed')
  rmSync(folder, { recursive: true })
}

describe('R11 an agent does not start, and says what to do, where', () => {
  for (const row of OF_AN_AGENT)
    test(`its ${row[0]} ${row[1]}`, () => refuses(row, copyOf('primary'), (words) => runAgent(words)))

  test('any byte of its enrollment is another, so that no damage looks like a network that does not answer', async () => {
    const { size } = statSync(join(fleet.folderOf('primary'), 'enrollment'))
    const folder = copyOf('primary')
    const original = readFileSync(join(folder, 'enrollment'))
    for (const part of [0, 0.3, 0.95, 0.999]) {
      writeFileSync(join(folder, 'enrollment'), original)
      flipByte(join(folder, 'enrollment'), Math.floor(part * size))
      refused(await runAgent(['--data', folder]), new RegExp(`enrollment is damaged: .*\\. ${RESTORE}`))
    }
  })
})

describe('R5, R11 a Service Center does not start, and says what to do, where', () => {
  for (const row of OF_THE_SERVICE_CENTER) {
    test(`its ${row[0]} ${row[1]}`, async () => {
      const folder = copyOf('service-center')
      const stored = readdirSync(join(folder, 'store')).length
      assert.ok(stored > 0)
      await refuses(row, folder, (words) => runController(words))
    })
  }

  test('its database and its keys are gone, and patches of an earlier one are there', async () => {
    const folder = copyOf('service-center')
    for (const name of readdirSync(folder)) if (name !== 'store') rmSync(join(folder, name), { recursive: true })
    refused(await runController(['--data', folder]), /is missing, and .*store are of a Service Center that had one/)
    assert.deepEqual(readdirSync(join(folder, 'store')), readdirSync(join(fleet.folder, 'service-center', 'store')))
  })
})
