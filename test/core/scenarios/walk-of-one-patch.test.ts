/**
 * The walk of one patch, from its upload to the last signed report.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchDetail } from '../../../controller/core/patch-views.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

test('a patch is uploaded, replicated through the primary, installed secondary first, and reported as patched', () => {
  const world = new World()
  world.add('paris/primary')
  world.add('paris/secondary')
  world.run(2_000)
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('2/2', () => world.replications(patch) === '2/2')
  const install = world.install(patch, ['provider'])
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  world.run(1_000)

  for (const name of ['paris/primary', 'paris/secondary']) {
    assert.equal(world.appliance(name).installer.installedVersion('patch-1'), '1')
  }
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  const detail = patchDetail(world.center.state, record)
  assert.deepEqual(detail.patched, ['provider'])
  assert.deepEqual(detail.unpatched, [])
  world.transcript.check('walk of one patch')
})
