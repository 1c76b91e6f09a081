/**
 * kill -9 in the middle of each thing that takes time. What was acknowledged is there afterwards, what was not is
 * not, and nothing runs twice.
 */

import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { uploadResumably } from '../../controller/cli/resumable-upload.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { auditStore } from '../support/store-audit.ts'

const LARGE_BYTES = 256 * 1024 * 1024
let fleet: Fleet
const PRIMARY = 'dc1-sp-primary'
const SECONDARY = 'dc1-sp-secondary'

before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll(demoTopology(1).appliances)
})
after(() => fleet.stop())

async function kill(name: string): Promise<void> {
  const daemon = fleet.daemon(name)
  daemon.kill('SIGKILL')
  await eventually(`${name} is gone`, () => !daemon.running)
}

test('an agent killed in the middle of a transfer goes on with the missing pieces only, and its copy is right', async () => {
  const file = join(fleet.folder, 'large.patch')
  await writeExampleBundle({ name: 'large', version: '1.0.0', bytes: LARGE_BYTES, out: file })
  const { id } = await fleet.api.upload(file)
  await eventually('the primary has some of it', async () => {
    const { blocks } = await stat(join(fleet.folderOf(PRIMARY), 'partial', id))
    return blocks * 512 > LARGE_BYTES / 10
  })
  await kill(PRIMARY)
  assert.deepEqual(await readdir(join(fleet.folderOf(PRIMARY), 'store')), [], 'nothing under a final name yet')
  await fleet.startAgent(PRIMARY)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  const found = [...fleet.daemon(PRIMARY).log.matchAll(/"pieces":(\d+),"of":\d+,"msg":"goes on/g)].map(([, pieces]) =>
    Number(pieces),
  )
  assert.equal(found.length, 2)
  assert.ok(found[0] === 0 && (found[1] ?? 0) > 0, `the second try began with ${found[1]} pieces`)
  for (const name of [PRIMARY, SECONDARY]) assert.deepEqual(await auditStore(fleet.folderOf(name)), [id])
})

test('a controller killed in the middle of an upload keeps nothing of it, serves again, and takes the same file', async () => {
  const file = join(fleet.folder, 'cut.patch')
  await writeExampleBundle({ name: 'cut', version: '1.0.0', bytes: LARGE_BYTES, out: file })
  const before = await fleet.api.patches()
  const partial = join(fleet.folder, 'service-center', 'partial')
  const cut = new Promise<void>((resolve) => {
    const upload = request(`${fleet.url}/api/v1/patches?filename=cut.patch`, {
      method: 'POST',
      headers: { authorization: fleet.authorization, 'content-length': LARGE_BYTES },
    })
    upload.once('error', () => resolve())
    createReadStream(file, { end: LARGE_BYTES / 2 }).pipe(upload, { end: false })
  })
  await eventually('half of it has arrived', async () => {
    const [name] = await readdir(partial)
    return name !== undefined && (await stat(join(partial, name))).size > LARGE_BYTES / 4
  })
  fleet.serviceCenter.kill('SIGKILL')
  await cut
  await fleet.restartServiceCenter()
  assert.deepEqual(await readdir(partial), [])
  assert.deepEqual(await fleet.api.patches(), before)
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    '2/2 after the agents came back',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  assert.ok((await auditStore(join(fleet.folder, 'service-center'))).includes(id))
})

test('U32 a controller killed in the middle of an upload that may be resumed keeps what arrived, and it goes on by itself', async () => {
  const file = join(fleet.folder, 'resumed.patch')
  await writeExampleBundle({ name: 'resumed', version: '1.0.0', bytes: LARGE_BYTES, out: file })
  const partial = join(fleet.folder, 'service-center', 'partial')
  const arrived = async () => {
    const name = (await readdir(partial)).find((one) => /^resumable-[0-9a-f]+$/.test(one))
    return name === undefined ? 0 : (await stat(join(partial, name))).size
  }
  const offsets: number[] = []
  const uploading = uploadResumably(fleet.api, file, {
    sent: (bytes) => offsets.push(bytes),
    waits: () => offsets.push(Number.NaN),
  })
  await eventually('half of it has arrived', async () => (await arrived()) > LARGE_BYTES / 4)
  fleet.serviceCenter.kill('SIGKILL')
  await eventually('the controller is gone', () => !fleet.serviceCenter.running)
  const kept = await arrived()
  await fleet.restartServiceCenter()
  const { id } = await uploading
  const wentOnAt = offsets[offsets.findLastIndex(Number.isNaN) + 1] ?? 0
  assert.ok(wentOnAt >= kept, `it went on at ${wentOnAt}, and ${kept} bytes had arrived`)
  assert.ok((await auditStore(join(fleet.folder, 'service-center'))).includes(id))
  assert.deepEqual(await readdir(partial), [])
})

test('an agent killed in the middle of an install never starts the installer again, and reports what is there', async () => {
  const file = join(fleet.folder, 'held.patch')
  await writeControlledBundle({ out: file, name: 'held', waits: true })
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  const roots = new Map<string, string>()
  for (const name of ['dc1-acme-primary', 'dc1-acme-secondary']) {
    roots.set(name, join(fleet.folderOf(name), 'root'))
    await mkdir(join(fleet.folderOf(name), 'root'), { recursive: true })
  }
  const secondary = roots.get('dc1-acme-secondary') ?? ''
  const primary = roots.get('dc1-acme-primary') ?? ''
  await writeFile(join(primary, 'go'), '')
  const install = await fleet.api.startInstall({
    patch: id,
    organizations: ['Acme'],
    dataCenter: 'All',
    allowOutage: false,
  })
  await eventually('the installer of the secondary runs', () => readFile(join(secondary, 'attempts'), 'utf8'))
  await kill('dc1-acme-secondary')
  await writeFile(join(secondary, 'go'), '')
  await fleet.startAgent('dc1-acme-secondary')
  const ended = await fleet.until(
    'the install ends',
    () => fleet.api.install(install.id),
    ({ state }) => !isUnderWay(state),
  )
  assert.equal(ended.state, 'done', JSON.stringify(ended))
  assert.deepEqual(
    ended.targets.map(({ installedVersion }) => installedVersion),
    ['1.0.0', '1.0.0'],
  )
  assert.equal(await readFile(join(secondary, 'attempts'), 'utf8'), 'run\n')
})

test('a controller killed in the middle of an install finds its end when it is back', async () => {
  const file = join(fleet.folder, 'orphaned.patch')
  await writeControlledBundle({ out: file, name: 'orphaned', waits: true })
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  const names = ['dc1-globex-primary', 'dc1-globex-secondary']
  for (const name of names) await mkdir(join(fleet.folderOf(name), 'root'), { recursive: true })
  const install = await fleet.api.startInstall({
    patch: id,
    organizations: ['Globex'],
    dataCenter: 'All',
    allowOutage: false,
  })
  const secondary = join(fleet.folderOf('dc1-globex-secondary'), 'root')
  await eventually('the installer of the secondary runs', () => readFile(join(secondary, 'attempts'), 'utf8'))
  fleet.serviceCenter.kill('SIGKILL')
  for (const name of names) await writeFile(join(fleet.folderOf(name), 'root', 'go'), '')
  await eventually('the appliance ends what it was ordered', () => stat(join(secondary, 'opt/orphaned/version')))
  await fleet.restartServiceCenter()
  const ended = await fleet.until(
    'the install ends',
    () => fleet.api.install(install.id),
    ({ state }) => !isUnderWay(state),
  )
  assert.equal(ended.state, 'done', JSON.stringify(ended))
  for (const name of names)
    assert.equal(await readFile(join(fleet.folderOf(name), 'root', 'attempts'), 'utf8'), 'run\n')
})
