/**
 * A wave stands before the next begins: by the clock that nobody sets, over a restart of the Service Center, and only while
 * whoever has the patch is heard and has it still.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { installDetail } from '../../../controller/core/views.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const MINUTE_MS = 60_000
const SOAK_SECONDS = 600
/** The Service Center is told the time every half second. */
const SOAK_MS = SOAK_SECONDS * 1000 - 500
const SAYS_UNTIL = /^waits until \d{4}-\S+Z: until then whoever has the patch stands with it, before more begin$/
const SAYS_HEALTH = 'waits until all that have the patch are heard and have it still: only then do more begin'

function installed(world: World, patch: SymbolicPatch = replicate(world), waveSoakSeconds = SOAK_SECONDS) {
  const organizations = [...new Set([...world.center.state.appliances.values()].map((one) => one.organization))]
  const reply = world.ask({
    ...{ kind: 'start-install', actor: 'ann', patch: patch.publication.sha256, dataCenter: 'All' },
    ...{ organizations, allowOutage: false, waveSoakSeconds },
  })
  assert.ok(!isRefusal(reply) && reply.kind === 'install-started', JSON.stringify(reply))
  const { install } = reply
  const record = () => world.center.state.installs.get(install) ?? assert.fail('the install is there')
  const shown = () => installDetail(world.center.state, record())
  return {
    record,
    count: () => shown().installed,
    state: () => shown().state,
    reasons: () => [...new Set(shown().targets.flatMap(({ state, reason }) => (state === 'queued' ? [reason] : [])))],
  }
}
const hasBegun = (world: World, place: string): boolean =>
  [...world.appliances].some(([name, { installer }]) => name.startsWith(place) && installer.started.length > 0)

describe('a wave stands before the next begins', () => {
  test('the first pair for as long as its install asks, and says until when', () => {
    const world = estateWithTenants('oslo')
    const install = installed(world)
    world.await('the first pair has it', () => install.count() === 2)
    const sinceMs = world.nowMs
    world.run(5_000)
    assert.match(install.reasons().join(), SAYS_UNTIL)
    world.await('more begin', () => hasBegun(world, 'oslo/acme'))
    assert.ok(world.nowMs - sinceMs >= SOAK_MS, `after ${world.nowMs - sinceMs} ms`)
    world.await('it is done', () => install.state() === 'done')
  })

  test('each Data Center, and nobody begins elsewhere meanwhile', () => {
    const world = estate('oslo', 'paris', 'rome')
    const install = installed(world)
    world.await('the first Data Center has it', () => install.count() === 2)
    const sinceMs = world.nowMs
    world.await('another begins', () => hasBegun(world, 'paris') || hasBegun(world, 'rome'))
    assert.ok(world.nowMs - sinceMs >= SOAK_MS)
    world.await('it is done', () => install.state() === 'done')
  })

  test('not at all where nobody asks for it', () => {
    const world = estate('oslo', 'paris')
    const install = installed(world, replicate(world), 0)
    world.await('it is done', () => install.state() === 'done')
    assert.ok(world.nowMs < SOAK_SECONDS * 1000)
  })

  test('though the wall clock of the Service Center is set forward', () => {
    const world = estate('oslo', 'paris')
    const install = installed(world)
    world.await('the first pair has it', () => install.count() === 2)
    const sinceMs = world.nowMs
    world.run(MINUTE_MS)
    world.center.process.clock.wall.jump(5 * 60 * MINUTE_MS, world.nowMs)
    world.await('another begins', () => hasBegun(world, 'paris'))
    assert.ok(world.nowMs - sinceMs >= SOAK_MS)
  })

  test('though its install halts meanwhile, the wall clock is set forward and somebody resumes it', () => {
    const world = estate('oslo', 'paris')
    const install = installed(world)
    world.await('the first pair has it', () => install.count() === 2)
    const sinceMs = world.nowMs
    world.run(MINUTE_MS)
    world.center.process.clock.wall.jump(48 * 60 * MINUTE_MS, world.nowMs)
    world.await('its deadline has passed', () => install.state() === 'halted')
    world.center.process.clock.wall.jump(-47 * 60 * MINUTE_MS, world.nowMs)
    world.ask({ kind: 'resume-install', actor: 'ann', install: install.record().id, retryFailed: false })
    world.await('another begins', () => hasBegun(world, 'paris'))
    assert.ok(world.nowMs - sinceMs >= SOAK_MS)
  })

  test('over a restart of the Service Center, which does not begin it anew', () => {
    const world = estate('oslo', 'paris')
    const install = installed(world)
    world.await('the first pair has it', () => install.count() === 2)
    const sinceMs = world.nowMs
    world.run(9 * MINUTE_MS)
    world.center.stop()
    world.center.start()
    world.await('another begins', () => hasBegun(world, 'paris'))
    const tookMs = world.nowMs - sinceMs
    assert.ok(tookMs >= SOAK_MS && tookMs < 15 * MINUTE_MS, `after ${tookMs} ms`)
  })

  test('who has lost the patch when its time is over holds the next until it has it again', () => {
    const world = estate('oslo', 'paris')
    const patch = symbolicPatch()
    const install = installed(world, replicate(world, patch))
    world.await('the first pair has it', () => install.count() === 2)
    const { name, version } = patch.publication
    world.appliance('oslo/primary').installer.changeByHand(name, null)
    world.restart('oslo/primary')
    world.run(30 * MINUTE_MS)
    assert.equal(hasBegun(world, 'paris'), false)
    assert.deepEqual(install.reasons(), [SAYS_HEALTH])
    world.appliance('oslo/primary').installer.changeByHand(name, version)
    world.restart('oslo/primary')
    world.await('another begins', () => hasBegun(world, 'paris'))
  })

  test('who is not heard when its time is over holds the next until it is, and no time lets that begin', () => {
    const world = estate('oslo', 'paris')
    const install = installed(world)
    world.await('the first pair has it', () => install.count() === 2)
    world.appliance('oslo/secondary').stop()
    world.run(5 * 60 * MINUTE_MS)
    assert.equal(hasBegun(world, 'paris'), false)
    assert.deepEqual(install.reasons(), [SAYS_HEALTH])
    world.appliance('oslo/secondary').start()
    world.await('another begins', () => hasBegun(world, 'paris'))
  })

  test('what has stood is not asked again: who falls silent later holds nobody', () => {
    const world = estate('oslo', 'paris', 'rome')
    const install = installed(world)
    world.await('another begins', () => hasBegun(world, 'paris'))
    for (const role of ['primary', 'secondary']) world.appliance(`oslo/${role}`).stop()
    world.await('all others have it', () => install.count() === 6)
  })

  test('its deadline leaves time for each wave to stand', () => {
    const world = estate('oslo', 'paris', 'rome', 'lima')
    const day = 24 * 3_600_000
    const install = installed(world, replicate(world), 12 * 3600)
    assert.equal(install.record().deadlineAt - install.record().startedAt, day + 3 * (day / 2))
  })
})
