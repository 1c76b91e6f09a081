/**
 * A Service Center whose machine is lost and that is restored from a backup which was made while it ran: the appliances
 * know it, nobody enrolls again, and its copies come back from theirs.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { provide } from '../support/machine.ts'

const PASSPHRASE = 'nobody guesses this one\n'
const PAIR = ['paris-1', 'paris-2']
let fleet: Fleet
let data: string
const inFolder = (name: string): string => join(fleet.folder, name)

before(async () => {
  fleet = await Fleet.start()
  data = inFolder('service-center')
  writeFileSync(inFolder('passphrase'), PASSPHRASE)
  for (const [at, name] of PAIR.entries()) {
    const role = at === 0 ? 'primary' : 'secondary'
    await fleet.add(slotOf({ name, organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role }))
  }
  await fleet.reachable(PAIR)
})
after(() => fleet.stop())

async function upload(name: string): Promise<string> {
  const file = inFolder(`${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: 300_000, out: file })
  const { id } = await fleet.api.upload(file)
  await counted(id)
  return id
}

async function counted(id: string): Promise<void> {
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
}

async function backUp(name: string, ...more: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await patchmesh([
    'backup',
    '--data',
    data,
    '--out',
    inFolder(name),
    '--json',
    ...more,
  ])
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

async function restored(name: string, ...more: string[]): Promise<string> {
  const { status, stdout, stderr } = await patchmesh(['restore', inFolder(name), '--data', data, ...more])
  assert.equal(status, 0, stderr)
  return stdout
}

async function keys(word: 'seal' | 'place', ...words: string[]): Promise<void> {
  const { status, stderr } = await patchmesh(['keys', word, '--data', data, ...words])
  assert.equal(status, 0, stderr)
}

test(
  'its machine is lost: from the backup and the sealed keys it goes on where the backup was made',
  DEADLINE,
  async () => {
    const known = await upload('known')
    const told = await backUp('first.tar.zst')
    const passphrase = ['--passphrase-file', inFolder('passphrase')]
    await keys('seal', '--out', inFolder('keys.age'), ...passphrase)
    assert.deepEqual([told['appliances'], told['patches'], told['copies']], [2, 1, 0])
    const later = await upload('later')
    fleet.serviceCenter.kill('SIGKILL')
    await eventually('it is gone', () => !fleet.serviceCenter.running)
    rmSync(data, { recursive: true })

    await keys('place', inFolder('keys.age'), ...passphrase)
    assert.match(await restored('first.tar.zst'), /restored into .*; start the controller on it now/)
    await fleet.restartServiceCenter()
    await fleet.reachable(PAIR)
    await counted(known)
    await eventually('its own copy has come back from an appliance', () => existsSync(join(data, 'store', known)))
    assert.equal(
      (await fleet.api.patches()).some(({ id }) => id === later),
      false,
    )
    assert.equal((await fleet.api.verifyTrail(undefined)).intact, true)
    await counted(await upload('after'))
    // What it had forgotten can be uploaded again, and is there at once.
    const { id } = await fleet.api.upload(inFolder('later.patch'))
    assert.equal(id, later)
    await counted(later)
  },
)

test(
  'its database is damaged: the restore moves it aside, keeps its keys, and says at the start what is missing',
  DEADLINE,
  async () => {
    await backUp('with-copies.tar.zst', '--patches')
    await fleet.api.addPerson({ name: 'after the backup', role: 'owner', organizations: null })
    const { head } = await fleet.api.verifyTrail(undefined)
    await eventually('the head of the trail is noted', () =>
      readFileSync(join(data, 'trail-head.json'), 'utf8').includes(head),
    )
    const running = await patchmesh(['restore', inFolder('with-copies.tar.zst'), '--data', data, '--replace'])
    assert.equal(running.status, 1)
    assert.match(running.stderr, /another agent or controller is running on the data folder/)

    fleet.serviceCenter.kill('SIGKILL')
    await eventually('it is gone', () => !fleet.serviceCenter.running)
    const copies = readdirSync(join(data, 'store'))
    rmSync(join(data, 'store'), { recursive: true })
    const kept = await patchmesh(['restore', inFolder('with-copies.tar.zst'), '--data', data])
    assert.match(kept.stderr, /has a database: add --replace to move it aside/)

    assert.match(await restored('with-copies.tar.zst', '--replace'), /what was there is in .*replaced-20/)
    assert.deepEqual(readdirSync(join(data, 'store')).sort(), copies.sort())
    const [aside = ''] = readdirSync(data).filter((name) => name.startsWith('replaced-'))
    assert.ok(readdirSync(join(data, aside)).includes('patchmesh.sqlite'))
    await fleet.restartServiceCenter()
    await fleet.reachable(PAIR)
    assert.match(fleet.serviceCenter.log, /the database is an older one, or another/)
    assert.ok((await fleet.api.people()).every(({ name }) => name !== 'after the backup'))
  },
)

test(
  'a restore that was cut after the old database went goes on, with or without the word to replace',
  DEADLINE,
  async () => {
    await backUp('cut.tar.zst')
    await fleet.serviceCenter.stop()
    renameSync(join(data, 'patchmesh.sqlite'), inFolder('gone.sqlite'))
    const start = await patchmesh([
      'controller',
      '--data',
      data,
      '--http',
      '127.0.0.1:0',
      '--mesh',
      '/ip4/127.0.0.1/tcp/0',
    ])
    assert.equal(start.status, 1)
    assert.match(start.stderr, /without it every appliance, person and install is forgotten/)
    await restored('cut.tar.zst')
    await fleet.restartServiceCenter()
    await fleet.reachable(PAIR)
  },
)

test(
  'the sealed keys are opened by age itself, and those that were sealed to a key by its identity',
  DEADLINE,
  async () => {
    await provide('age', 'age-keygen')
    execFileSync('age-keygen', ['-o', inFolder('identity')], { stdio: 'ignore' })
    const recipient = execFileSync('age-keygen', ['-y', inFolder('identity')], { encoding: 'utf8' }).trim()
    await backUp('sealed.tar.zst')
    await keys('seal', '--out', inFolder('to-a-key.age'), '--recipient', recipient)
    const opened = execFileSync('age', ['--decrypt', '--identity', inFolder('identity'), inFolder('to-a-key.age')])
    const held = JSON.parse(opened.toString('utf8'))
    assert.deepEqual(Object.keys(held), ['format', 'signing', 'meshIdentity'])
    assert.equal(held.signing, readFileSync(join(data, 'keys/signing')).toString('base64'))
    await fleet.serviceCenter.stop()
    rmSync(data, { recursive: true })
    await keys('place', inFolder('to-a-key.age'), '--identity', inFolder('identity'))
    await restored('sealed.tar.zst')
    await fleet.restartServiceCenter()
    await fleet.reachable(PAIR)
  },
)
