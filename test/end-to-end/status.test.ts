/**
 * What people at an appliance are told, and may stop, with real processes: while its agent runs, while it does not, and
 * while nobody can be reached.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApplianceStatus } from '../../agent/core/status.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { slotOf } from '../support/fleet-slots.ts'

const SP = 'sp'
const TENANT = 'tenant'

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  const paris = { dataCenter: 'Paris', role: 'primary' } as const
  await fleet.addAll([
    slotOf({ ...paris, name: SP, organization: 'Provider', kind: 'service-provider' }),
    slotOf({ ...paris, name: TENANT, organization: 'Acme', kind: 'tenant' }),
  ])
})
after(() => fleet?.stop())

const dataOf = (name: string): string[] => ['--data', fleet.folderOf(name)]

async function statusOf(name: string): Promise<ApplianceStatus> {
  const { status, stdout, stderr } = await patchmesh(['status', '--json', ...dataOf(name)])
  assert.deepEqual([status, stderr], [0, ''])
  return ApplianceStatus.parse(JSON.parse(stdout))
}

async function upload(name: string, waits = false): Promise<string> {
  const out = join(fleet.folder, `${name}.patch`)
  await writeControlledBundle({ out, name, waits })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    `${name} is replicated`,
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  return id
}

const install = (patch: string, organization: string) =>
  fleet.api.startInstall({ patch, organizations: [organization], dataCenter: 'All', allowOutage: true })

/** Every file but the sockets, with its time and what is in it. */
function contentOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map((file) => `${file} ${statSync(file).mtimeMs} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
}

test('an appliance tells whom it is connected to and what it has, as lines and as JSON', async () => {
  await upload('hotfix-1')
  const told = await fleet.until(
    'it has looked',
    () => statusOf(SP),
    ({ patches }) => patches[0]?.found === 'applicable',
  )
  assert.equal(told.running, true)
  assert.deepEqual([told.uplink.state, told.uplink.to], ['connected', 'the Service Center'])
  assert.equal(told.patches[0]?.state, 'replicated')
  assert.equal(told.does, 'nothing: it has all that it should have, and waits for orders')
  assert.equal((await statusOf(TENANT)).uplink.to, SP)
  const { stdout, status } = await patchmesh(['status', ...dataOf(SP)])
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^appliance +sp, service-provider primary of Provider in Paris\nagent +runs, release [\d.]+\nnow +nothing: /,
  )
  assert.match(stdout, /\nuplink +connected to the Service Center since 20\S+ \S+ UTC\n/)
  assert.match(
    stdout,
    /\npatch +hotfix-1 1\.0\.0: replicated, read again and right at 20\S+ \S+ UTC; applicable, no version/,
  )
})

test('an order that waits for its copy is stopped at the appliance, and the Service Center reads who did it', async () => {
  const patch = await upload('hotfix-2')
  // There the copy cannot be begun, for as long as the test likes.
  const inTheWay = join(fleet.folderOf(TENANT), 'partial', patch)
  mkdirSync(inTheWay, { recursive: true })
  const { id } = await install(patch, 'Acme')
  const { order, does } = await fleet.until(
    'it waits for its copy',
    () => statusOf(TENANT),
    (told) => told.order?.phase === 'staging' && told.patches.some(({ reason }) => reason.includes('EISDIR')),
  )
  assert.ok(order?.stoppable)
  assert.match(does, /^hotfix-2 1\.0\.0, staging: copies the patch from the depot of its Data Center$/)
  const wrong = await patchmesh(['orders', 'stop', 'ab'.repeat(16), ...dataOf(TENANT)])
  assert.equal(wrong.status, 1)
  assert.match(
    wrong.stderr,
    /^patchmesh: order abab\S+ is not under way on this appliance, and does not wait in line\./,
  )
  const unanswered = await patchmesh(['orders', 'stop', ...dataOf(TENANT)])
  assert.deepEqual([unanswered.status, unanswered.stdout], [1, ''])
  assert.match(
    unanswered.stderr,
    /^Stop the order of hotfix-2 1\.0\.0, staging\? It ends as refused for good, .*Nothing was stopped: nobody answered\. Add --yes\.\n$/,
  )
  const stopped = await patchmesh(['orders', 'stop', '--yes', ...dataOf(TENANT)])
  assert.deepEqual([stopped.status, stopped.stderr], [0, ''])
  assert.match(stopped.stdout, /^stopped the order of hotfix-2 1\.0\.0; nothing was changed here/)
  const { targets, state } = await fleet.until(
    'the Service Center knows it',
    () => fleet.api.install(id),
    (now) => now.state !== 'running',
  )
  assert.equal(state, 'halted')
  assert.equal(targets[0]?.state, 'refused')
  assert.match(targets[0]?.reason ?? '', /^\S+ stopped it at the appliance, before it changed anything there$/)
  rmSync(inTheWay, { recursive: true })
  const over = await statusOf(TENANT)
  assert.equal(over.order, null)
  assert.deepEqual(over.lastEnded, { order: order.id, ended: 'refused' })
})

test('an installer that runs is not cut off, and a killed agent tells from its ledger what it will go on with', async () => {
  const patch = await upload('hotfix-3', true)
  const { id } = await install(patch, 'Provider')
  const { order } = await fleet.until(
    'the installer runs',
    () => statusOf(SP),
    (told) => told.order?.phase === 'installing',
  )
  assert.equal(order?.stoppable, false)
  const refused = await patchmesh(['orders', 'stop', ...dataOf(SP)])
  assert.deepEqual([refused.status, refused.stdout], [1, ''])
  assert.match(
    refused.stderr,
    /^patchmesh: hotfix-3 1\.0\.0 has begun to change this appliance \(installing\), so it is not stopped\. Wait until/,
  )

  fleet.daemon(SP).kill('SIGKILL')
  await fleet.until(
    'it is gone',
    async () => fleet.daemon(SP).running,
    (running) => !running,
  )
  const before = contentOf(fleet.folderOf(SP))
  const stored = await statusOf(SP)
  assert.deepEqual(contentOf(fleet.folderOf(SP)), before, 'nothing of the folder was changed by looking')
  assert.equal(stored.running, false)
  assert.equal(stored.order?.phase, 'installing')
  assert.match(
    stored.does,
    /^nothing: no agent runs on this data folder; when one starts it goes on with hotfix-3 1\.0\.0/,
  )
  assert.deepEqual(
    stored.patches.map(({ state }) => state),
    ['replicated', 'replicated', 'replicated'],
  )
  const nobody = await patchmesh(['orders', 'stop', ...dataOf(SP)])
  assert.equal(nobody.status, 1)
  assert.match(nobody.stderr, /^patchmesh: no agent runs on /)

  writeFileSync(join(fleet.folderOf(SP), 'root/go'), '')
  await fleet.startAgent(SP)
  await fleet.until(
    'it is installed',
    () => fleet.api.install(id),
    ({ state }) => state === 'done',
  )
})

test('without the Service Center an appliance says since when it is away and why', async () => {
  await fleet.serviceCenter.stop()
  const { uplink } = await fleet.until(
    'it has noticed',
    () => statusOf(SP),
    (told) => told.uplink.state !== 'connected',
  )
  assert.ok(uplink.since !== null && uplink.reason !== '')
  await fleet.restartServiceCenter()
  const again = await fleet.until(
    'it is connected again',
    () => statusOf(SP),
    (told) => told.uplink.state === 'connected',
  )
  assert.ok((again.uplink.since ?? '') > uplink.since)
})

test('a folder of no appliance, and words that nobody knows, get one sentence', async () => {
  const nobody = await patchmesh(['status', '--data', join(fleet.folder, 'nowhere')])
  assert.equal(nobody.status, 1)
  assert.match(nobody.stderr, /^patchmesh: \S+ is no data folder of an enrolled appliance: [^\n]+\n$/)
  for (const words of [
    ['status'],
    ['orders'],
    ['orders', 'eat'],
    ['orders', 'stop'],
    ['orders', 'stop', 'x', '--data', 'y'],
  ]) {
    const { status, stderr, stdout } = await patchmesh(words)
    assert.deepEqual([status, stdout], [2, ''], words.join(' '))
    assert.match(stderr, /^patchmesh: [^\n]+\n$/)
  }
})
