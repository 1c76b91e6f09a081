/**
 * Patches that go together, with real processes: what a patch needs first is offered by the command line, each member
 * installs both before the other one begins, and kill -9 of the Service Center in between changes nothing of that.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { InstallPlan } from '../../controller/core/rollout/install-plan.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { PatchName } from '../../protocol/identifiers.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'

const FIRST = 'dc1-acme-secondary'
const SECOND = 'dc1-acme-primary'

let fleet: Fleet
let log: string
before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll(demoTopology(1).appliances)
  log = join(fleet.folder, 'order-of-installs')
  await appendFile(log, '')
  for (const name of [FIRST, SECOND]) await mkdir(rootOf(name), { recursive: true })
})
after(() => fleet?.stop())

const rootOf = (name: string): string => join(fleet.folderOf(name), 'root')
const hasIt = (name: string, patch: string): boolean => existsSync(join(rootOf(name), `opt/${patch}/version`))

async function upload(name: string, needs: readonly string[], waits: boolean): Promise<string> {
  const out = join(fleet.folder, `${name}.patch`)
  const requires = needs.map((needed) => ({ name: PatchName.parse(needed) }))
  const also = `echo "${name} on $(basename "$(dirname "$PATCHMESH_ROOT")")" >> '${log}'`
  await writeControlledBundle({ out, name, waits, restart: 'service', also, manifest: { requires } })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    'it is replicated, and everybody has looked',
    () => fleet.api.patch(id),
    ({ replications, matrix }) => replications.complete === 2 && matrix.all.unknown === 0,
  )
  return id
}

test('what a patch needs first goes before it on each member, and a Service Center that dies in between changes nothing', async () => {
  await upload('needed', [], true)
  await upload('needing', ['needed'], false)
  const environment = { PATCHMESH_SERVER: fleet.url, PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') }
  const words = ['needing@1.0.0', '--organization', 'Acme', '--json']
  const run = async <Answer>(...command: string[]): Promise<Answer> => {
    const { status, stdout, stderr } = await patchmesh(['installs', ...command], { environment })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as Answer
  }
  const alone = await run<InstallPlan>('plan', ...words)
  assert.deepEqual([alone.counts.refuses, alone.needs.map(({ name }) => name)], [2, ['needed']])
  const together = await run<InstallPlan>('plan', ...words, '--first', 'needed@1.0.0')
  assert.deepEqual([together.counts.ready, together.needs], [2, []])
  const install = await run<InstallDetail>('start', ...words, '--first', 'needed@1.0.0', '--yes')
  assert.deepEqual(
    install.together.map(({ patch }) => patch),
    ['needed@1.0.0', 'needing@1.0.0'],
  )
  await eventually('the installer of the first runs', () => readFile(join(rootOf(FIRST), 'attempts'), 'utf8'))
  await fleet.until(
    'all four orders have come',
    () => Promise.all(install.together.map((one) => fleet.api.install(one.install))),
    (both) =>
      both.every(({ targets }) =>
        targets.every(({ reason }) => !/waits for the appliance to answer|^ordered/.test(reason)),
      ),
  )
  fleet.serviceCenter.kill('SIGKILL')
  await eventually('the Service Center is gone', () => !fleet.serviceCenter.running)
  for (const name of [FIRST, SECOND]) await writeFile(join(rootOf(name), 'go'), '')
  await eventually('both have both', () =>
    [FIRST, SECOND].every((name) => hasIt(name, 'needed') && hasIt(name, 'needing')),
  )
  await fleet.restartServiceCenter()
  for (const one of install.together)
    await fleet.until(
      'it has heard that all is done',
      () => fleet.api.install(one.install),
      ({ state }) => state === 'done',
    )
  const begun = (await readFile(log, 'utf8')).trim().split('\n')
  assert.deepEqual(
    begun,
    [FIRST, SECOND].flatMap((name) => [`needed on ${name}`, `needing on ${name}`]),
  )
})
