/**
 * A database of the release before people: what was in it is there after the upgrade, and may do what it might.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { CHAIN_BEGIN, linkHash } from '../../controller/core/trail-chain.ts'
import { checkAccess } from '../../controller/shell/access.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { openOldDatabase } from '../support/old-database.ts'
import { signing } from './sample-records.ts'

const SECRET = 'A'.repeat(43)

test('an API token keeps every right, and the trail its entries', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-upgrade-'))
  try {
    const old = await openOldDatabase(folder)
    const hash = sha256Hex(Buffer.from(SECRET))
    const access = old.prepare(
      'insert into access (secretHash, kind, name, createdAt, expiresAt) values (?, ?, ?, 1, ?)',
    )
    access.run(hash, 'api-token', 'nightly', Date.now() + 1_000_000)
    old.exec(
      `insert into audit (position, at, actor, action, subject, outcome) values (1, 5, 'Ana', 'upload', 'x', 'done')`,
    )
    old.close()
    const repository = await openRepository({ folder, root: signing.peer })
    const found = await checkAccess(repository, { kind: 'api-token', secret: SECRET })
    if (isRefusal(found)) assert.fail(found.message)
    assert.deepEqual([found.role, found.organizations, found.account], ['owner', null, null])
    const entry = { position: 1, at: 5, actor: 'Ana', action: 'upload', subject: 'x', outcome: 'done' }
    const kept = { ...entry, organization: null, origin: '' }
    assert.deepEqual(await repository.trail({ organizations: null, limit: 10 }), [
      { ...kept, hash: linkHash(CHAIN_BEGIN, kept) },
    ])
    assert.deepEqual(await repository.people.accounts(), [])
    await repository.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
