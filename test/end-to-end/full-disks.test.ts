/**
 * R10: a disk that fills up under what a daemon must remember, with real processes on small tmpfs of this test's own. The
 * ledger of an agent and the database of the Service Center wait and say why, requests are answered, nothing that was
 * acknowledged is lost, nobody has to start anything again, and a start on a full disk waits for room.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { cannotMount, SmallDisks } from '../support/small-disk.ts'

const DISK_BYTES = 48 * 1024 * 1024

describe('R10 a full disk', { skip: cannotMount() }, () => {
  const disks = new SmallDisks()
  let fleet: Fleet
  let bundles: string
  let center: string
  let secondary: string
  before(async () => {
    bundles = await mkdtemp(join(tmpdir(), 'patchmesh-bundles-'))
    fleet = await Fleet.start((folder) => disks.mount(join(folder, 'service-center'), DISK_BYTES))
    center = join(fleet.folder, 'service-center')
    secondary = fleet.folderOf('secondary')
    await disks.mount(secondary, DISK_BYTES)
    const paris = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
    await fleet.add(slotOf({ ...paris, name: 'primary', role: 'primary' }))
    await fleet.add(slotOf({ ...paris, name: 'secondary', role: 'secondary' }))
    await fleet.reachable(['primary', 'secondary'])
  })
  after(async () => {
    await Promise.all(['', 'primary', 'secondary'].map((name) => fleet.daemon(name).stop()))
    disks.unmount()
    await fleet.stop()
    await rm(bundles, { recursive: true })
  })

  async function upload(name: string): Promise<string> {
    const out = join(bundles, `${name}.patch`)
    await writeExampleBundle({ name, version: '1.0.0', bytes: 200_000, out })
    return (await fleet.api.upload(out)).id
  }

  const isEverywhere = (id: string): Promise<unknown> =>
    fleet.until(
      '2/2',
      () => fleet.api.patch(id),
      ({ replications }) => replications.complete === 2,
    )

  async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; code: unknown }> {
    const headers = { authorization: fleet.authorization, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(`${fleet.url}${path}`, { method, headers, ...sent })
    const told = (await answer.json()) as { error?: { code: unknown } }
    return { status: answer.status, code: told.error?.code }
  }

  const install = (patch: string) =>
    ask('POST', '/api/v1/installs', {
      ...{ patch, organizations: ['Provider'], dataCenter: 'Paris', allowOutage: true },
    })

  test('at a write of the ledger: the agent says so with the file, waits, and goes on by itself', async () => {
    disks.fill(secondary)
    const id = await upload('while-the-agent-waits')
    await eventually('the agent says that its disk is full', () => {
      const { log } = fleet.daemon('secondary')
      return /"error":"The ledger \S+ledger\.sqlite fails: the disk is full\. Make room/.test(log)
    })
    assert.ok(fleet.daemon('secondary').running)
    await disks.free(secondary)
    await isEverywhere(id)
    assert.ok(fleet.daemon('secondary').running)
    assert.match(fleet.daemon('secondary').log, /there is room on the disk again/)
  })

  test('an agent that starts on it says so, and is a member again as soon as there is room', async () => {
    await fleet.daemon('secondary').stop()
    disks.fill(secondary)
    const started = fleet.startAgent('secondary')
    const daemon = fleet.daemon('secondary')
    await eventually('it waits for room', () => /waits for room/.test(daemon.log.slice(-3000)))
    assert.ok(daemon.running)
    await disks.free(secondary)
    await started
    await fleet.reachable(['secondary'])
    await isEverywhere(await upload('after-a-start-on-a-full-disk'))
  })

  test('at a request that changes something: it is answered 507, and people can still look', async () => {
    const patch = await upload('to-install')
    await isEverywhere(patch)
    disks.fill(center)
    assert.deepEqual(await install(patch), { status: 507, code: 'no_space' })
    assert.deepEqual(await ask('DELETE', `/api/v1/patches/${patch}`), { status: 507, code: 'no_space' })
    for (const path of ['/api/v1/patches', '/api/v1/installs', '/api/v1/appliances', '/api/v1/trail'])
      assert.equal((await ask('GET', path)).status, 200, path)
    assert.ok(fleet.serviceCenter.running)
    await disks.free(center)
    await eventually('the install is begun', async () => (await install(patch)).status < 300)
  })

  test('while appliances report: the Service Center waits, and loses nothing that it has acknowledged', async () => {
    const before = (await fleet.api.patches()).length
    disks.fill(center)
    // A greeting is written down, so that one of them makes it wait.
    await fleet.daemon('primary').stop()
    await fleet.startAgent('primary')
    await eventually('it says that its disk is full', () =>
      /The database \S+patchmesh\.sqlite fails: the disk is full/.test(fleet.serviceCenter.log),
    )
    assert.ok(fleet.serviceCenter.running)
    await disks.free(center)
    await fleet.reachable(['primary', 'secondary'])
    assert.equal((await fleet.api.patches()).length, before)
    await isEverywhere(await upload('after-the-database-waited'))
  })

  test('a Service Center that was killed and starts on it says so, and serves as soon as there is room', async () => {
    const before = await fleet.api.patches()
    fleet.serviceCenter.kill('SIGKILL')
    await eventually('it is gone', () => !fleet.serviceCenter.running)
    disks.fill(center)
    const args = ['controller', '--data', center, '--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0']
    const daemon = Daemon.start({ name: 'the second', args, logFile: join(fleet.folder, 'second.log') })
    try {
      const ready = daemon.ready()
      await eventually('it waits, or serves already', async () => {
        if (/the disk is full/.test(daemon.log)) return true
        return Promise.race([ready.then(() => true), Promise.resolve(false)])
      })
      await disks.free(center)
      await ready
    } finally {
      await daemon.stop()
    }
    await fleet.restartServiceCenter()
    assert.deepEqual(
      (await fleet.api.patches()).map(({ id }) => id),
      before.map(({ id }) => id),
    )
  })
})
