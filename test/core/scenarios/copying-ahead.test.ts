/**
 * A tenant appliance has its copy before its maintenance window opens, and nothing else happens there before; whatever is
 * away or starts again meanwhile, and whatever is set or removed.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aheadMs } from '../../../controller/core/windows/copying-ahead.ts'
import { MaintenanceWindow } from '../../../controller/core/windows/window.ts'
import { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { Staging } from '../../../protocol/trust/statements.ts'
import { deliver, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import type { SymbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const MINUTE_MS = 60_000
const TENANTS = ['paris/acme/primary', 'paris/acme/secondary']

/** Of acme, once, so many minutes from now. */
function setWindow(world: World, minutes: number, name = 'night'): MaintenanceWindow {
  const { wallMs } = world.center.state.clock
  const begins = new Date(Math.ceil(wallMs / MINUTE_MS + minutes) * MINUTE_MS).toISOString().slice(0, 16)
  const window = MaintenanceWindow.parse({
    ...{ name, kind: 'window', organization: 'acme', dataCenter: null },
    ...{ begins, zone: 'UTC', rule: 'FREQ=DAILY', minutes: 60 },
  })
  assert.ok(!isRefusal(world.ask({ kind: 'set-window', actor: 'ana', window })))
  return window
}
const phases = (world: World, { publication }: SymbolicPatch): (string | undefined)[] =>
  TENANTS.map((name) => world.appliance(name).state.replicas.get(publication.sha256)?.phase.name)
const started = (world: World): string[] => TENANTS.flatMap((name) => world.appliance(name).installer.started)
const orders = (world: World): number =>
  [...world.center.state.targets.values()].flatMap((of) => [...of.values()]).filter(({ order }) => order !== null)
    .length
const requests = (world: World): number =>
  world.transcript.lines.filter((line) => line.includes('request to copy')).length

describe('a copy before the window opens', () => {
  test('is proven on both members of a pair, and no order is out before', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    const window = setWindow(world, 50)
    const install = world.install(patch, ['acme'])
    world.await('both have it', () => phases(world, patch).every((phase) => phase === 'held'))
    assert.ok(world.center.state.clock.wallMs < Date.parse(`${window.begins}Z`) - 40 * MINUTE_MS)
    world.run(30 * MINUTE_MS)
    assert.deepEqual([started(world), orders(world)], [[], 0])
    world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
    assert.ok(!world.transcript.text().includes('copies the patch from the depot'), 'nothing was left to copy')
  })

  test('is asked for an hour before, and not earlier', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    setWindow(world, 90)
    world.install(patch, ['acme'])
    world.run(25 * MINUTE_MS)
    assert.deepEqual(phases(world, patch), ['described', 'described'])
    world.run(10 * MINUTE_MS)
    assert.deepEqual(phases(world, patch), ['held', 'held'])
  })

  test('is asked for once in a session, and again of whoever was started again in the middle', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    setWindow(world, 50)
    world.install(patch, ['acme'])
    world.await('it has begun to copy', () => phases(world, patch)[0] === 'transferring')
    world.appliance('paris/acme/primary').losePower()
    world.appliance('paris/acme/primary').start()
    world.await('both have it', () => phases(world, patch).every((phase) => phase === 'held'))
    const before = requests(world)
    world.run(20 * MINUTE_MS)
    assert.equal(requests(world), before)
    assert.deepEqual([started(world), orders(world)], [[], 0])
  })

  test('is kept where the window is removed, a blackout set, or the install cancelled: nothing has to be taken back', () => {
    for (const change of ['removed', 'blackout', 'cancelled']) {
      const world = estateWithTenants('paris')
      const patch = replicate(world)
      const window = setWindow(world, 30)
      const install = world.install(patch, ['acme'])
      world.await('both have it', () => phases(world, patch).every((phase) => phase === 'held'))
      if (change === 'removed') world.ask({ kind: 'remove-window', actor: 'ana', name: window.name })
      if (change === 'cancelled') world.ask({ kind: 'cancel-install', actor: 'ana', install })
      if (change === 'blackout') {
        const blackout = { ...window, name: 'freeze', kind: 'blackout' }
        world.ask({ kind: 'set-window', actor: 'ana', window: MaintenanceWindow.parse(blackout) })
      }
      world.run(60 * MINUTE_MS)
      const begun = { removed: true, blackout: false, cancelled: false }[change]
      assert.equal(started(world).length > 0, begun, change)
      assert.deepEqual(phases(world, patch), ['held', 'held'])
    }
  })

  test('is not asked of an install that goes on outside of windows, is paused, or has no window to wait for', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    world.install(patch, ['acme'], {})
    world.await('they have begun', () => started(world).length > 0)
    world.run(2 * MINUTE_MS)
    assert.equal(requests(world), 0)
    const paused = estateWithTenants('paris')
    const other = replicate(paused)
    setWindow(paused, 30)
    const install = paused.install(other, ['acme'])
    paused.ask({ kind: 'pause-install', actor: 'ana', install })
    paused.run(2 * MINUTE_MS)
    assert.deepEqual([requests(paused), ...phases(paused, other)], [0, 'described', 'described'])
  })

  test('a request that another key has signed, or that is for another appliance or patch, changes nothing', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    const [name = ''] = TENANTS
    const { peer } = world.appliance(name)
    const { sha256 } = patch.publication
    const said = { to: peer, install: InstallId.parse('ab'.repeat(16)), patch: sha256, opensAt: 1 }
    deliver(world, name, seal(Staging, said, world.appliance('paris/primary').state.identity))
    deliver(world, name, seal(Staging, { ...said, to: world.appliance('paris/primary').peer }, world.center.signing))
    deliver(world, name, seal(Staging, { ...said, patch: 'ab'.repeat(32) as typeof sha256 }, world.center.signing))
    assert.deepEqual(phases(world, patch), ['described', 'described'])
    deliver(world, name, seal(Staging, said, world.center.signing))
    world.await('it copies', () => phases(world, patch)[0] === 'held')
    assert.deepEqual(started(world), [])
  })

  test('is asked for the earlier the more a depot has to give', () => {
    assert.deepEqual(
      [0, 1e9, 36e9, 360e9].map((bytes) => aheadMs(bytes) / 60_000),
      [60, 60, 60, 600],
    )
  })
})
