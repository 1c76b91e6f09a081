/**
 * A site finishes alone, with real processes: the Service Center is killed with kill -9 once the first order is out, and
 * is not there until both members of the pair have ended, equal.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApplianceStatus } from '../../agent/core/status.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll(demoTopology(1).appliances)
})
after(() => fleet?.stop())

const rootOf = (name: string): string => join(fleet.folderOf(name), 'root')
const hasIt = (name: string, patch: string): boolean => existsSync(join(rootOf(name), `opt/${patch}/version`))

async function statusOf(name: string): Promise<ApplianceStatus> {
  const { status, stdout, stderr } = await patchmesh(['status', '--json', '--data', fleet.folderOf(name)])
  assert.deepEqual([status, stderr], [0, ''])
  return ApplianceStatus.parse(JSON.parse(stdout))
}

/** Until the installer of the first runs; then the Service Center is killed. */
async function orphaned(patch: string, organization: string, { first, also }: { first: string; also?: string }) {
  const out = join(fleet.folder, `${patch}.patch`)
  await writeControlledBundle({ out, name: patch, waits: true, restart: 'service', ...(also && { also }) })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  const scope = { organizations: [organization], dataCenter: 'All', allowOutage: false }
  const install = await fleet.api.startInstall({ patch: id, ...scope })
  await eventually('the installer of the first runs', () => readFile(join(rootOf(first), 'attempts'), 'utf8'))
  fleet.serviceCenter.kill('SIGKILL')
  await eventually('the Service Center is gone', () => !fleet.serviceCenter.running)
  return install.id
}

async function endOf(install: string) {
  await fleet.restartServiceCenter()
  return fleet.until(
    'it has heard how both ended',
    () => fleet.api.install(install),
    ({ state, targets }) => !isUnderWay(state) && targets.every((target) => target.state !== 'queued'),
  )
}

test('the Service Center is killed right after the first order, and both members end installed without it', async () => {
  const [first, second] = ['dc1-acme-secondary', 'dc1-acme-primary'] as const
  for (const name of [first, second]) await mkdir(rootOf(name), { recursive: true })
  const install = await orphaned('alone', 'Acme', { first })
  const { does, inLine } = await statusOf(second)
  assert.equal(does, `serves while ${first} may be interrupted, as it has promised`)
  assert.equal(inLine[0]?.reason, `waits until ${first} has installed it`)
  assert.ok(inLine[0]?.stoppable)
  assert.ok(!existsSync(join(rootOf(second), 'attempts')))
  for (const name of [first, second]) await writeFile(join(rootOf(name), 'go'), '')
  await eventually('both have it', () => hasIt(first, 'alone') && hasIt(second, 'alone'))
  await eventually('nothing is under way', async () => (await statusOf(second)).order === null)
  const ended = await endOf(install)
  assert.equal(ended.state, 'done', JSON.stringify(ended))
  for (const name of [first, second]) assert.equal(await readFile(join(rootOf(name), 'attempts'), 'utf8'), 'run\n')
})

test('where the first fails after the Service Center was killed, the second is left as it is', async () => {
  const [first, second] = ['dc1-globex-secondary', 'dc1-globex-primary'] as const
  for (const name of [first, second]) await mkdir(rootOf(name), { recursive: true })
  const install = await orphaned('broken', 'Globex', { first, also: 'exit 3' })
  for (const name of [first, second]) await writeFile(join(rootOf(name), 'go'), '')
  await eventually('the second has ended', async () => (await statusOf(second)).inLine.length === 0)
  assert.ok(!existsSync(join(rootOf(second), 'attempts')))
  assert.ok(!hasIt(first, 'broken') && !hasIt(second, 'broken'))
  const ended = await endOf(install)
  const target = ended.targets.find(({ appliance }) => appliance === second)
  assert.deepEqual([ended.state, target?.state], ['halted', 'refused'])
  assert.match(target?.reason ?? '', /^the other member did not end at this patch: dc1-globex-secondary failed; /)
})
