/**
 * Each step by which an appliance judges policies and approvals is left out once, while its sources are loaded: the tables of
 * scenarios/authorized.test.ts must see it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { CHANGE, type TextChange } from '../../simulator/planted/text-change.ts'

const LOADER = path.join(import.meta.dirname, '../../simulator/planted/change-while-loading.ts')
const TABLES = path.join(import.meta.dirname, 'scenarios/authorized.test.ts')
const AT_ONCE = 2

const authorization = 'protocol/trust/authorization.ts'
const policy = 'protocol/trust/policy.ts'
const authorized = 'agent/core/install/authorized.ts'

const PLANTED: readonly (TextChange & { readonly name: string })[] = [
  ...[
    {
      name: 'too few approvals are enough',
      find: 'if (approved.length >= needed) return null',
      replace: 'if (approved.length >= 0) return null',
    },
    { name: 'another fleet', find: 'if (fleet !== ordered.fleet)', replace: 'if (fleet === null)' },
    { name: 'another install', find: 'if (install !== ordered.install)', replace: 'if (install === null)' },
    { name: 'another patch', find: 'if (patch.sha256 !== ordered.patch)', replace: 'if (patch === null)' },
    {
      name: 'another appliance',
      find: 'if (!appliances.some(({ peer }) => peer === ordered.to))',
      replace: 'if (appliances.length === 0)',
    },
    { name: 'an outage', find: 'if (ordered.allowOutage && !stated.allowOutage)', replace: 'if (stated === null)' },
    { name: 'an order for longer', find: 'if (ordered.expiresAt > expiresAt)', replace: 'if (expiresAt < 0)' },
    {
      name: 'good for ever',
      find: 'if (expiresAt - requestedAt > MAX_AUTHORIZATION_MS)',
      replace: 'if (requestedAt < 0)',
    },
    {
      name: 'any version before',
      find: 'if (fromVersions !== null &&',
      replace: 'if (patch === null && fromVersions !== null &&',
    },
    {
      name: 'back to an older version',
      find: 'if (installedVersion !== null && !downgrade &&',
      replace: 'if (installedVersion === "" && !downgrade &&',
    },
    { name: 'below the floor', find: 'if (floor === undefined ||', replace: 'if (true || floor === undefined ||' },
    {
      name: 'a policy that has expired',
      find: 'if (wallMs < Date.parse(expiresAt)) return null',
      replace: 'return null',
    },
    {
      name: 'one person by two keys',
      find: 'new Map(signed.map((approver) => [nameKey(approver.name), approver]))',
      replace: 'new Map(signed.map((approver) => [approver.keyid, approver]))',
    },
  ].map((bug) => ({ ...bug, file: authorization })),
  ...[
    {
      name: 'the requester approves',
      find: ' && nameKey(name) !== nameKey(requestedBy)',
      replace: ' && requestedBy !== ""',
    },
    {
      name: 'an approver of others',
      find: '(organizations === null || organizations.includes(organization))',
      replace: '(organizations === null || organization !== "")',
    },
    {
      name: 'an older policy',
      find: 'if (held !== null && stated.version <= held.version)',
      replace: 'if (held !== null && stated.version < 0)',
    },
    { name: 'a policy of another fleet', find: 'if (stated.fleet !== fleet)', replace: 'if (stated.fleet === null)' },
    { name: 'new owners who have not signed', find: 'if (own !== null) return', replace: 'if (own === "") return' },
    {
      name: 'owners of before who have not signed',
      find: 'return before === null ? null :',
      replace: 'return before === null || held !== null ? null :',
    },
  ].map((bug) => ({ ...bug, file: policy })),
  {
    name: 'a signature over something else',
    file: 'protocol/trust/signed-document.ts',
    find: 'keyid === key.keyid && isSignedWith(key, bytes, sig)',
    replace: 'keyid === key.keyid && bytes.length > 0 && sig !== "" && isSignedWith !== null',
  },
  {
    name: 'an older install after a newer one',
    file: authorized,
    find: 'if (sequence >= newest) return null',
    replace: 'if (newest >= 0) return null',
  },
  {
    name: 'published under another name',
    file: authorized,
    find: 'if (patch.name !== publication.name || patch.version !== publication.version) {',
    replace: 'if (patch === null) {',
  },
  {
    name: 'nothing is kept beside the ledger',
    file: 'agent/core/held-policy.ts',
    find: "{ kind: 'keep-trust', bytes }",
    replace: "{ kind: 'keep-trust', bytes: new Uint8Array([160]) }",
  },
  {
    name: 'a membership that moves',
    file: 'agent/core/trust.ts',
    find: 'if (moved === undefined) return said',
    replace: 'if (moved !== "") return said',
  },
]

async function isSeen(change: TextChange): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', LOADER, '--test-reporter=dot', TABLES], {
    env: { ...process.env, [CHANGE]: JSON.stringify(change), NODE_TEST_CONTEXT: '' },
    stdio: 'ignore',
  })
  const [status] = await once(child, 'exit')
  return status !== 0
}

test('every step that is left out is seen', async () => {
  const left = [...PLANTED]
  const missed: string[] = []
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let bug = left.pop(); bug !== undefined; bug = left.pop()) if (!(await isSeen(bug))) missed.push(bug.name)
    }),
  )
  assert.deepEqual(missed, [])
})

test('and what is not changed is seen by none', async () => {
  assert.equal(
    await isSeen({
      file: policy,
      find: 'export function approvalsNeeded(',
      replace: 'export function approvalsNeeded(',
    }),
    false,
  )
})
