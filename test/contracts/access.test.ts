import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import {
  ACCESS_LIFETIME_MS,
  checkAccess,
  IDLE_SESSION_MS,
  makeAccess,
  newAccess,
} from '../../controller/shell/access.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { signing } from './sample-records.ts'

const base = mkdtempSync(path.join(tmpdir(), 'patchmesh-access-'))
const folder = path.join(base, 'data')
const repository = await openRepository({ folder, root: signing.peer })
after(async () => {
  await repository.close()
  rmSync(base, { recursive: true, force: true })
})
const MADE_AT = 1_790_000_000_000

describe('access', () => {
  for (const kind of ['api-token', 'sign-in-link', 'session'] as const) {
    test(`by ${kind} ends with its time, and is no access of another kind`, async () => {
      const make = () => makeAccess(repository, { kind, name: 'somebody', nowMs: MADE_AT })
      const last = MADE_AT + Math.min(ACCESS_LIFETIME_MS[kind], kind === 'session' ? IDLE_SESSION_MS : Infinity) - 1
      const secret = await make()
      for (const other of ['api-token', 'sign-in-link', 'session'] as const) {
        if (other !== kind) assert.ok(isRefusal(await checkAccess(repository, { kind: other, secret, nowMs: MADE_AT })))
      }
      assert.ok(isRefusal(await checkAccess(repository, { kind, secret, nowMs: last + 1 })))
      assert.ok(!isRefusal(await checkAccess(repository, { kind, secret, nowMs: last })))
    })
  }

  test('has a secret that a command line does not take for an option', () => {
    // One of 64 drawn secrets would begin with a dash: that none of 4,000 does is no luck.
    const secrets = Array.from({ length: 4000 }, () => newAccess({ kind: 'api-token', name: 'script' }).secret)
    assert.deepEqual(
      secrets.filter((secret) => !/^[A-Za-z0-9_]/.test(secret)),
      [],
    )
  })

  test('by a sign-in link is given once, however many ask at once', async () => {
    const kind = 'sign-in-link'
    const secret = await makeAccess(repository, { kind, name: 'somebody' })
    const answers = await Promise.all([1, 2, 3, 4].map(() => checkAccess(repository, { kind, secret })))
    assert.equal(answers.filter((answer) => !isRefusal(answer)).length, 1)
  })

  test('A6: by a session that was signed out is refused', async () => {
    const kind = 'session'
    const { secret, access } = newAccess({ kind, name: 'somebody' })
    await repository.addAccess(access)
    await repository.takeAccess(access.secretHash)
    assert.ok(isRefusal(await checkAccess(repository, { kind, secret })))
  })

  test('by something that is no secret is refused without a look into the database', async () => {
    for (const secret of ['', 'x', '../../etc/passwd', "' or 1=1 --", 'a'.repeat(1_000_000)]) {
      const answer = await checkAccess(repository, { kind: 'api-token', secret })
      assert.ok(isRefusal(answer) && answer.refused === 'unauthenticated')
    }
  })

  test('leaves no secret in the database file', async () => {
    const secret = await makeAccess(repository, { kind: 'api-token', name: 'somebody' })
    for (const ending of ['', '-wal']) assert.ok(!readFileSync(databaseFile(folder) + ending).includes(secret))
  })
})
