/**
 * `patchmesh trail verify`, against a Service Center that runs and on the data folder of one that does not.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TrailVerification } from '../../controller/core/access-views.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { patchmesh } from './run-patchmesh.ts'

const verify = (...words: string[]) => patchmesh(['trail', 'verify', ...words])

describe('of a Service Center that runs', () => {
  let fleet: Fleet
  let app: ServedApp
  let server: string[]
  before(async () => {
    fleet = await standardFleet()
    app = await serveApp(fleet)
    server = ['--server', app.url, '--api-token', await app.apiToken()]
  })
  after(async () => {
    await app.close()
    await fleet.close()
  })

  test('the trail is said to be intact, with its head', async () => {
    const [newest] = await fleet.repository.trail({ organizations: null, limit: 1 })
    const { status, stdout } = await verify(...server)
    assert.equal(status, 0)
    const { position, hash } = newest ?? assert.fail()
    assert.match(stdout, new RegExp(`^The trail is intact: ${position} entries, each follows the one before it\\.\n`))
    assert.match(stdout, new RegExp(`\nhead ${hash} \\(entry ${position}, \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\)\n$`))
    const found = await verify('--head', hash ?? '', ...server)
    assert.match(found.stdout, new RegExp(`\nThe noted head ${hash} is that of entry ${position}\\.\n$`))
    assert.equal(found.status, 0)
  })

  test('a break is said, with the first entry that does not follow, and is status 1; as JSON too', async () => {
    tamperTrail(fleet.folder, "update audit set subject = 'nothing' where position = 2")
    const { status, stdout } = await verify(...server)
    assert.equal(status, 1)
    assert.match(stdout, /^The trail is broken: entry 2 does not follow entry 1: .* has been changed\.\n/)
    const asJson = await verify('--json', ...server)
    assert.equal(asJson.status, 1)
    const { intact, brokenAt } = JSON.parse(asJson.stdout) as TrailVerification
    assert.deepEqual([intact, brokenAt?.position], [false, 2])
  })
})

describe('of a data folder', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-verify-'))
  const data = ['--data', folder]
  after(() => rmSync(folder, { recursive: true }))

  test('the trail is checked while no Service Center runs, and what was cut off it is missed', async () => {
    const { signing } = await loadAuthority(folder)
    const repository = await openRepository({ folder, root: signing.peer })
    for (const at of [1, 2, 3]) {
      const row = { at, actor: 'Ana', action: 'upload', subject: 'x', outcome: 'done' }
      await repository.commit([{ table: 'audit', row }])
    }
    await repository.close()
    const { head, ...intact } = JSON.parse((await verify('--json', ...data)).stdout) as TrailVerification
    assert.deepEqual([intact.intact, intact.entries, intact.headAt], [true, 3, '1970-01-01T00:00:00.003Z'])

    tamperTrail(folder, 'delete from audit where position = 3')
    assert.equal((await verify(...data)).status, 0, 'without the head nobody can know')
    const { status, stdout } = await verify('--head', head, ...data)
    assert.equal(status, 1)
    assert.match(
      stdout,
      /\nThe noted head \w+ is none of this trail: entries were cut off the end, or all was written anew\.\n$/,
    )
  })

  const mistakes: [words: string[], sentence: RegExp][] = [
    [['--head', 'abc', ...data], /--head "abc": /],
    [[...data, '--server', 'http://127.0.0.1:1'], /--data and --server do not go together/],
  ]
  for (const [words, sentence] of mistakes) {
    test(`wrong usage is told: ${words[0]}`, async () => {
      const { status, stderr } = await verify(...words)
      assert.equal(status, 2)
      assert.match(stderr, sentence)
    })
  }
})
