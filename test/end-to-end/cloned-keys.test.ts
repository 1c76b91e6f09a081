/**
 * A data folder that was copied, with real processes: two agents run with one key, and nothing of it counts until a person
 * has decided.
 */
import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'

let fleet: Fleet
let patch = ''
let copy: Daemon

before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll([place('sp-1', 'primary'), place('sp-2', 'secondary')])
  const out = join(fleet.folder, 'kernel.patch')
  await writeExampleBundle({ name: 'kernel', version: '1.0', bytes: 1024 * 1024, out })
  patch = (await fleet.api.upload(out)).id
  await replicated(2)
  await fleet.daemon('sp-2').stop()
  const folder = join(fleet.folder, 'copied')
  await cp(fleet.folderOf('sp-2'), folder, { recursive: true })
  await fleet.startAgent('sp-2')
  await fleet.reachable(['sp-2'])
  const args = ['agent', '--data', folder, '--install-root', join(folder, 'root'), '--listen', '/ip4/127.0.0.1/tcp/0']
  copy = Daemon.start({ name: 'the copy', args, logFile: `${folder}.log` })
})
after(async () => {
  await copy?.stop()
  await fleet?.stop()
})

function place(name: string, role: SlotText['role']) {
  return slotOf({ name, organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role, group: 'pair' })
}

async function replicated(complete: number): Promise<void> {
  await fleet.until(
    `${complete} copies count`,
    () => fleet.api.patch(patch),
    ({ replications }) => replications.complete === complete,
  )
}

const command = (...words: string[]) =>
  patchmesh([...words, '--server', fleet.url], {
    environment: { PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') },
  })

test('F1: a copied data folder is noticed when both agents run, and told where people look', async () => {
  await fleet.until(
    'the key is held',
    () => fleet.api.appliance('sp-2'),
    ({ held, reachable }) => held !== null && !reachable,
  )
  await replicated(1)
  assert.match(fleet.serviceCenter.log, /two machines use the key of sp-2/)
  const { stdout } = await command('appliances', 'show', 'sp-2')
  assert.match(stdout, /^reachable: held, since .*\n.*\nTwo machines use the key of sp-2: switch the copy off/m)
  const trail = await command('trail', 'list', '--json')
  assert.match(trail.stdout, /"action":"hold","subject":"sp-2"/)
  await eventually('both agents say so', () =>
    [fleet.daemon('sp-2'), copy].every(({ log }) => log.includes('the Service Center holds this appliance')),
  )
})

test('F1: nothing is ordered of the held key, and its peer is left alone', async () => {
  const { hindered } = await fleet.api.preview(patch, { organizations: ['Provider'], dataCenter: 'All', first: [] })
  assert.deepEqual(
    hindered.map(({ appliance }) => appliance),
    ['sp-2'],
  )
  assert.match(hindered[0]?.reason ?? '', /^two machines use the key of sp-2/)
})

test('F1: with one machine left and a word of a person it proves its copies anew, and counts again', async () => {
  await copy.stop()
  const unsure = await command('appliances', 'trust', 'sp-1', '--yes')
  assert.match(unsure.stderr, /sp-1 is not held/)
  const { status, stdout } = await command('appliances', 'trust', 'sp-2', '--yes')
  assert.equal(status, 0)
  assert.match(stdout, /sp-2 is trusted again/)
  await fleet.reachable(['sp-2'])
  await replicated(2)
  const { epoch, held } = await fleet.api.appliance('sp-2')
  assert.deepEqual({ epoch, held }, { epoch: 2, held: null })
})
