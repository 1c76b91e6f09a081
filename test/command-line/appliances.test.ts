/**
 * `patchmesh appliances` as a person runs it, at a Service Center that answers for a fleet.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
})

const run = (...words: string[]) => patchmesh(['appliances', ...words], { environment })

async function done(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...words)
  assert.equal(status, 0, stderr)
  return stdout
}

test('the list is filtered as the options say', async () => {
  const rows = JSON.parse(await done('list', '--organization', 'acme', '--data-center', 'tokyo', '--json'))
  assert.deepEqual(
    rows.map(({ name }: { name: string }) => name),
    ['acme-tokyo-primary', 'acme-tokyo-secondary'],
  )
  assert.match(await done('list', '--search', 'paris/primary'), /^APPLIANCE +ORGANIZATION.*\nparis\/primary +Org 1000/)
  assert.match(await done('list', '--reachable', 'no'), /There is no such appliance/)
})

test('one appliance is shown with its copies', async () => {
  await fleet.publish({ name: 'kernel', version: '2', bytes: 1000 })
  assert.match(await done('show', 'paris/secondary'), /kernel@2 +waiting/)
})

test('an appliance is renamed and retired, and the last of its group only with --last-member', async () => {
  assert.match(await done('rename', 'globex-tokyo-secondary', 'globex 2'), /is now called globex 2/)
  assert.match(await done('retire', 'globex 2', '--yes'), /retired globex 2/)
  const refused = await run('retire', 'globex-tokyo-primary', '--yes')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /is the last member of the group .* Enroll another member/)
  assert.match(await done('retire', 'globex-tokyo-primary', '--last-member', '--yes'), /retired/)
  assert.match(await done('list', '--retired'), /globex 2 .*retired 20/)
})

test('tokens are made for one appliance, for a topology and for a replacement, listed, and taken back', async () => {
  const place = ['--data-center', 'rome', '--organization', 'Org 1000', '--kind', 'service-provider']
  assert.match(await done('enroll', ...place, '--role', 'primary', '--name', 'rome-1'), /^pm1\.\S+\n$/)
  assert.match(await done('replace', 'paris/secondary'), /^pm1\.\S+\n$/)
  const tokens = JSON.parse(await done('tokens', '--json')) as { id: string; name: string; replaces: string | null }[]
  assert.deepEqual(tokens.map(({ name, replaces }) => [name, replaces]).sort(), [
    ['paris/secondary', 'paris/secondary'],
    ['rome-1', null],
  ])
  for (const { id } of tokens) await done('revoke', id, '--yes')
  assert.match(await done('tokens'), /No token is open/)
  const mixed = await run('enroll', '--from', 'x.yaml', '--name', 'y')
  assert.equal(mixed.status, 2)
  const topology = await run('enroll', '--from', 'simulator/topologies/two-data-centers.yaml', '--json')
  assert.equal(topology.status, 1, 'another organization is the provider here')
  assert.match(topology.stderr, /gets no token: Service Provider appliances belong to Org 1000/)
})
