import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkTrail } from '../../controller/shell/check-trail.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { installRow, patchRow } from '../../controller/shell/database/rows.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { refuse } from '../../protocol/refusals.ts'
import { openOldDatabase } from '../support/old-database.ts'
import { repositoryContract } from './repository-contract.ts'
import { identity, sampleInstall, samplePatch, sampleToken, signing } from './sample-records.ts'

const base = mkdtempSync(path.join(tmpdir(), 'patchmesh-repository-'))
after(() => rmSync(base, { recursive: true, force: true }))
const newFolder = () => mkdtempSync(path.join(base, 'data-'))
const open = (folder: string) => openRepository({ folder, root: signing.peer })

repositoryContract('the embedded database', { newPlace: newFolder, open })

describe('the embedded database', () => {
  test('can be read by its owner only', async () => {
    const folder = newFolder()
    const repository = await open(folder)
    await repository.writeSetting('a', 'b')
    const files = readdirSync(folder)
    assert.deepEqual(files.sort(), ['patchmesh.sqlite', 'patchmesh.sqlite-shm', 'patchmesh.sqlite-wal'])
    for (const file of files) assert.equal(statSync(path.join(folder, file)).mode & 0o777, 0o600, file)
    await repository.close()
  })

  test('is made once by many processes that start at once, and takes the tokens of them all', async () => {
    const folder = newFolder()
    const processes = [0, 1, 2, 3, 4, 5].map((number) => run('issue-tokens.ts', folder, String(20 * number), '20'))
    for (const [code] of await Promise.all(processes.map((child) => once(child, 'exit')))) assert.equal(code, 0)
    const repository = await open(folder)
    assert.equal((await repository.tokensAfter(0)).tokens.length, 120)
    await repository.close()
  })

  test('says what to do when it is not a database', async () => {
    const folder = newFolder()
    writeFileSync(
      databaseFile(folder),
      'this is a text, and a rather long one, about something else entirely'.repeat(50),
    )
    await assert.rejects(
      open(folder),
      /database .*patchmesh\.sqlite fails: it is not a database.*restore the newest backup\.$/,
    )
  })

  test('says what to do when pages of it are damaged', async () => {
    const folder = newFolder()
    const repository = await open(folder)
    await repository.commit([{ table: 'patches', row: samplePatch() }])
    await repository.close()
    truncateSync(databaseFile(folder), 8192)
    await assert.rejects(async () => (await open(folder)).load(), /damaged.*restore the newest backup\.$/)
  })

  test('says what to do when a newer release has written it', async () => {
    const folder = newFolder()
    await (await open(folder)).close()
    const raw = new DatabaseSync(databaseFile(folder))
    raw.exec("insert into kysely_migration (name, timestamp) values ('9000-from-the-future', 'later')")
    raw.close()
    await assert.rejects(open(folder), /written by a newer release .*9000-from-the-future.*start that release/)
  })

  test('says what to do when the keys beside it are others', async () => {
    const folder = newFolder()
    await (await open(folder)).close()
    await assert.rejects(
      openRepository({ folder, root: identity.peer }),
      /belongs to the signing key .* from the same backup\.$/,
    )
  })

  test('does not load a publication that somebody edited in the file', async () => {
    const folder = newFolder()
    const repository = await open(folder)
    await repository.commit([{ table: 'patches', row: samplePatch() }])
    await repository.close()
    const raw = new DatabaseSync(databaseFile(folder))
    const { envelope } = raw.prepare('select envelope from patches').get() as { envelope: Uint8Array }
    const edited = Buffer.from(Buffer.from(envelope).toString('latin1').replace('somebody', 'somebodx'), 'latin1')
    raw.prepare('update patches set envelope = ?').run(edited)
    raw.close()
    const again = await open(folder)
    await assert.rejects(again.load(), /no longer verifies/)
    await again.close()
  })

  test('reads patches and installs of a release that did not keep by whom they were', async () => {
    const folder = newFolder()
    const patch = samplePatch()
    const install = sampleInstall(1, patch.sha256)
    const old = await openOldDatabase(folder)
    insert(old, 'patches', { ...patchRow(patch), uploadedBy: undefined, publishedBy: undefined })
    const added = { startedBy: undefined, outsideWindows: undefined, waveSoakSeconds: undefined, run: undefined }
    insert(old, 'installs', { ...installRow(install), ...added, continues: undefined })
    old.close()
    const again = await open(folder)
    assert.deepEqual(await again.load(), [
      { table: 'patches', row: { ...patch, uploadedBy: null, publishedBy: null } },
      {
        table: 'installs',
        row: { ...install, startedBy: null, outsideWindows: false, waveSoakSeconds: 0, continues: null, run: 1 },
      },
    ])
    await again.close()
  })

  test('stores no token that is refused while it is issued', async () => {
    const repository = await open(newFolder())
    const judge = () => refuse('name_in_use', 'no')
    await assert.rejects(repository.issueToken(sampleToken(1), judge), { name: 'RefusedError' })
    assert.deepEqual(await repository.load(), [])
    await repository.close()
  })

  test('has every acknowledged commit and no half one, however often its process is killed', async () => {
    const folder = newFolder()
    const acknowledged = new Set<string>()
    let committed = 0
    for (let round = 0; round < 8; round++) {
      for (const id of await commitUntilKilled(folder, committed, 1 + round * 37)) acknowledged.add(id)
      const repository = await open(folder)
      const changes = await repository.load()
      const trail = await checkTrail({ repository, nowMs: 0 })
      await repository.close()
      const installs = new Set(changes.flatMap((change) => (change.table === 'installs' ? [change.row.id] : [])))
      const targets = changes.flatMap((change) => (change.table === 'targets' ? [change.row.install] : []))
      const whole = Map.groupBy(targets, (install) => install)
      for (const id of acknowledged) assert.ok(installs.has(id as never), `round ${round}: install ${id} is lost`)
      for (const id of installs) assert.equal(whole.get(id)?.length, 3, `round ${round}: install ${id} is half there`)
      assert.equal(targets.length, 3 * installs.size)
      assert.deepEqual([trail.broken, trail.chain.entries], [null, installs.size])
      assert.ok(installs.size - acknowledged.size <= round + 1, 'at most one commit a round was not yet acknowledged')
      committed = installs.size
    }
    assert.ok(acknowledged.size > 500, `only ${acknowledged.size} commits were tried`)
  })
})

describe('the keys of the Service Center', () => {
  test('are made once and can be read by their owner only', async () => {
    const folder = newFolder()
    const [first, second] = await Promise.all([loadAuthority(folder), loadAuthority(folder)])
    assert.equal(first.mesh, second.mesh)
    assert.equal(first.signing.peer, second.signing.peer)
    assert.notEqual(first.mesh, first.signing.peer)
    const keys = path.join(folder, 'keys')
    assert.deepEqual(readdirSync(keys).sort(), ['mesh-identity', 'new', 'signing'])
    for (const file of readdirSync(keys)) assert.equal(statSync(path.join(keys, file)).mode & 0o777, 0o600)
    assert.equal(statSync(keys).mode & 0o777, 0o700)
  })

  test('are not made anew beside a database that belongs to lost ones', async () => {
    const folder = newFolder()
    const { signing: lost } = await loadAuthority(folder)
    await (await openRepository({ folder, root: lost.peer })).close()
    rmSync(path.join(folder, 'keys', 'signing'))
    await assert.rejects(loadAuthority(folder), /signing is missing.*Restore it from a backup/)
  })

  test('are refused when a file of them was cut', async () => {
    const folder = newFolder()
    await loadAuthority(folder)
    truncateSync(path.join(folder, 'keys', 'mesh-identity'), 31)
    await assert.rejects(loadAuthority(folder), /has 31 bytes instead of 32\. Restore it from a backup/)
  })
})

/** Kills the process with SIGKILL right after it has acknowledged `commits`; gives what it acknowledged until then. */
async function commitUntilKilled(folder: string, from: number, commits: number): Promise<string[]> {
  const child = run('commit-until-killed.ts', folder, String(from))
  const acknowledged: string[] = []
  const exit = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === commits) child.kill('SIGKILL')
  }
  const [code, signal] = await exit
  assert.equal(signal, 'SIGKILL', `the process ended by itself with ${code}`)
  return acknowledged
}

function run(program: string, ...options: string[]) {
  const file = fileURLToPath(new URL(program, import.meta.url))
  return spawn(process.execPath, ['--import', 'tsx', file, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
}

function insert(database: DatabaseSync, table: string, row: Record<string, unknown>): void {
  const columns = Object.entries(row).filter(([, value]) => value !== undefined)
  const [names, values] = [columns.map(([name]) => `"${name}"`), columns.map(([, value]) => value as SQLInputValue)]
  database.prepare(`insert into ${table} (${names.join()}) values (${names.map(() => '?').join()})`).run(...values)
}
