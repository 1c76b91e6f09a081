/**
 * Pausing an install and resuming it, and what a person may resume that has halted.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { installDetail } from '../../../controller/core/views.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const FAILED: Outcome = { ok: false, reason: 'the program ended with status 3', output: '', temporary: false }
const DAY_MS = 24 * 3_600_000

function shown(world: World, id: InstallId) {
  const install = world.center.state.installs.get(id)
  assert.ok(install)
  return installDetail(world.center.state, install)
}
const stateOf = (world: World, id: InstallId) => shown(world, id).state
const states = (world: World, id: InstallId, ...names: string[]) =>
  names.map((name) => shown(world, id).targets.find(({ appliance }) => appliance === name)?.state)
const pause = (world: World, install: InstallId) => world.ask({ kind: 'pause-install', actor: 'ann', install })
const resume = (world: World, install: InstallId, retryFailed = false) =>
  world.ask({ kind: 'resume-install', actor: 'bob', install, retryFailed })
const runs = (world: World, name: string) =>
  world.appliance(name).installer.started.filter((run) => run.startsWith('install')).length

describe('pausing', () => {
  test('no pair begins, the one that has begun is finished, and who resumes it lets it go on', () => {
    const world = estateWithTenants('oslo', 'paris')
    const install = world.install(replicate(world), ['provider', 'acme'])
    world.await('the first pair has begun', () => runs(world, 'oslo/secondary') === 1)
    assert.ok(!isRefusal(pause(world, install)))
    assert.match(
      shown(world, install).reason,
      /^paused by ann: no pair begins until somebody resumes it, and what has not begun by \d{4}-/,
    )
    world.run(120_000)
    assert.deepEqual(states(world, install, 'oslo/secondary', 'oslo/primary'), ['installed', 'installed'])
    assert.equal(shown(world, install).installed, 2)
    assert.deepEqual(
      new Set(shown(world, install).targets.flatMap(({ state, reason }) => (state === 'queued' ? [reason] : []))),
      new Set(['waits until somebody resumes its install']),
    )
    assert.ok(!isRefusal(resume(world, install)))
    world.await('it is done', () => stateOf(world, install) === 'done')
    assert.equal(shown(world, install).installed, 8)
  })

  test('twice is harmless, and so is resuming what runs', () => {
    const world = estate('paris')
    const install = world.install(replicate(world), ['provider'])
    assert.ok(!isRefusal(pause(world, install)))
    const { reason } = shown(world, install)
    world.run(1_000)
    assert.ok(!isRefusal(pause(world, install)))
    assert.deepEqual([stateOf(world, install), shown(world, install).reason], ['paused', reason])
    assert.ok(!isRefusal(resume(world, install)))
    assert.ok(!isRefusal(resume(world, install)))
    world.await('it is done', () => stateOf(world, install) === 'done')
  })

  test('what is done or cancelled is neither paused nor resumed', () => {
    const world = estate('paris')
    const install = world.install(replicate(world), ['provider'])
    world.ask({ kind: 'cancel-install', actor: 'ann', install })
    for (const reply of [pause(world, install), resume(world, install)])
      assert.equal(isRefusal(reply) && reply.refused, 'already_ended')
  })

  test('a paused install can be cancelled, and goes on after a restart of the Service Center as it was', () => {
    const world = estateWithTenants('oslo')
    const install = world.install(replicate(world), ['provider', 'acme'])
    pause(world, install)
    world.center.stop()
    world.center.start()
    world.run(10_000)
    assert.equal(stateOf(world, install), 'paused')
    world.ask({ kind: 'cancel-install', actor: 'ann', install })
    assert.equal(stateOf(world, install), 'cancelled')
  })

  test('after days it is resumed, and ends as cancelled where nobody resumes it within seven', () => {
    for (const days of [6, 8]) {
      const world = estateWithTenants('oslo')
      const install = world.install(replicate(world), ['acme'])
      pause(world, install)
      world.wall.jump(days * DAY_MS, world.nowMs)
      world.run(5_000)
      if (days === 6) {
        assert.ok(!isRefusal(resume(world, install)))
        world.await('it is done', () => stateOf(world, install) === 'done')
      } else {
        assert.equal(stateOf(world, install), 'cancelled')
        assert.match(shown(world, install).reason, /^paused, and not resumed by \d{4}-/)
      }
    }
  })
})

describe('resuming what has halted', () => {
  function halted() {
    const world = estateWithTenants('oslo')
    const patch = replicate(world)
    world.appliance('oslo/secondary').installer.outcomes.install.push(FAILED)
    const install = world.install(patch, ['provider', 'acme'])
    world.await('it has halted', () => stateOf(world, install) === 'halted')
    world.run(5_000)
    return { world, install, patch }
  }

  test('goes on with what has not begun, and leaves the pair alone that failed', () => {
    const { world, install } = halted()
    assert.ok(!isRefusal(resume(world, install)))
    world.await('it has ended', () => stateOf(world, install) === 'halted')
    assert.deepEqual(states(world, install, 'oslo/acme/secondary', 'oslo/acme/primary'), ['installed', 'installed'])
    assert.deepEqual(states(world, install, 'oslo/secondary', 'oslo/primary'), ['failed', 'refused'])
    assert.equal(runs(world, 'oslo/secondary'), 1)
  })

  test('tries again what failed where a person says so, and installs nowhere twice', () => {
    const { world, install } = halted()
    assert.ok(!isRefusal(resume(world, install, true)))
    world.await('it is done', () => stateOf(world, install) === 'done')
    assert.deepEqual(
      ['oslo/secondary', 'oslo/primary', 'oslo/acme/secondary'].map((name) => runs(world, name)),
      [2, 1, 1],
    )
    const attempts = [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ run }) => run)
    assert.deepEqual(new Set(attempts), new Set([2]))
  })

  test('says so where nothing is left but what failed', () => {
    const world = estate('oslo')
    world.appliance('oslo/secondary').installer.outcomes.install.push(FAILED)
    const install = world.install(replicate(world), ['provider'])
    world.await('it has halted', () => stateOf(world, install) === 'halted')
    const reply = resume(world, install)
    assert.equal(isRefusal(reply) && reply.refused, 'nothing_to_resume')
    assert.equal(stateOf(world, install), 'halted')
  })

  test('is refused where a later install of the patch is at it', () => {
    const { world, install, patch } = halted()
    world.install(patch, ['acme'])
    const beside = resume(world, install)
    assert.equal(isRefusal(beside) && beside.refused, 'install_running')
  })

  test('is refused where the patch was withdrawn', () => {
    const { world, install, patch } = halted()
    world.ask({ kind: 'withdraw', actor: 'ann', patch: patch.publication.sha256, reason: 'a mistake' })
    const withdrawn = resume(world, install)
    assert.equal(isRefusal(withdrawn) && withdrawn.refused, 'withdrawn')
  })

  test('counts failures anew, and those that come after it', () => {
    const { world, install } = halted()
    world.appliance('oslo/acme/secondary').installer.outcomes.install.push(FAILED)
    resume(world, install)
    world.await('it has halted again', () => stateOf(world, install) === 'halted')
    assert.match(shown(world, install).reason, /^oslo\/acme\/secondary failed: /)
  })
})

test('an install in which nobody can begin yet is planned, and runs with its first order', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  for (const name of ['paris/primary', 'paris/secondary']) world.network.cut(name, 'service-center')
  world.run(60_000)
  world.upload(patch)
  const install = world.install(patch, ['provider'])
  world.run(5_000)
  assert.equal(stateOf(world, install), 'planned')
  for (const name of ['paris/primary', 'paris/secondary']) world.network.mend(name, 'service-center')
  world.await('it runs', () => stateOf(world, install) === 'running')
  world.await('it is done', () => stateOf(world, install) === 'done')
})
