/**
 * `patchmesh evidence export|verify`: a file from a Service Center that runs, which is checked without it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { InstallRecord } from '../../controller/core/records.ts'
import { EvidenceFile } from '../../protocol/trust/evidence.ts'
import { installedFleet } from '../page/state-fleets.ts'
import type { Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-evidence-'))
const file = path.join(folder, 'acme.json')
let fleet: Fleet
let app: ServedApp
let id: InstallRecord['id']
let server: string[]
before(async () => {
  fleet = await installedFleet()
  const [first] = fleet.serviceCenter.state.installs.keys()
  id = first ?? assert.fail()
  app = await serveApp(fleet)
  server = ['--server', app.url, '--api-token', await app.apiToken()]
})
after(async () => {
  await app.close()
  await fleet.close()
  rmSync(folder, { recursive: true })
})

test('what is exported is right without a Service Center, and tells of each appliance', async () => {
  const exported = await patchmesh(['evidence', 'export', id, '--organization', 'acme', '--out', file, ...server])
  assert.equal(exported.status, 0, exported.stderr)
  const key = fleet.serviceCenter.state.signing.peer
  const { status, stdout } = await patchmesh(['evidence', 'verify', file, '--signing-key', key])
  assert.equal(status, 0, stdout)
  assert.match(stdout, new RegExp(`^install ${id} of kernel@6\\.1 for acme in all Data Centers: done\n`))
  assert.match(
    stdout,
    /\nacme-paris-secondary, secondary, 12D3Koo\w+\n {2}before: applicable, has 0\.9, looked at .* UTC\n {2}after: installed, has 6\.1/,
  )
  assert.match(stdout, /\nRight: \d+ statements, each signed by whom it speaks for, and none is missing\.\n$/)
})

test('a file from which a statement was taken is not right, and is status 1; as JSON too', async () => {
  const written = EvidenceFile.parse(JSON.parse(readFileSync(file, 'utf8')))
  written.appliances[0]?.statements.pop()
  const less = path.join(folder, 'less.json')
  writeFileSync(less, JSON.stringify(written))
  const { status, stdout } = await patchmesh(['evidence', 'verify', less])
  assert.equal(status, 1)
  assert.match(stdout, /^WRONG: a statement that was made is not in it: [0-9a-f]{64}\n/)
  assert.match(stdout, /\nNot right: 1 thing in it is wrong, see above\.\n$/)
  const asJson = await patchmesh(['evidence', 'verify', less, '--json'])
  assert.equal(asJson.status, 1)
  assert.equal((JSON.parse(asJson.stdout) as { right: boolean }).right, false)
})

test('what is no evidence, an organization that has no part in it, and an install that there is not are sentences', async () => {
  const other = path.join(folder, 'other.json')
  writeFileSync(other, '[]')
  const noEvidence = await patchmesh(['evidence', 'verify', other])
  assert.deepEqual(
    [noEvidence.status, /cannot be checked: it is no evidence of an install/.test(noEvidence.stderr)],
    [1, true],
  )
  const out = ['--out', path.join(folder, 'none.json')]
  const noPart = await patchmesh(['evidence', 'export', id, '--organization', 'globex', ...out, ...server])
  assert.deepEqual([noPart.status, /has no appliance of the organization globex/.test(noPart.stderr)], [1, true])
  const none = await patchmesh(['evidence', 'export', '0'.repeat(32), '--organization', 'acme', ...out, ...server])
  assert.deepEqual([none.status, /there is no install 0{32}/.test(none.stderr)], [1, true])
})

test('somebody who is limited to another organization is not told', async () => {
  const limited = await app.apiToken({ role: 'viewer', organizations: ['globex'] })
  const words = ['evidence', 'export', id, '--organization', 'acme', '--out', path.join(folder, 'none.json')]
  const { status, stderr } = await patchmesh([...words, '--server', app.url, '--api-token', limited])
  assert.equal(status, 1)
  assert.match(stderr, /there is no install|has no appliance/)
})
