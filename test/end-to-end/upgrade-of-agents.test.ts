/**
 * The agents of a fleet of real processes are upgraded through the fleet itself: a good release comes to all of them, and a
 * bad one to one, which goes back by itself and is lost to nobody.
 */
import assert from 'node:assert/strict'
import { readlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { InstallDetail } from '../../controller/core/views.ts'
import product from '../../package.json' with { type: 'json' }
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { agentRelease, type Flaw } from '../support/agent-releases.ts'

const ORGANIZATIONS = ['Provider', 'Acme', 'Globex']
const DATA_CENTERS = 1
/** A machine that is busy with other things is slow to start a process, and no release is bad for that. */
const SEEN_WITHIN_SECONDS = 60

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  const config = path.join(fleet.folder, 'agent.yaml')
  await writeFile(config, `seenWithinSeconds: ${SEEN_WITHIN_SECONDS}\n`)
  const { appliances } = demoTopology(DATA_CENTERS)
  for (const slot of appliances) await fleet.add(slot, ['--config', config])
  await fleet.reachable(appliances.map(({ name }) => name))
})
after(() => fleet?.stop())

async function upload(version: string, flaw?: Flaw): Promise<void> {
  const { id } = await fleet.api.upload(await agentRelease(fleet.folder, version, flaw))
  await fleet.until(
    'it is replicated, and everybody has looked',
    () => fleet.api.patch(id),
    ({ replications, matrix }) => replications.complete === replications.total && matrix.all.unknown === 0,
  )
}

async function install(version: string): Promise<InstallDetail> {
  const environment = { PATCHMESH_SERVER: fleet.url, PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') }
  const organizations = ORGANIZATIONS.flatMap((name) => ['--organization', name])
  const words = ['installs', 'start', `patchmesh-agent@${version}`, ...organizations, '--json', '--yes']
  const { status, stdout, stderr } = await patchmesh(words, { environment })
  assert.equal(status, 0, stderr)
  const { id } = JSON.parse(stdout) as InstallDetail
  return fleet.until(
    'the install has ended',
    () => fleet.api.install(id),
    ({ state }) => state === 'done' || state === 'halted',
    300_000,
  )
}

/** By appliance, as each says of itself over the network. */
async function releases(all: string | null): Promise<Map<string, string>> {
  const appliances = await fleet.until(
    'each has told its release',
    () => fleet.api.appliances(),
    (list) =>
      list.every(
        ({ reachable, account }) =>
          reachable && account !== null && (all ?? account.agentVersion) === account.agentVersion,
      ),
    120_000,
  )
  return new Map(appliances.map(({ name, account }) => [name, account?.agentVersion ?? '']))
}

describe('an upgrade of the agents', { timeout: 900_000 }, () => {
  const pids = new Map<string, number | undefined>()

  test('a good release comes to every appliance, and no process has changed its number', async () => {
    for (const name of (await releases(product.version)).keys()) pids.set(name, fleet.daemon(name).pid)
    await upload('0.9.0')
    const { state, targets } = await install('0.9.0')
    assert.equal(state, 'done', JSON.stringify(targets, null, 1))
    assert.ok(targets.every((target) => target.state === 'installed' && target.installedVersion === '0.9.0'))
    assert.deepEqual(new Set((await releases('0.9.0')).values()), new Set(['0.9.0']))
    for (const [name, pid] of pids) {
      assert.ok(fleet.daemon(name).running && fleet.daemon(name).pid === pid)
      assert.equal(await readlink(path.join(fleet.folderOf(name), 'slots/current')), 'a')
    }
  })

  for (const [flaw, version, reason] of [
    [
      'crashes',
      '0.9.1',
      /^release 0\.9\.1 ended with status 3 before it was seen; release 0\.9\.0 of the agent runs, as before$/,
    ],
    [
      'is mute',
      '0.9.2',
      /^release 0\.9\.2 of the agent was not seen by the Service Center( and its peer .*)? within 60 seconds/,
    ],
  ] as const) {
    test(`a release that ${flaw} comes to one, which goes back and says why`, async () => {
      await upload(version, flaw)
      const { state, targets } = await install(version)
      assert.equal(state, 'halted')
      const touched = targets.filter((target) => target.state !== 'cancelled' && target.state !== 'queued')
      assert.deepEqual(
        touched.map((target) => target.state),
        ['reverted'],
        JSON.stringify(targets, null, 1),
      )
      assert.match(touched[0]?.reason ?? '', reason)
      assert.deepEqual(new Set((await releases('0.9.0')).values()), new Set(['0.9.0']))
      for (const [name, pid] of pids) assert.ok(fleet.daemon(name).running && fleet.daemon(name).pid === pid)
    })
  }

  test('an older release goes over none', async () => {
    await upload('0.8.0')
    const { state, targets } = await install('0.8.0')
    assert.equal(state, 'done')
    assert.ok(
      targets.every((target) => target.installedVersion === '0.9.0'),
      JSON.stringify(targets, null, 1),
    )
    await releases('0.9.0')
  })
})
