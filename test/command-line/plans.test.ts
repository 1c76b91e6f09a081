/**
 * `patchmesh installs plan`, and `installs start --plan`, against a real Service Center's API.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { InstallPlan } from '../../controller/core/rollout/install-plan.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Outcome, patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-plan-'))
const file = path.join(folder, 'plan.json')
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
  const patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  await everyoneNeeds(fleet, patch)
  for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`paris/${role}`, patch)
})
after(async () => {
  await app.close()
  await fleet.close()
  rmSync(folder, { recursive: true })
})

const run = (words: string[], input = ''): Promise<Outcome> => patchmesh(words, { environment, input })
const PLAN = ['installs', 'plan', 'openssl@3.0', '--organization', 'acme']

test('a plan is a summary and a table for each wave', async () => {
  const { status, stdout } = await run(PLAN)
  assert.equal(status, 0)
  const lines = stdout.split('\n')
  assert.match(
    lines[0] ?? '',
    /^openssl@3\.0 for acme in all Data Centers: 4 appliances in 2 pairs, about 2 min 20 s where/,
  )
  assert.equal(lines[1], '2 ready, 2 waiting')
  const [first = '', second = ''] = stdout.split(/^Wave \d, /m).slice(1)
  assert.match(
    first,
    /^the first pair alone: Data Center paris, about 70 s\n {2}APPLIANCE .*\n {2}acme-paris-secondary .* Ready\.\n/,
  )
  assert.match(
    second,
    /^up to 2 .* tokyo, .*\n.*\n {2}acme-tokyo-secondary .* Waits: no Service Provider appliance of tokyo/,
  )
})

test('a plan says for how long waves stand, and a time that is none is an error of usage', async () => {
  const { stdout } = await run([...PLAN, '--wave-soak', '90m'])
  assert.match(stdout, /\nWhoever has the patch stands with it for 1 h 30 min before more begin, /)
  for (const [given, why] of [
    ['soon', /--wave-soak is a time such as 90s, 10m, 2h or 1d, and soon is none/],
    ['8d', /--wave-soak is 7 days at most, and 8d is more/],
  ] as const) {
    const { status, stderr } = await run([...PLAN, '--wave-soak', given])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
})

test('a plan that was kept is started after a question, and refused with what has changed', async () => {
  const { stdout } = await run([...PLAN, '--json'])
  writeFileSync(file, stdout)
  const unanswered = await run(['installs', 'start', '--plan', file])
  assert.equal(unanswered.status, 1)
  assert.match(unanswered.stderr, /planned at .* UTC: 4 appliances in 2 pairs, .*; 2 ready, 2 waiting\n/)
  assert.match(unanswered.stderr, /Install openssl@3\.0 for acme in all Data Centers, as it is planned\? \[y\/N\]/)
  await fleet.disconnect('acme-paris-primary')
  const refused = await run(['installs', 'start', '--plan', file, '--yes'])
  assert.deepEqual([refused.status, refused.stdout], [1, ''])
  assert.match(
    refused.stderr,
    /not as it was planned .*: acme-paris-secondary was ready, and now: waits until its peer/,
  )
  await fleet.connect('acme-paris-primary')
  const started = await run(['installs', 'start', '--plan', file, '--json'], 'y\n')
  assert.equal(started.status, 0, started.stderr)
  assert.equal(
    (JSON.parse(started.stdout) as { total: number }).total,
    (JSON.parse(stdout) as InstallPlan).counts.appliances,
  )
})

test('a plan says everything, so nothing else is said beside it; and a start without one needs a patch', async () => {
  for (const words of [['openssl@3.0'], ['--organization', 'acme'], ['--allow-outage']]) {
    const { status, stderr } = await run(['installs', 'start', '--plan', file, ...words])
    assert.equal(status, 2)
    assert.match(stderr, /--plan says what is installed and where, so nothing else says so beside it/)
  }
  const { status, stderr } = await run(['installs', 'start', '--organization', 'acme'])
  assert.equal(status, 2)
  assert.match(stderr, /PATCH is missing/)
})

test('a file that is no plan is told as such', async () => {
  for (const text of ['', '{}', 'no JSON']) {
    writeFileSync(file, text)
    const { status, stderr } = await run(['installs', 'start', '--plan', file, '--yes'])
    assert.equal(status, 1)
    assert.match(stderr, /is not the plan of an install: make one with patchmesh installs plan PATCH --json > FILE/)
  }
})
