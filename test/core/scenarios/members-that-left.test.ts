/**
 * A pair in an install of which a member has left the fleet, replaced or retired: it counts for nothing there, whether it
 * had the patch or had failed with it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { positionOf } from '../../../simulator/world/enroll.ts'
import { estateWithTenants, estateWithTwoTenants, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const FAILED = { ok: false, temporary: false, reason: 'status 3', output: '' }
const [FIRST, SECOND, HEIR] = ['paris/acme/secondary', 'paris/acme/primary', 'the new machine'] as const

const targetOf = (world: World, install: InstallId, name: string) =>
  world.center.state.targets.get(install)?.get(world.appliance(name).peer)
const stateOf = (world: World, install: InstallId) => world.center.state.installs.get(install)?.state

function replaceFirst(world: World) {
  return world.add(HEIR, { position: positionOf(FIRST), replaces: world.appliance(FIRST).peer })
}

/** The first has the patch, the second is away, and another pair of the same Data Center is at it, and will fail. */
function halfDone(): { world: World; install: InstallId } {
  const world = estateWithTwoTenants('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  const { installer } = world.appliance('paris/globex/secondary')
  installer.durationsMs.install = 600_000
  installer.outcomes.install.push(FAILED)
  world.appliance(SECOND).stop()
  const install = world.install(patch, ['provider', 'acme', 'globex'])
  world.await('the first has it', () => targetOf(world, install, FIRST)?.state === 'installed')
  world.await('another pair is at it', () => targetOf(world, install, 'paris/globex/secondary')?.state === 'installing')
  assert.equal(targetOf(world, install, SECOND)?.order, null)
  return { world, install }
}

describe('whoever had the patch and has left', () => {
  for (const how of ['halted', 'cancelled'] as const) {
    for (const leaves of ['is replaced', 'is retired'] as const) {
      test(`and ${leaves} leaves nothing to finish when the install is ${how}`, () => {
        const { world, install } = halfDone()
        if (leaves === 'is replaced') replaceFirst(world).stop()
        const appliance = world.appliance(FIRST).peer
        if (leaves === 'is retired') world.ask({ kind: 'retire-appliance', actor: 'ann', appliance, lastMember: false })
        if (how === 'cancelled') world.ask({ kind: 'cancel-install', actor: 'ann', install })
        world.await('it has ended', () => stateOf(world, install) === how)
        for (const name of [SECOND, ...(leaves === 'is replaced' ? [HEIR] : [])]) {
          if (!world.appliance(name).isRunning) world.appliance(name).start()
          assert.equal(targetOf(world, install, name)?.state, 'cancelled', name)
        }
        world.run(60_000)
        assert.deepEqual(world.appliance(SECOND).installer.started, [])
      })
    }

    test(`and is replaced when the install was ${how} already leaves nothing to finish either`, () => {
      const { world, install } = halfDone()
      if (how === 'cancelled') world.ask({ kind: 'cancel-install', actor: 'ann', install })
      world.await('it has ended', () => stateOf(world, install) === how)
      assert.equal(targetOf(world, install, SECOND)?.state, 'queued', 'its pair is to be finished')
      replaceFirst(world)
      world.await('that is told', () => targetOf(world, install, SECOND)?.state === 'cancelled')
    })
  }
})

describe('whoever failed with the patch and was replaced', () => {
  test('does not hold back its pair in an install that goes on: both members get the patch', () => {
    const world = estateWithTenants('oslo', 'paris', 'rome')
    const patch = replicate(world)
    world.appliance(FIRST).installer.outcomes.install.push(FAILED)
    world.appliance('rome/acme/secondary').installer.durationsMs.install = 600_000
    const install = world.install(patch, ['acme'])
    world.await('rome is at it', () => targetOf(world, install, 'rome/acme/secondary')?.state === 'installing')
    assert.equal(targetOf(world, install, FIRST)?.state, 'failed')
    replaceFirst(world)
    world.await('it is done', () => stateOf(world, install) === 'done')
    for (const name of [HEIR, SECOND]) assert.equal(targetOf(world, install, name)?.state, 'installed', name)
  })

  test('does not hold back its pair when the install that it halted is resumed', () => {
    const world = estateWithTenants('paris')
    const patch = replicate(world)
    world.appliance(FIRST).installer.outcomes.install.push(FAILED)
    const install = world.install(patch, ['acme'])
    world.await('it halts', () => stateOf(world, install) === 'halted')
    world.run(60_000)
    replaceFirst(world)
    world.run(60_000)
    world.appliance(SECOND).installer.durationsMs.install = 600_000
    assert.ok(!isRefusal(world.ask({ kind: 'resume-install', actor: 'ann', install, retryFailed: false })))
    assert.ok(!isRefusal(world.ask({ kind: 'extend-install', actor: 'ann', install })))
    world.await('it is done', () => stateOf(world, install) === 'done')
    for (const name of [HEIR, SECOND]) assert.equal(targetOf(world, install, name)?.state, 'installed', name)
  })
})
