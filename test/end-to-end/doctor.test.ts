/**
 * `patchmesh doctor` on a Service Center and an appliance that run, and on data folders in which something is wrong.
 */
import assert from 'node:assert/strict'
import { chmodSync, closeSync, cpSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import type { Examined } from '../../agent/shell/doctor/examining.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { slotOf } from '../support/fleet-slots.ts'

const SP = 'sp'

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  const paris = { dataCenter: 'Paris', role: 'primary' } as const
  await fleet.addAll([slotOf({ ...paris, name: SP, organization: 'Provider', kind: 'service-provider' })])
})
after(() => fleet?.stop())

const center = (): string => join(fleet.folder, 'service-center')

async function examine(...words: string[]): Promise<{ status: number | null; of: (what: string) => Examined }> {
  const { status, stdout, stderr } = await patchmesh(['doctor', '--json', ...words])
  assert.equal(stderr, '')
  const findings = JSON.parse(stdout) as Examined[]
  return { status, of: (what) => findings.find((finding) => finding.what === what) ?? assert.fail(stdout) }
}

/** What the test machine itself may lack says nothing about the daemons. */
function assertAllRight(stdout: string): void {
  const wrong = stdout
    .split('\n')
    .filter((line) => /^(WRONG|ATTENTION)/.test(line) && !/ (time source|disk) /.test(line))
  assert.deepEqual(wrong, [], stdout)
}

test('an appliance that runs is right, and says to whom it is connected', async () => {
  chmodSync(fleet.folderOf(SP), 0o700)
  const { stdout } = await patchmesh(['doctor', '--data', fleet.folderOf(SP)])
  assertAllRight(stdout)
  assert.match(stdout, /^ok +uplink +connected to the Service Center$/m)
  assert.match(stdout, /^ok +listens +port \d+ is open$/m)
  assert.match(stdout, /^ok +reaches 127\.0\.0\.1 +port \d+ is open$/m)
})

test('a Service Center that runs is right, its database too, and its appliances are reachable', async () => {
  const config = join(fleet.folder, 'controller.yaml')
  const { host } = new URL(fleet.url)
  writeFileSync(config, JSON.stringify({ http: host, mesh: [fleet.meshAddress] }))
  const words = ['doctor', '--data', center(), '--config', config, '--for', 'controller']
  const environment = { PATCHMESH_SERVER: fleet.url, PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') }
  const { stdout } = await patchmesh(words, { environment })
  assertAllRight(stdout)
  assert.match(stdout, /^ok +database +whole, and of this release/m)
  assert.match(stdout, /^ok +page and API +ready at port \d+$/m)
  assert.match(stdout, /^ok +reachable +all of 1$/m)
})

test('a key that others may read, an open folder and a stopped agent are each told with what to do', async () => {
  const folder = fleet.folderOf(SP)
  await fleet.daemon(SP).stop()
  const stopped = await examine('--data', folder)
  assert.equal(stopped.status, 1)
  assert.deepEqual([stopped.of('agent').level, stopped.of('ledger').level], ['wrong', 'right'])
  assert.match(stopped.of('agent').mend, /systemctl start patchmesh-agent/)

  chmodSync(join(folder, 'identity'), 0o644)
  const { of } = await examine('--data', folder)
  assert.equal(of('rights').level, 'wrong')
  assert.match(of('rights').mend, /^chmod 600 .*identity/)
  chmodSync(join(folder, 'identity'), 0o600)
  chmodSync(folder, 0o755)
  assert.equal((await examine('--data', folder)).of('rights').level, 'attention')
  chmodSync(folder, 0o700)
})

test('a database that a disk has changed is told while its controller is stopped, and nothing comes to lie beside it', async () => {
  // A copy: the fleet of this test has the other one open.
  const folder = join(fleet.folder, 'copied')
  cpSync(join(center(), 'keys'), join(folder, 'keys'), { recursive: true })
  chmodSync(folder, 0o700)
  const file = join(folder, 'patchmesh.sqlite')
  const database = new DatabaseSync(join(center(), 'patchmesh.sqlite'))
  database.exec(`vacuum into '${file}'`)
  database.close()
  chmodSync(file, 0o600)
  const whole = await examine('--data', folder)
  assert.equal(whole.of('database').level, 'right', whole.of('database').detail)
  assert.equal(whole.of('controller').level, 'wrong')
  assert.equal(statSync(`${file}-shm`, { throwIfNoEntry: false }), undefined)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, 8192)
  closeSync(descriptor)
  const { status, of } = await examine('--data', folder)
  assert.equal(status, 1)
  assert.equal(of('database').level, 'wrong')
  assert.match(of('database').mend, /restore it from a backup/)
})

test('a mistake in the configuration is told with its line, and a name that nobody knows as one', async () => {
  const config = join(fleet.folder, 'wrong.yaml')
  writeFileSync(config, 'data: /nowhere\nlogLevle: info\n')
  const mistaken = await examine('--for', 'agent', '--config', config)
  assert.match(mistaken.of('configuration').detail, /wrong\.yaml:2: .*logLevle/)
  writeFileSync(config, 'origins: ["https://no-such-host.invalid"]\n')
  const unknown = await examine('--for', 'controller', '--data', center(), '--config', config)
  assert.match(unknown.of('name of the page').detail, /the name no-such-host\.invalid is not known here/)
  const nowhere = await patchmesh(['doctor', '--data', fleet.folder])
  assert.equal(nowhere.status, 2)
  assert.match(
    nowhere.stderr,
    /nothing here says whose folder it is: name it with --data, and --for agent or controller/,
  )
})
