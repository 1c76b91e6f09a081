/**
 * The Replications column and the warning: who holds a proven copy, and who is named because it does not yet.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchDetail } from '../../../controller/core/patch-views.ts'
import { appliancesInScope } from '../../../controller/core/rollout/starting.ts'
import { installPreview } from '../../../controller/core/views.ts'
import { DataCenterName, OrganizationName } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { Disproof, Receipt } from '../../../protocol/trust/statements.ts'
import { deliverUp, estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { START_WALL_MS, World } from '../../../simulator/world/world.ts'

function preview(world: World, patch: SymbolicPatch, organization: string, dataCenter = 'All') {
  const place = dataCenter === 'All' ? ('All' as const) : DataCenterName.parse(dataCenter)
  const organizations = [OrganizationName.parse(organization)]
  const scope = appliancesInScope(world.center.state, { organizations, dataCenter: place })
  assert.ok(!isRefusal(scope))
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  return installPreview(world.center.state, record, scope, { dataCenter: place, first: [] })
}

function copies(world: World, patch: SymbolicPatch) {
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  return patchDetail(world.center.state, record).appliances
}

test('one Data Center with a pair counts to 2/2, two count to 4/4, and n is never ahead of the bytes on disk', () => {
  for (const [dataCenters, end] of [
    [['paris'], '2/2'],
    [['paris', 'oslo'], '4/4'],
  ] as const) {
    const world = estate(...dataCenters)
    const patch = symbolicPatch()
    const seen = new Set<string>()
    world.invariants.push(() => {
      seen.add(world.replications(patch))
      const truth = [...world.appliances.values()].filter(({ store }) => store.held().has(patch.publication.sha256))
      assert.ok(Number(world.replications(patch).split('/')[0]) <= truth.length)
    })
    world.upload(patch)
    world.await(end, () => world.replications(patch) === end)
    assert.ok(seen.has(`0/${end.slice(-1)}`) && seen.has(`1/${end.slice(-1)}`))
  }
})

test('a new Data Center turns 4/4 into 4/6, and then counts to 6/6 by itself', () => {
  const world = estate('paris', 'oslo')
  const patch = replicate(world)
  assert.equal(world.replications(patch), '4/4')
  world.add('rome/primary')
  world.add('rome/secondary')
  assert.equal(world.replications(patch), '4/6')
  const waiting = copies(world, patch).filter(({ state }) => state !== 'replicated')
  assert.deepEqual(
    waiting.map(({ name }) => name),
    ['rome/primary', 'rome/secondary'],
  )
  world.await('6/6', () => world.replications(patch) === '6/6')
})

test('an appliance that cannot be reached stays in m, and its proven copy stays in n with a remark', () => {
  const world = estate('paris')
  const patch = replicate(world)
  world.appliance('paris/secondary').stop()
  world.run(60_000)
  assert.equal(world.replications(patch), '2/2')
  const [primary, secondary] = copies(world, patch)
  assert.equal(primary?.reason, '')
  assert.match(secondary?.reason ?? '', /^not reachable since 2026-01-01T00:00/)
})

test('a copy that was mended before anybody looked says so, and what had been wrong', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const [name, { sha256 }] = ['paris/secondary', patch.publication]
  const { peer, state } = world.appliance(name)
  const mended = () => copies(world, patch).find((copy) => copy.name === name)?.mended
  assert.equal(mended(), null)
  const publishedAt = world.center.state.patches.get(sha256)?.publication.publishedAt ?? 0
  const common = { from: peer, epoch: 1, sha256, publishedAt }
  const counter = state.counter + 1_000
  const wrong = { ...common, counter, reason: 'piece 2 of 4 of its file', disprovenAt: START_WALL_MS }
  deliverUp(world, name, name, seal(Disproof, wrong, state.identity))
  assert.equal(world.replications(patch), '1/2')
  const verifiedAt = START_WALL_MS + 60_000
  const right = { ...common, counter: counter + 1, verifiedAt, source: peer }
  deliverUp(world, name, name, seal(Receipt, right, state.identity))
  assert.equal(world.replications(patch), '2/2')
  assert.deepEqual(mended(), { at: new Date(verifiedAt).toISOString(), reason: 'piece 2 of 4 of its file' })
})

test('tenant appliances are counted in no column', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  assert.equal(world.replications(patch), '2/2')
  world.install(patch, ['acme'])
  world.run(60_000)
  assert.equal(world.replications(patch), '2/2')
})

test('the warning names the Service Provider appliances of the chosen Data Center that are not complete, and no others', () => {
  const world = estateWithTenants('paris', 'oslo')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.network.cut(name, 'service-center')
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('paris is complete', () => world.replications(patch) === '2/4')
  const named = (organization: string, dataCenter?: string) =>
    preview(world, patch, organization, dataCenter).notReplicated.map(({ name }) => name)
  assert.deepEqual(named('acme'), ['oslo/primary', 'oslo/secondary'])
  assert.deepEqual(named('acme', 'oslo'), ['oslo/primary', 'oslo/secondary'])
  assert.deepEqual(named('acme', 'paris'), [])
  const { ready, queued, targets } = preview(world, patch, 'acme')
  assert.equal(targets, 4)
  assert.equal(ready, 2)
  assert.deepEqual(
    queued.map(({ appliance }) => appliance),
    ['oslo/acme/primary', 'oslo/acme/secondary'],
  )
  assert.match(queued[0]?.reason ?? '', /no Service Provider appliance of oslo holds the patch yet/)
})

test('an install begins where replication is complete, and reaches the others when they are ready', () => {
  const world = estate('paris', 'oslo')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.network.cut(name, 'service-center')
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('paris is complete', () => world.replications(patch) === '2/4')
  const install = world.install(patch, ['provider'])
  world.await('paris is installed', () =>
    ['paris/primary', 'paris/secondary'].every((name) => world.appliance(name).installer.installedVersion('patch-1')),
  )
  assert.equal(world.center.state.installs.get(install)?.state, 'running')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.network.mend(name, 'service-center')
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  world.transcript.check('install begins where replication is complete')
})

test('patched, unpatched and not applicable organizations are all organizations, and unknown counts as unpatched', () => {
  const world = estateWithTenants('paris')
  for (const name of ['paris/acme/primary', 'paris/acme/secondary']) {
    world.appliance(name).installer.notApplicable = 'is of another kind'
  }
  world.appliance('paris/secondary').stop()
  const patch = symbolicPatch()
  world.upload(patch)
  world.run(5_000)
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  const detail = patchDetail(world.center.state, record)
  assert.deepEqual(detail.notApplicable, ['acme'])
  assert.deepEqual(detail.patched, [])
  assert.deepEqual(
    detail.unpatched.map(({ organization, appliances }) => [organization, appliances.map(({ detected }) => detected)]),
    [['provider', ['applicable', 'unknown']]],
  )
})

test('a world with the same seed goes the same way, event by event', () => {
  const walk = () => {
    const world = new World(7)
    world.add('paris/primary')
    world.add('paris/secondary')
    world.run(1_000)
    const patch = replicate(world)
    world.install(patch, ['provider'])
    world.run(20_000)
    return world.transcript.text()
  }
  assert.equal(walk(), walk())
})
