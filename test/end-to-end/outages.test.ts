/**
 * Parts of the fleet go away in the middle and come back. What can go on without them goes on, and in the end every
 * copy is there, is right, and is counted.
 */

import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ifThere } from '../../agent/shell/if-there.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Slot } from '../../controller/core/records.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { ApplianceView } from '../../controller/core/views.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'
import { auditStore } from '../support/store-audit.ts'

const MiB = 1024 * 1024
const LARGE_BYTES = 128 * MiB
let fleet: Fleet
let options: string[]

function provider(name: string, role: SlotText['role'], dataCenter = 'Paris'): Slot {
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

before(async () => {
  fleet = await Fleet.start()
  const config = join(fleet.folder, 'agent.yaml')
  await writeFile(config, 'primaryPatienceSeconds: 2\n')
  options = ['--config', config]
  await Promise.all(
    [provider('primary', 'primary'), provider('secondary', 'secondary')].map((slot) => fleet.add(slot, options)),
  )
  await fleet.reachable(['primary', 'secondary'])
  await fleet.add(
    slotOf({ name: 'tenant', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' }),
  )
  await fleet.reachable(['tenant'])
})
after(() => fleet.stop())

async function upload(name: string, bytes: number): Promise<string> {
  const file = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes, out: file })
  return (await fleet.api.upload(file)).id
}

async function bytesAt(name: string, id: string): Promise<number> {
  const found = await ifThere(stat(join(fleet.folderOf(name), 'partial', id)))
  return (found?.blocks ?? 0) * 512
}

async function replicated(id: string, total: number): Promise<void> {
  const { replications } = await fleet.until(
    `${total}/${total}`,
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === total,
  )
  assert.equal(replications.total, total)
}

async function storesHold(id: string, names: readonly string[]): Promise<void> {
  for (const name of names) assert.ok((await auditStore(fleet.folderOf(name))).includes(id), name)
}

test('without the Service Center the secondary completes from its primary, and is counted when it is back', async () => {
  const id = await upload('orphan', LARGE_BYTES)
  await eventually('the secondary has begun', async () => (await bytesAt('secondary', id)) > 0)
  fleet.daemon('secondary').kill('SIGSTOP')
  await fleet.until(
    '1/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  await fleet.serviceCenter.stop()
  fleet.daemon('secondary').kill('SIGCONT')
  await eventually('the secondary completes', async () =>
    (await readdir(join(fleet.folderOf('secondary'), 'store'))).includes(id),
  )
  await fleet.restartServiceCenter()
  await replicated(id, 2)
  await storesHold(id, ['primary', 'secondary', 'service-center'])
})

test('when the Service Center goes in the middle of a transfer, both members go on where they were when it is back', async () => {
  const id = await upload('cut', LARGE_BYTES)
  await eventually('the primary has some', async () => (await bytesAt('primary', id)) > LARGE_BYTES / 10)
  fleet.serviceCenter.kill('SIGKILL')
  await eventually('it is gone', () => !fleet.serviceCenter.running)
  await fleet.restartServiceCenter()
  await replicated(id, 2)
  await storesHold(id, ['primary', 'secondary'])
  assert.doesNotMatch(fleet.daemon('primary').log, /"level":[56]0/)
})

test('N15 while its primary hangs in a transfer the secondary pulls over the WAN, and both complete', async () => {
  const id = await upload('hanging', LARGE_BYTES)
  await eventually('the primary has some', async () => (await bytesAt('primary', id)) > LARGE_BYTES / 10)
  fleet.daemon('primary').kill('SIGSTOP')
  const { replications, appliances } = await fleet.until(
    '1/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 1,
  )
  assert.deepEqual(replications, { complete: 1, total: 2 })
  assert.notEqual(appliances.find(({ name }) => name === 'primary')?.state, 'replicated')
  await storesHold(id, ['secondary'])
  fleet.daemon('primary').kill('SIGCONT')
  await replicated(id, 2)
  await storesHold(id, ['primary', 'secondary'])
})

test('while one member of its depot is down a tenant appliance connects and installs through the other', async () => {
  const id = await upload('through-the-other', 2 * MiB)
  await replicated(id, 2)
  for (const down of ['primary', 'secondary']) {
    await fleet.daemon(down).stop()
    await fleet.reachable(['tenant'])
    assert.equal((await fleet.api.appliances()).find(({ name }) => name === down)?.reachable, false)
    const next = down === 'primary' ? id : await upload('through-the-first', MiB)
    const started = await fleet.api.startInstall({
      patch: next,
      organizations: ['Acme'],
      dataCenter: 'All',
      allowOutage: true,
    })
    const ended = await fleet.until(
      'the install ends',
      () => fleet.api.install(started.id),
      ({ state }) => !isUnderWay(state),
    )
    assert.equal(ended.state, 'done', JSON.stringify(ended))
    await storesHold(next, ['tenant'])
    await fleet.startAgent(down, options)
    await fleet.reachable([down])
    await replicated(next, 2)
  }
})

test('late appliances of a new Data Center count at once, and back-fill every patch', async () => {
  const patches = await fleet.api.patches()
  assert.ok(patches.every(({ replications }) => replications.complete === 2 && replications.total === 2))
  await fleet.add(provider('late-primary', 'primary', 'Tokyo'), options)
  for (const { replications } of await fleet.api.patches()) assert.equal(replications.total, 3)
  for (const { id } of patches) await replicated(id, 3)
  await fleet.add(provider('late-secondary', 'secondary', 'Tokyo'), options)
  for (const { id } of patches) await replicated(id, 4)
  const ids = patches.map(({ id }) => id).sort()
  for (const name of ['late-primary', 'late-secondary'])
    assert.deepEqual((await auditStore(fleet.folderOf(name))).sort(), ids)
})

test('a tenant appliance finds its depot again after all of it went down at once, at the ports it had', async () => {
  const depot = ['primary', 'secondary']
  const tenant = (all: ApplianceView[]) => all.find(({ name }) => name === 'tenant')
  for (const name of depot) fleet.daemon(name).kill('SIGKILL')
  await fleet.until(
    'the tenant appliance is cut off',
    () => fleet.api.appliances(),
    (all) => tenant(all)?.reachable === false,
  )
  await Promise.all(depot.map((name) => fleet.daemon(name).stop()))
  await Promise.all(depot.map((name) => fleet.startAgent(name, options)))
  await fleet.reachable([...depot, 'tenant'])
})
