/**
 * Disks that fill up: small tmpfs of this test's own under the Service Center and under an appliance. Whoever has no
 * space says so and how much is missing; nothing half-written stays; when there is room again it goes on by itself.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { rawRequest } from '../support/raw-request.ts'
import { cannotMount, SmallDisks } from '../support/small-disk.ts'
import { auditStore } from '../support/store-audit.ts'
import { takenRoom } from '../support/taken-room.ts'

const MiB = 1024 * 1024
const DISK_BYTES = 96 * MiB
const BIG_BYTES = 60 * MiB

describe('a full disk', { skip: cannotMount() }, () => {
  let fleet: Fleet
  let bundles: string
  const disks = new SmallDisks()
  const smallDisk = (folder: string): Promise<void> => disks.mount(folder, DISK_BYTES)

  before(async () => {
    bundles = await mkdtemp(join(tmpdir(), 'patchmesh-bundles-'))
    fleet = await Fleet.start((folder) => smallDisk(join(folder, 'service-center')))
    const paris = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' }
    const slots = [
      slotOf({ ...paris, name: 'primary', role: 'primary' }),
      slotOf({ ...paris, name: 'secondary', role: 'secondary' }),
    ]
    await smallDisk(fleet.folderOf('secondary'))
    await Promise.all(slots.map((slot) => fleet.add(slot)))
    await fleet.reachable(['primary', 'secondary'])
  })
  after(async () => {
    await Promise.all(['', 'primary', 'secondary'].map((name) => fleet.daemon(name).stop()))
    disks.unmount()
    await fleet.stop()
    await rm(bundles, { recursive: true })
  })

  async function bundle(name: string, bytes: number): Promise<string> {
    const out = join(bundles, `${name}.patch`)
    await writeExampleBundle({ name, version: '1.0.0', bytes, out })
    return out
  }

  /** Without a Content-Length, so that nobody knows how much is coming. */
  function postUnannounced(file: Buffer): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const url = `${fleet.url}/api/v1/patches?filename=x.patch`
      const headers = { authorization: fleet.authorization, 'transfer-encoding': 'chunked' }
      const sending = request(url, { method: 'POST', headers }, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      })
      sending.on('error', reject)
      sending.end(file)
    })
  }

  async function nothingIsLeft(): Promise<void> {
    const folder = join(fleet.folder, 'service-center')
    await eventually('partial/ is empty', async () => (await readdir(join(folder, 'partial'))).length === 0)
    assert.equal((await auditStore(folder)).length, (await fleet.api.patches()).length)
    assert.ok(fleet.serviceCenter.running)
  }

  /** Until its room can be used again everywhere: a file that somebody still reads takes room after its name is gone. */
  async function withdraw(reference: string): Promise<void> {
    const { id } = await fleet.api.patch(reference)
    await fleet.api.withdraw(reference)
    const holders = {
      'service-center': fleet.daemon(''),
      primary: fleet.daemon('primary'),
      secondary: fleet.daemon('secondary'),
    }
    for (const [name, { pid }] of Object.entries(holders)) {
      assert.ok(pid !== undefined, `${name} runs`)
      await eventually(`${name} has no room taken by ${reference}`, async () => {
        const taken = await takenRoom(join(fleet.folder, name), id, pid)
        if (taken.length > 0) throw new Error(`taken by ${taken.join(', ')}`)
        return true
      })
    }
  }

  async function smallPatchGoesOn(name: string, complete = 2): Promise<void> {
    const { id } = await fleet.api.upload(await bundle(name, MiB))
    await fleet.until(
      `${complete}/2`,
      () => fleet.api.patch(id),
      ({ replications }) => replications.complete === complete,
    )
  }

  test('U38 an upload that cannot fit is answered 507 with what it needs, before it is read', async () => {
    const body = await readFile(await bundle('too-big', 100 * MiB))
    const headers = { authorization: fleet.authorization }
    const answer = await rawRequest(`${fleet.url}/api/v1/patches?filename=x.patch`, { method: 'POST', headers, body })
    assert.equal(answer.status, 507, answer.body)
    const { error } = JSON.parse(answer.body)
    assert.equal(error.code, 'no_space')
    assert.match(
      error.message,
      new RegExp(`has \\d+ bytes free for patches; the upload needs ${body.byteLength} bytes`),
    )
    assert.match(error.hint, /Make room/)
    await nothingIsLeft()
    await smallPatchGoesOn('after-too-big')
  })

  test('U38 an upload of unknown length that fills the disk is answered 507, and the others go on meanwhile', async () => {
    const body = await readFile(await bundle('endless', 110 * MiB))
    const sent = postUnannounced(body)
    await Promise.all(Array.from({ length: 3 }, (_, index) => smallPatchGoesOn(`beside-${index}`)))
    const answer = await sent
    assert.equal(answer.status, 507, answer.body)
    assert.equal(JSON.parse(answer.body).error.code, 'no_space')
    await nothingIsLeft()
    await smallPatchGoesOn('after-endless')
  })

  test('U38 two uploads that fit only one by one do not take the disk down together', async () => {
    const files = await Promise.all(['left', 'right'].map(async (name) => readFile(await bundle(name, 50 * MiB))))
    const answers = await Promise.all(files.map(postUnannounced))
    for (const { status, body } of answers) assert.ok([201, 507].includes(status), body)
    await nothingIsLeft()
    for (const { id, name } of await fleet.api.patches()) if (/left|right/.test(name)) await withdraw(id)
    await smallPatchGoesOn('after-both')
  })

  test('U38 an upload that may be resumed keeps what arrived when the disk is full, and goes on when there is room', async () => {
    const file = await readFile(await bundle('resumed', 50 * MiB))
    const filler = join(fleet.folder, 'service-center', 'filler')
    const ask = (method: string, address: string, headers: Record<string, string>, body?: Uint8Array<ArrayBuffer>) =>
      fetch(`${fleet.url}${address}`, {
        method,
        headers: { authorization: fleet.authorization, 'tus-resumable': '1.0.0', ...headers },
        ...(body === undefined ? {} : { body }),
      })
    const goOn = (address: string, offset: number) =>
      ask(
        'PATCH',
        address,
        { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
        new Uint8Array(file.subarray(offset)),
      )
    const metadata = `filename ${Buffer.from('resumed.patch').toString('base64')}`
    const length = String(file.byteLength)
    const begun = await ask('POST', '/api/v1/uploads', { 'upload-length': length, 'upload-metadata': metadata })
    const address = begun.headers.get('location') ?? ''
    await writeFile(filler, Buffer.alloc(50 * MiB))
    const full = await goOn(address, 0)
    assert.equal(full.status, 507, await full.text())
    const offset = Number((await ask('HEAD', address, {})).headers.get('upload-offset'))
    assert.ok(offset > 10 * MiB && offset < file.byteLength, `${offset} bytes are kept`)
    const { status } = await ask('POST', '/api/v1/uploads', { 'upload-length': length, 'upload-metadata': metadata })
    assert.equal(status, 507, 'and none is begun that cannot fit')
    await rm(filler)
    assert.equal((await goOn(address, offset)).status, 204)
    await nothingIsLeft()
    await withdraw('resumed@1.0.0')
  })

  test('an appliance without space says how much is missing, and completes when there is room', async () => {
    const filler = join(fleet.folderOf('secondary'), 'filler')
    await writeFile(filler, Buffer.alloc(40 * MiB))
    const { id } = await fleet.api.upload(await bundle('big', BIG_BYTES))
    const { appliances, replications } = await fleet.until(
      'the secondary says that it has no space',
      () => fleet.api.patch(id),
      (patch) => patch.replications.complete === 1 && patch.appliances.some(({ reason }) => /no space/.test(reason)),
    )
    assert.deepEqual(replications, { complete: 1, total: 2 })
    const secondary = appliances.find(({ name }) => name === 'secondary')
    assert.match(secondary?.reason ?? '', /^no space: \d+ MB needed and \d+ MB free in .*secondary/)
    await smallPatchGoesOn('beside-no-space')
    await rm(filler)
    await fleet.until(
      '2/2',
      () => fleet.api.patch(id),
      ({ replications }) => replications.complete === 2,
    )
    assert.ok((await auditStore(fleet.folderOf('secondary'))).includes(id))
    assert.ok(fleet.daemon('secondary').running)
  })

  test('an appliance whose disk fills in the middle of a transfer lives, waits and completes when there is room', async () => {
    await withdraw('big@1.0.0')
    const files = await Promise.all(['one', 'two'].map((name) => bundle(name, 34 * MiB)))
    fleet.daemon('secondary').kill('SIGSTOP')
    const uploads: string[] = []
    for (const file of files) uploads.push((await fleet.api.upload(file)).id)
    const filler = join(fleet.folderOf('secondary'), 'filler')
    await writeFile(filler, Buffer.alloc(20 * MiB))
    fleet.daemon('secondary').kill('SIGCONT')
    await eventually('no space', () => /no space/.test(fleet.daemon('secondary').log.slice(-5000)))
    await rm(filler)
    for (const id of uploads)
      await fleet.until(
        '2/2',
        () => fleet.api.patch(id),
        ({ replications }) => replications.complete === 2,
      )
    for (const id of uploads) assert.ok((await auditStore(fleet.folderOf('secondary'))).includes(id))
    assert.ok(fleet.daemon('secondary').running)
  })
})
